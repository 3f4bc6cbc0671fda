// @ts-check
// Was it so before: the same choice in another time, side by side.
import { html } from './vendor/preact.js';
import * as api from './api.js';
import { duration, rate, ratio, share, span, stretch, unknown } from './format.js';
import { Failure } from './failure.js';
import { parts } from './parts.js';
import { Name, Table, figure } from './table.js';
import { choice } from './view.js';
import { chosen } from './vms.js';

/** @typedef {import('./answers').Row} Row */
/** @typedef {import('./answers').Vm} Vm */
/** @typedef {import('./view.js').View} View */

/** How far before. @type {[string, number][]} */
const befores = [
    ['a minute', 60e3],
    ['15 minutes', 900e3],
    ['an hour', 3600e3],
    ['6 hours', 6 * 3600e3],
    ['a day', 86400e3],
    ['a week', 7 * 86400e3],
];

/** As an input of a time shows it, without its zone. @param {string} time */
const local = (time) => {
    const t = new Date(time);
    return new Date(t.getTime() - t.getTimezoneOffset() * 60e3).toISOString().slice(0, 23);
};

/** The time to compare with where none was chosen: as long, just before; where there is none, the first half with the second. @param {string} from @param {string} to @param {string | null} started @returns {Partial<View>} */
export function suggested(from, to, started) {
    const [begin, end] = [Date.parse(from), Date.parse(to)];
    const iso = (/** @type {number} */ ms) => new Date(ms).toISOString();
    if (started === null || begin - (end - begin) >= Date.parse(started)) return { versus: `${iso(begin - (end - begin))}~${from}` };
    const middle = iso((begin + end) / 2);
    return { from: middle, to, span: '', versus: `${from}~${middle}` };
}

/** How much B differs from A. @param {number | null} a @param {number | null} b */
function difference(a, b) {
    if (a === null || b === null) return unknown;
    if (a === 0) return b === 0 ? '=' : 'new';
    if (b === 0) return 'gone';
    const part = b / a - 1;
    return Math.abs(part) >= 9.995 ? `×${(b / a).toFixed(0)}` : `${part >= 0 ? '+' : '−'}${Math.abs(part * 100).toFixed(0)} %`;
}

/** @param {{view: View, host: import('./answers').Host, from: string, to: string, epoch: number, go: (view: View, replace?: boolean) => void}} props */
export function Compare({ view, host, from, to, epoch, go }) {
    const [before, until] = view.versus.split('~');
    const ask = (/** @type {string} */ from, /** @type {string} */ to) => ({
        vms: /** @type {api.Answer<import('./answers').Vms>} */ (
            api.useAnswer(api.url('vms', { from, to, vm: view.vm, vm_pid: view.vm ? view.pid : '', points: 0 }), epoch)
        ),
        exits: /** @type {api.Answer<import('./answers').Intervals>} */ (
            api.useAnswer(
                api.url('intervals', {
                    from,
                    to,
                    ...choice(view),
                    by: view.reason && host.measured.qualifiers ? 'reason,qualifier' : 'reason',
                    rows: 'group,busy',
                }),
                epoch,
            )
        ),
    });
    const [a, b] = [ask(before, until), ask(from, to)];
    const long = Date.parse(to) - Date.parse(from);
    const set = (/** @type {number} */ start) =>
        go({ ...view, from, to, span: '', versus: `${new Date(start).toISOString()}~${new Date(start + long).toISOString()}` });
    const possible = befores.filter(([, ms]) => ms >= long && host.started !== null && Date.parse(from) - ms >= Date.parse(host.started));
    const error = a.vms.error ?? b.vms.error ?? a.exits.error ?? b.exits.error;
    return html`<section class="panel compare" aria-labelledby="compare-title">
        <header>
            <h2 id="compare-title">Was it so before?</h2>
            <button type="button" onClick=${() => go({ ...view, versus: '' })}>Close</button>
        </header>
        <p class="choose">
            <span><b>A</b> ${stretch(before, until)} (${span(Date.parse(until) - Date.parse(before))})</span>
            <span><b>B</b> ${stretch(from, to)} (${span(long)}), which is shown below</span>
            <label
                >A begins
                <input
                    type="datetime-local"
                    step="0.001"
                    value=${local(before)}
                    onChange=${(/** @type {any} */ e) => e.target.value && set(Date.parse(e.target.value))}
            /></label>
            ${possible.map(([name, ms]) => html`<button type="button" onClick=${() => set(Date.parse(from) - ms)}>${name} before</button>`)}
        </p>
        <${Failure} error=${error} />
        ${!error && a.vms.data && b.vms.data && html`<${Both} a=${chosen(a.vms.data, view)} b=${chosen(b.vms.data, view)} />`}
        ${!error && a.exits.data && b.exits.data && html`<${Changes} a=${a.exits.data.intervals[0]} b=${b.exits.data.intervals[0]} />`}
        <p class="small">
            Keep both: <a href=${api.url('recording', { from: before, to: until })} download>A</a> and${' '}<a href=${api.url('recording', { from, to })} download>B</a> as recordings. <code>kvmscope diff A B</code> marks the changes that${' '}noise does not explain.
        </p>
    </section>`;
}

/** @param {{a: Vm | null, b: Vm | null}} props */
function Both({ a, b }) {
    /** @type {[string, (vm: Vm) => number | null, (n: number | null) => string][]} */
    const all = [
        ['Time lost', (vm) => vm.lost_share, share],
        ['Exits/s', (vm) => vm.rate_per_s, rate],
        ['p99', (vm) => vm.p99_ns, duration],
        ['Max', (vm) => vm.max_ns, duration],
        ...parts.map(
            (p) =>
                /** @type {[string, (vm: Vm) => number | null, (n: number | null) => string]} */ ([
                    `${p.name}, part of time`,
                    (vm) => ratio(vm.parts_ns?.[p.key], vm.wall_ns),
                    share,
                ]),
        ),
    ];
    const rows = all
        .map(([name, of, show]) => ({ name, a: a && of(a), b: b && of(b), show }))
        .filter((r) => (r.a ?? 0) !== 0 || (r.b ?? 0) !== 0);
    /** @type {import('./table.js').Column<typeof rows[number]>[]} */
    const columns = [
        { key: 'name', name: 'Figure', text: true, value: (r) => r.name, show: (r) => r.name },
        { key: 'a', name: 'A', value: (r) => r.a, show: (r) => figure(r.a, r.show(r.a)) },
        { key: 'b', name: 'B', value: (r) => r.b, show: (r) => figure(r.b, r.show(r.b)) },
        { key: 'change', name: 'Change', value: (r) => difference(r.a, r.b), show: (r) => difference(r.a, r.b) },
    ];
    return html`<${Table} label="Both times" columns=${columns} rows=${rows} keyOf=${(/** @type {any} */ r) => r.name} />`;
}

/** @param {{a: import('./answers').Interval | undefined, b: import('./answers').Interval | undefined}} props */
function Changes({ a, b }) {
    if (!a?.report || !b?.report)
        return html`<p class="note">${(a?.report ? b?.why : a?.why) ?? 'Nothing was recorded in one of the two times.'}</p>`;
    const key = (/** @type {Row} */ r) => `${r.reason}\n${r.qualifier ?? ''}\n${r.direction ?? ''}\n${r.idle}`;
    const groups = (/** @type {import('./answers').Interval} */ i) =>
        new Map(i.report?.rows.filter((r) => r.row === 'group').map((r) => [key(r), r]));
    const [inA, inB] = [groups(a), groups(b)];
    const side = (/** @type {Row | undefined} */ r, /** @type {number} */ seconds) => ({
        rate: (r?.count ?? 0) / seconds,
        // Without an exit there is no handling time; with exits it may be unknown.
        time: r ? ratio(r.total_ns, seconds) : 0,
        p99: r?.p99_ns ?? null,
    });
    const rows = [...new Set([...inA.keys(), ...inB.keys()])]
        .map((k) => ({
            key: k,
            row: /** @type {Row} */ (inA.get(k) ?? inB.get(k)),
            a: side(inA.get(k), a.seconds),
            b: side(inB.get(k), b.seconds),
        }))
        .map((r) => ({ ...r, change: r.a.time === null || r.b.time === null ? null : r.b.time - r.a.time }))
        .sort((x, y) => Math.abs(y.change ?? 0) - Math.abs(x.change ?? 0));
    /** @type {import('./table.js').Column<typeof rows[number]>[]} */
    const columns = [
        {
            key: 'name',
            name: 'Exits',
            text: true,
            value: (r) => r.row.reason,
            show: (r) =>
                html`<${Name}
                        text=${r.row.qualifier ? `${r.row.reason} ${r.row.qualifier}` : (r.row.reason ?? unknown)}
                    />${r.row.idle ? ' (idle)' : ''}`,
        },
        { key: 'ra', name: 'A', unit: 'exits/s', minor: true, value: (r) => r.a.rate, show: (r) => figure(r.a.rate, rate(r.a.rate)) },
        { key: 'rb', name: 'B', unit: 'exits/s', minor: true, value: (r) => r.b.rate, show: (r) => figure(r.b.rate, rate(r.b.rate)) },
        { key: 'ta', name: 'A', unit: 'time/s', value: (r) => r.a.time, show: (r) => figure(r.a.time, duration(r.a.time)) },
        { key: 'tb', name: 'B', unit: 'time/s', value: (r) => r.b.time, show: (r) => figure(r.b.time, duration(r.b.time)) },
        {
            key: 'change',
            name: 'Change',
            unit: 'time/s',
            value: (r) => r.change,
            show: (r) =>
                r.change === null
                    ? figure(null, '')
                    : figure(r.change, `${r.change >= 0 ? '+' : '−'}${duration(Math.abs(r.change))} (${difference(r.a.time, r.b.time)})`),
        },
        { key: 'pa', name: 'A', unit: 'p99', minor: true, value: (r) => r.a.p99, show: (r) => figure(r.a.p99, duration(r.a.p99)) },
        { key: 'pb', name: 'B', unit: 'p99', minor: true, value: (r) => r.b.p99, show: (r) => figure(r.b.p99, duration(r.b.p99)) },
    ];
    return html`<${Table}
        label="Exits in both times, the largest change of time first"
        class="tall"
        columns=${columns}
        rows=${rows}
        keyOf=${(/** @type {any} */ r) => r.key}
    />`;
}
