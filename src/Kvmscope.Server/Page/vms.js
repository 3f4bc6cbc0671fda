// @ts-check
// The VMs, the one that loses most time first, and what stands out in words.
import { html } from './vendor/preact.js';
import { duration, rate, seen, share, stretch } from './format.js';
import { Link, Name, Table, Trend, figure, sorted } from './table.js';
import { keyOf } from './trends.js';
import { address, change } from './view.js';

/** @typedef {import('./answers').Vm} Vm */
/** @typedef {import('./answers').Vms} Vms */
/** @typedef {import('./view.js').View} View */
/** @typedef {import('./table.js').Column<Vm>} VmColumn */

/** @param {Vm} vm */
const keyOfVm = ({ vm, vm_pid }) => keyOf({ row: 'group', vm, vm_pid });

/** @param {View} view @param {(view: View) => void} go @param {import('./trends.js').Trends} trends @returns {VmColumn[]} */
function columns(view, go, trends) {
    return [
        {
            key: 'vm',
            name: 'VM',
            text: true,
            value: (vm) => vm.vm,
            show: (vm) =>
                html`<${Link}
                        to=${change(view, { vm: vm.vm, pid: String(vm.vm_pid) })}
                        go=${go}
                        hrefOf=${address}
                        current=${isChosen(view, vm)}
                    >
                        <${Name} text=${vm.vm} />
                    <//>
                    ${vm.namespace || vm.pod ? html`<small><${Name} text=${[vm.namespace, vm.pod].filter(Boolean).join('/')} /></small>` : ''}`,
        },
        {
            key: 'lost',
            name: 'Lost',
            unit: '%',
            about: 'part of the wall clock that its vCPUs wanted to run and did not: KVM, VMM and run queue',
            value: (vm) => vm.lost_share,
            show: (vm) =>
                html`${figure(vm.lost_share, share(vm.lost_share).replace(' %', ''))}${vm.lost_share !== null && html`<i class="bar" style=${{ width: `${Math.min(vm.lost_share, 1) * 100}%` }}></i>`}`,
        },
        { key: 'rate', name: 'Exits', unit: '/s', value: (vm) => vm.rate_per_s, show: (vm) => figure(vm.rate_per_s, rate(vm.rate_per_s)) },
        {
            key: 'trend',
            name: 'Trend',
            about: 'exits per second over this time',
            value: () => null,
            show: (vm) => html`<${Trend} values=${trends.get(keyOfVm(vm)) ?? []} />`,
        },
        {
            key: 'p99',
            name: 'p99',
            about: 'of the handling times of busy exits',
            value: (vm) => vm.p99_ns,
            show: (vm) => figure(vm.p99_ns, duration(vm.p99_ns)),
        },
        { key: 'max', name: 'Max', minor: true, value: (vm) => vm.max_ns, show: (vm) => figure(vm.max_ns, duration(vm.max_ns)) },
    ];
}

/** @param {View} view @param {Vm} vm */
const isChosen = (view, vm) => view.vm === vm.vm && (view.pid === '' || view.pid === String(vm.vm_pid));

/** The row of the VM that is chosen, or of all. @param {Vms | null} vms @param {View} view @returns {Vm | null} */
export const chosen = (vms, view) => (view.vm === '' ? (vms?.total ?? null) : (vms?.rows?.find((vm) => isChosen(view, vm)) ?? null));

/** @param {{vms: Vms, trends: import('./trends.js').Trends, view: View, go: (view: View, replace?: boolean) => void}} props */
export function VmTable({ vms, trends, view, go }) {
    const all = vms.rows ?? [];
    const found = all.filter((vm) => vm.vm.toLowerCase().includes(view.find.toLowerCase()));
    const shown = columns(view, go, trends).filter((c) => c.key !== 'trend' || [...trends.values()].some((points) => points.length > 1));
    return html`<section class="panel vms" aria-labelledby="vms-title">
        <header>
            <h2 id="vms-title">VMs${view.sort === '' || view.sort === '-lost' ? ', by time lost' : ''}</h2>
            <label class="find"
                ><span class="unseen">Find VMs by name</span>
                <input
                    type="search"
                    id="find"
                    placeholder="Find"
                    value=${view.find}
                    onInput=${(/** @type {any} */ e) => go({ ...view, find: e.target.value }, true)}
                />
            </label>
        </header>
        <p class="when">
            ${stretch(vms.started, vms.ended)} · ${found.length === all.length ? all.length : `${found.length} of ${all.length}`} ${all.length === 1 ? 'VM' : 'VMs'} · ${html`<${AllLink} view=${view} go=${go} />`}
        </p>
        ${vms.why && html`<p class="note">${vms.why}</p>`}
        ${
            vms.rows &&
            html`<${Table}
                label=${`VMs, ${stretch(vms.started, vms.ended)}`}
                class="tall"
                columns=${shown}
                rows=${sorted(found, shown, view.sort)}
                keyOf=${keyOfVm}
                sort=${view.sort || '-lost'}
                onSort=${(/** @type {string} */ sort) => go({ ...view, sort }, true)}
                isCurrent=${(/** @type {Vm} */ vm) => isChosen(view, vm)}
            />`
        }
        ${vms.rows && found.length === 0 && html`<p class="empty">${all.length ? 'No VM has a name with that in it.' : 'No VM made an exit in this time.'}</p>`}
    </section>`;
}

/** @param {{view: View, go: (view: View) => void}} props */
const AllLink = ({ view, go }) =>
    html`<${Link} class="" to=${change(view, { vm: '', pid: '' })} go=${go} hrefOf=${address} current=${view.vm === ''}
        >all VMs together<//
    >`;

/** The figures of what is chosen, in a line. @param {{vm: Vm}} props */
export function Figures({ vm }) {
    /** @type {[string, unknown, string][]} */
    const all = [
        ['Time lost', figure(vm.lost_share, share(vm.lost_share)), 'KVM, VMM and run queue, of the vCPUs’ wall clock'],
        ['Exits', figure(vm.rate_per_s, `${rate(vm.rate_per_s)}/s`), 'per second'],
        ['p50', figure(vm.p50_ns, duration(vm.p50_ns)), 'of busy exits'],
        ['p99', figure(vm.p99_ns, duration(vm.p99_ns)), 'of busy exits'],
        ['Max', figure(vm.max_ns, duration(vm.max_ns)), 'of busy exits'],
        ['vCPUs', figure(vm.vcpus, vm.vcpus), ''],
    ];
    return html`<dl class="figures">
        ${all.map(
            ([name, value, about]) =>
                html`<div title=${about}>
                    <dt>${name}</dt>
                    <dd>${value}</dd>
                </div>`,
        )}
        ${
            vm.uuid &&
            html`<div>
                <dt>UUID</dt>
                <dd><small>${seen(vm.uuid)}</small></dd>
            </div>`
        }
    </dl>`;
}

/** @param {{advice: import('./answers').Advice | null, what: string}} props */
export function Words({ advice, what }) {
    if (!advice) return '';
    return html`<section class="panel words" aria-labelledby="words-title">
        <h2 id="words-title">Why, in words</h2>
        <p class="when">${seen(what)}, ${stretch(advice.started, advice.ended)}</p>
        ${advice.why && html`<p class="note">${advice.why}</p>`}
        ${
            advice.advice.length > 0
                ? html`<ul>
                      ${advice.advice.map((line) => html`<li>${seen(line)}</li>`)}
                  </ul>`
                : html`<p>Nothing stands out, or there is too little to tell.</p>`
        }
    </section>`;
}
