// @ts-check
// Which source, which time, and what is missing.
import { html, useRef, useState } from './vendor/preact.js';
import { clock, count, duration, seen, span, stretch, zone } from './format.js';
import * as live from './live.js';
import { address, change } from './view.js';

/** @typedef {import('./view.js').View} View */
/** @typedef {import('./answers').Host} Host */
/** @typedef {{from: string, to: string, span: number, live: boolean}} Time */

/** The spans one can choose, in seconds. */
const spans = [60, 300, 900, 3600, 6 * 3600, 24 * 3600];

/** What is not in the figures, in words: docs/count.md. @type {Record<string, string>} */
const kinds = {
    dropped_exits: 'exits for which the tracer had no room: in no figure of a reason',
    lost_events: 'slow exits for which there was no room',
    missed_events: 'events that the kernel missed',
    lost_returns: 'returns to the VMM that were missed',
    dropped_vcpus: 'vCPUs for which there was no room',
    dropped_cells: 'combinations of reason and level for which there was no room',
    merged_vms: 'VMs that were added to others',
    restarted_counters: 'counters that began anew',
    unpaired_exits: 'exits without an entry: counted, not timed',
    unknown_reasons: 'exits of a reason that is not known: shown by number',
    other_qualifiers: 'exits before their qualifier had a row: in “other”',
};

/** Those that are a loss of exits or events. */
const losses = ['dropped_exits', 'lost_events', 'missed_events', 'lost_returns'];

/** @param {import('./answers').Trust | null} trust @returns {[string, number][]} */
const lost = (trust) => Object.entries(trust ?? {}).filter(([name, n]) => name in kinds && n > 0);

/**
 * @param {{view: View, go: (view: View, replace?: boolean) => void, host: Host, time: Time, connection: live.Connection, theme: string, turnTheme: () => void, wider: () => void, trust: import('./answers').Trust | null}} props
 */
export function Header({ view, go, host, time, connection, theme, turnTheme, wider, trust }) {
    const [shared, setShared] = useState('');
    const move = (/** @type {number} */ by) => {
        const [from, to] = [Date.parse(time.from) + by, Date.parse(time.to) + by];
        go(change(view, { from: new Date(from).toISOString(), to: new Date(to).toISOString(), span: '' }));
    };
    const pause = () => go(time.live ? change(view, { from: time.from, to: time.to, span: '' }) : change(view, { from: '', to: '' }));
    const share = async () => {
        // What is seen now, also to those who open it later.
        const link = location.origin + address({ ...view, from: time.from, to: time.to, span: '' });
        try {
            await navigator.clipboard.writeText(link);
            setShared('The address of this view is copied.');
        } catch {
            history.replaceState(null, '', link);
            setShared('This view is the address in the browser’s line.');
        }
    };
    const now = String(Math.round(time.span / 1000));
    const custom = !time.live || !spans.includes(Number(now));
    const sum = lost(trust).reduce((all, [name, n]) => (losses.includes(name) ? all + n : all), 0);
    return html`<header class="top">
        <span class="title"
            ><b>${seen(host.title)}</b>${' '}<small>${seen(host.kernel)} · ${host.isa.toUpperCase()}${host.speed ? ` · replay, ×${host.speed}` : ''}</small></span
        >
        <div class="time" role="group" aria-label="Time">
            ${
                host.source !== 'recording' &&
                html`<button type="button" class=${time.live ? 'live on' : 'live'} onClick=${pause} title="p" aria-label=${time.live ? 'live, pause' : 'follow live'}>
                    ${time.live ? (connection.state === 'over' ? 'over' : 'live ❚❚') : '▶ follow live'}
                </button>`
            }
            <button type="button" aria-label="earlier" onClick=${() => move(-time.span / 2)}>◀</button>
            <span class="shown">${stretch(time.from, time.to, time.span < 10000 ? 1e8 : 1e9)} <small>${zone()}</small></span>
            <button
                type="button"
                aria-label="later"
                disabled=${time.live || Date.parse(time.to) >= Date.parse(connection.latest ?? time.to)}
                onClick=${() => move(time.span / 2)}
            >
                ▶
            </button>
            <label
                ><span class="unseen">How much time</span>
                <select
                    value=${custom ? '' : now}
                    onChange=${(/** @type {any} */ e) => e.target.value && go(change(view, { from: '', to: '', span: e.target.value === 'all' ? '' : e.target.value }))}
                >
                    ${custom && html`<option value="">${span(time.span)}</option>`}
                    ${host.source === 'recording' ? html`<option value="all">all of it</option>` : ''}
                    ${spans.map((s) => html`<option value=${String(s)}>last ${span(s * 1000)}</option>`)}
                </select>
            </label>
            <button type="button" aria-label="twice as much time" onClick=${wider}>−</button>
        </div>
        <details class="lost">
            <summary class=${sum > 0 ? 'bad' : ''}>${trust === null ? 'lost –' : sum > 0 ? `lost ${count(sum)}` : 'lost 0'}</summary>
            <div class="pop">
                ${
                    lost(trust).length > 0
                        ? html`<ul>
                              ${lost(trust).map(([name, n]) => html`<li>${count(n)} ${kinds[name]}</li>`)}
                          </ul>`
                        : html`<p>${trust === null ? 'It is not known what was lost.' : 'Nothing was lost in this time.'}</p>`
                }
                ${trust && html`<p class="small">${count(trust.exits)} exits and ${count(trust.entries)} entries were seen, ${count(trust.open)} exits were still open.</p>`}
            </div>
        </details>
        <span class="buttons">
            <button type="button" onClick=${share}>Share</button>
            <button type="button" onClick=${turnTheme} aria-label=${theme === 'dark' ? 'light colours' : 'dark colours'} title="t">
                ${theme === 'dark' ? '☀' : '☾'}
            </button>
            <${Help} />
        </span>
        <span role="status" class="said">${shared}</span>
    </header>`;
}

/** @type {[string, string][]} */
const keys = [
    ['/', 'find a VM'],
    ['↑ ↓', 'from row to row of a table; Enter follows it'],
    ['Esc', 'one step up'],
    ['p', 'pause, or follow live'],
    ['c', 'compare with before'],
    ['t', 'dark or light'],
    ['← → ↑ ↓', 'in the heat map: from cell to cell, with Shift ten at once'],
    ['Enter', 'in the heat map: what is in the cell'],
    ['+ −', 'in the heat map: zoom in and out'],
];

function Help() {
    const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
    return html`<button type="button" id="help" aria-label="keys and terms" onClick=${() => dialog.current?.showModal()}>?</button>
        <dialog ref=${dialog} aria-labelledby="help-title">
            <h2 id="help-title">Keys and terms</h2>
            <table>
                <tbody>
                    ${keys.map(
                        ([key, what]) =>
                            html`<tr>
                                <th scope="row"><kbd>${key}</kbd></th>
                                <td>${what}</td>
                            </tr>`,
                    )}
                </tbody>
            </table>
            <p><b>Time lost</b> is what vCPUs wanted to run and did not: KVM, VMM and run queue, by wall clock.</p>
            <p>
                <b>Busy</b> exits are all except those in which a vCPU was halted. p50 and p99 come from a histogram: each is off by less
                than 25 %.
            </p>
            <p>A dash (–) is what is not known. It is not 0.</p>
            <form method="dialog"><button>Close</button></form>
        </dialog>`;
}

/** What is missing or less fine, where it is. @param {{connection: live.Connection, host: Host, time: Time, vms: import('./answers').Vms | null}} props */
export function Notices({ connection, host, time, vms }) {
    const coarse = host.kept.filter(
        (k) =>
            (k.step_ns > host.step_ns || k.by !== host.measured.by || (host.measured.qualifiers && !k.qualifiers)) &&
            Date.parse(k.ended) > Date.parse(time.from) &&
            Date.parse(k.started) < Date.parse(time.to),
    );
    const says = /** @type {(k: import('./answers').Kept) => string} */ (
        (k) =>
            `Up to ${clock(k.ended)} figures are kept in steps of ${duration(k.step_ns)}${k.by === 'host' ? ', all VMs together' : k.by === 'vm' && host.measured.by === 'vcpu' ? ', all vCPUs of a VM together' : ''}${
                host.measured.qualifiers && !k.qualifiers ? ', without qualifiers' : ''
            }.`
    );
    return html`<div class="notices">
        <div role="status" class="connection">
            ${connection.state === 'lost' && html`<p class="bad">The server has not answered since ${clock(connection.since)}. What is shown is from before; this page tries again by itself.</p>`}
            ${connection.state === 'over' && html`<p>The replay is over. What it showed stays here.</p>`}
            ${connection.notes.map((n) => html`<p class="bad">${seen(n)}</p>`)}
            ${connection.notes.length > 0 && html`<button type="button" onClick=${live.forget}>Read</button>`}
        </div>
        ${host.notes.map((n) => html`<p>${seen(n)}</p>`)} ${coarse.map((k) => html`<p>${says(k)}</p>`)}
        ${(vms?.missing ?? []).map((n) => html`<p>This kernel does not offer: ${seen(n)}</p>`)}
        ${!host.measured.split && html`<p>The wall clock was not split in this trace, so the time lost is not known.</p>`}
        ${!host.measured.time && html`<p>Handling times were not measured in this trace.</p>`}
    </div>`;
}
