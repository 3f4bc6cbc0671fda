// @ts-check
// Slow exits one by one, each with all that is known about it.
import { html, useState } from './vendor/preact.js';
import { clock, count, day, duration, seen, share, stretch, unknown } from './format.js';
import { parts } from './parts.js';
import { Name, Table, figure } from './table.js';

/** @typedef {import('./answers').SlowExit} SlowExit */
/** @typedef {import('./answers').Slow} Slow */

/** @param {SlowExit} exit */
const keyOf = (exit) => `${exit.time} ${exit.vm_pid} ${exit.vcpu}`;

/** The part that took longest, in words. @param {SlowExit} exit */
function where(exit) {
    const [most] = parts
        .map((p) => ({ ...p, ns: exit.parts_ns?.[p.key] ?? null }))
        .filter((p) => p.ns !== null)
        .sort((a, b) => /** @type {number} */ (b.ns) - /** @type {number} */ (a.ns));
    return most?.ns ? `${most.name} ${share(most.ns / exit.duration_ns)}` : null;
}

/** @param {{exit: SlowExit}} props */
function Dossier({ exit }) {
    const split = parts.filter((p) => exit.parts_ns?.[p.key] !== undefined);
    /** @type {[string, unknown][]} */
    const facts = [
        ['Ended', `${day(exit.time)} ${clock(exit.time, 1)}`],
        ['vCPU', `${exit.vcpu ?? unknown} (thread ${exit.tid})`],
        ['Level', `L${exit.level}`],
        ['CPU', exit.cpu_exit === null ? exit.cpu : `${exit.cpu_exit} at the exit, ${exit.cpu_entry ?? unknown} at the entry`],
        ['Instruction', exit.rip === null ? unknown : seen(exit.rip)],
        ['Ran instead', exit.ran_instead ? html`<${Name} text=${exit.ran_instead.name} /> (pid ${exit.ran_instead.pid})` : unknown],
    ];
    return html`<div class="dossier">
        <dl>
            ${facts.map(
                ([name, value]) =>
                    html`<div>
                        <dt>${name}</dt>
                        <dd>${value}</dd>
                    </div>`,
            )}
        </dl>
        <ul class="where">
            ${split.map((p) => {
                const ns = exit.parts_ns?.[p.key] ?? null;
                return html`<li>
                    <i class=${`swatch ${p.key}`}></i>${p.name} ${figure(ns, duration(ns))}
                    <i class=${`bar ${p.key}`} style=${{ width: `${((ns ?? 0) / exit.duration_ns) * 100}%` }}></i>
                </li>`;
            })}
        </ul>
    </div>`;
}

/**
 * @param {{slow: Slow, label: string, vm: string, exits?: SlowExit[]}} props `vm`: they are all of this one; `exits`: only these
 */
export function SlowExits({ slow, label, vm, exits = slow.exits }) {
    const [openOnes, setOpen] = useState(/** @type {Set<string>} */ (new Set()));
    const toggle = (/** @type {string} */ key) => {
        const next = new Set(openOnes);
        if (!next.delete(key)) next.add(key);
        setOpen(next);
    };
    if (slow.threshold_ns === null) return html`<p class="note">No slow exits were asked for: trace with <code>--slower TIME</code>.</p>`;
    const rows = exits.toReversed();
    /** @type {import('./table.js').Column<SlowExit>[]} */
    const columns = [
        {
            key: 'time',
            name: 'Time',
            text: true,
            value: (e) => e.time,
            show: (e) =>
                html`<button
                    type="button"
                    class="to plain"
                    aria-expanded=${openOnes.has(keyOf(e)) ? 'true' : 'false'}
                    onClick=${() => toggle(keyOf(e))}
                >
                    <span aria-hidden="true">${openOnes.has(keyOf(e)) ? '▾' : '▸'}</span> ${clock(e.time, 1)}
                </button>`,
        },
        { key: 'duration', name: 'Took', value: (e) => e.duration_ns, show: (e) => figure(e.duration_ns, duration(e.duration_ns)) },
        { key: 'vcpu', name: 'vCPU', minor: true, value: (e) => e.vcpu },
        {
            key: 'reason',
            name: 'Reason',
            text: true,
            value: (e) => e.reason,
            show: (e) => html`<${Name} text=${e.reason} />${e.level === 2 ? ' L2' : ''}`,
        },
        {
            key: 'qualifier',
            name: 'Qualifier',
            text: true,
            minor: true,
            value: (e) => e.qualifier,
            show: (e) => (e.qualifier === null ? figure(null, '') : html`<${Name} text=${e.qualifier} />`),
        },
        { key: 'where', name: 'Most of it', text: true, value: where, show: (e) => figure(where(e), where(e)) },
    ];
    if (vm === '')
        columns.splice(2, 0, { key: 'vm', name: 'VM', text: true, value: (e) => e.vm, show: (e) => html`<${Name} text=${e.vm} />` });
    return html`<p class="when">
            ${count(rows.length)}${slow.more ? ' latest' : ''} of ${duration(slow.threshold_ns)} and more${slow.part ? ` (${slow.part})` : ''}, ${stretch(slow.started, slow.ended)}${slow.lost_events ? html` · <strong class="bad">${count(slow.lost_events)} lost</strong>` : ''}
        </p>
        ${
            rows.length > 0
                ? html`<${Table}
                      label=${label}
                      class="tall"
                      columns=${columns}
                      rows=${rows}
                      keyOf=${keyOf}
                      below=${(/** @type {SlowExit} */ e) => (openOnes.has(keyOf(e)) ? html`<${Dossier} exit=${e} />` : null)}
                  />`
                : html`<p class="empty">No exit was slow in this time.</p>`
        }`;
}
