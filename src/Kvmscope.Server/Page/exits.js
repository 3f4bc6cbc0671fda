// @ts-check
// What the exits of a choice are: by reason, qualifier, vCPU, VM, rounds of L2; the single slow ones.
import { html } from './vendor/preact.js';
import * as api from './api.js';
import { count, duration, rate, ratio, seen, share, stretch } from './format.js';
import { Failure } from './failure.js';
import { SlowExits } from './slow.js';
import { Link, Name, Table, Trend, figure, sorted } from './table.js';
import { keyOf, useTrends } from './trends.js';
import { address, change, choice, slowChoice } from './view.js';

/** @typedef {import('./answers').Row} Row */
/** @typedef {import('./answers').Intervals} Intervals */
/** @typedef {import('./view.js').View} View */
/** @typedef {import('./table.js').Column<Row>} RowColumn */

/** Which tables there are for a view. @param {View} view @param {import('./answers').Host} host @returns {{key: string, name: string, by: string}[]} */
export function tabs(view, host) {
    const { measured } = host;
    return [
        { key: 'reasons', name: 'Reasons', by: 'reason', is: view.reason === '' },
        { key: 'qualifiers', name: 'Qualifiers', by: 'reason,qualifier', is: measured.qualifiers && view.qualifier === '' },
        { key: 'vms', name: 'VMs', by: 'vm', is: view.vm === '' },
        {
            key: 'vcpus',
            name: 'vCPUs',
            by: view.vm === '' ? 'vm,vcpu' : 'vcpu',
            is: measured.by === 'vcpu' && view.vcpu === '' && view.vm !== '',
        },
        { key: 'nested', name: 'Nested', by: 'reason', is: measured.nested && !view.reason && !view.level && !view.qualifier },
        { key: 'pages', name: 'Pages', by: 'reason,page', is: measured.page_bytes !== null },
        { key: 'rips', name: 'Instructions', by: 'reason,rip', is: measured.rip },
        { key: 'slow', name: 'Slow exits', by: '', is: measured.slow_ns !== null },
    ]
        .filter((tab) => tab.is)
        .map(({ key, name, by }) => ({ key, name, by }));
}

/** The one that is open. @param {View} view @param {import('./answers').Host} host */
export function tabOf(view, host) {
    const all = tabs(view, host);
    return all.find((t) => t.key === view.tab) ?? all[0];
}

/** @param {View} view @param {(view: View) => void} go @param {string} by @returns {RowColumn[]} */
function names(view, go, by) {
    const link = (/** @type {Partial<View>} */ to, /** @type {string} */ text) =>
        html`<${Link} to=${change(view, to)} go=${go} hrefOf=${address}><${Name} text=${text} /><//>`;
    /** @type {Record<string, RowColumn>} */
    const all = {
        reason: {
            key: 'reason',
            name: 'Reason',
            text: true,
            value: (r) => r.reason,
            show: (r) => (r.reason === null ? figure(null, '') : link({ reason: r.reason }, r.reason)),
        },
        qualifier: {
            key: 'qualifier',
            name: 'Qualifier',
            text: true,
            value: (r) => r.qualifier,
            show: (r) =>
                !r.qualifier
                    ? figure(null, '')
                    : r.qualifier === 'other'
                      ? 'other'
                      : link({ reason: r.reason ?? '', qualifier: r.qualifier }, r.qualifier),
        },
        vm: {
            key: 'vm',
            name: 'VM',
            text: true,
            value: (r) => r.vm,
            show: (r) => link({ vm: r.vm, pid: String(r.vm_pid ?? ''), reason: view.reason }, r.vm ?? ''),
        },
        vcpu: {
            key: 'vcpu',
            name: 'vCPU',
            text: true,
            value: (r) => r.vcpu,
            show: (r) => link({ vcpu: String(r.vcpu) }, `vCPU ${r.vcpu}`),
        },
        page: {
            key: 'page',
            name: 'Page',
            text: true,
            value: (r) => r.page,
            show: (r) => (r.page ? html`<${Name} text=${r.page} />` : figure(null, '')),
        },
        rip: {
            key: 'rip',
            name: 'Instruction',
            text: true,
            value: (r) => r.rip,
            show: (r) => (r.rip ? html`<${Name} text=${r.rip} />` : figure(null, '')),
        },
    };
    const shown = by.split(',').map((name) => all[name]);
    // What a row is of comes first; within one reason, its reason says nothing.
    return by === 'reason,qualifier' && view.reason !== '' ? [all.qualifier] : shown;
}

/** @param {number} seconds @param {number | null | undefined} busy @returns {RowColumn[]} */
function figures(seconds, busy) {
    const perSecond = (/** @type {number | null | undefined} */ n) => ratio(n, seconds);
    const busyShare = (/** @type {Row} */ r) => (r.idle === true ? null : ratio(r.total_ns, busy));
    return [
        { key: 'count', name: 'Exits', minor: true, value: (r) => r.count, show: (r) => figure(r.count, count(r.count)) },
        {
            key: 'rate',
            name: 'Exits',
            unit: '/s',
            value: (r) => perSecond(r.count),
            show: (r) => figure(perSecond(r.count), rate(perSecond(r.count))),
        },
        {
            key: 'time',
            name: 'Time',
            unit: '/s',
            about: 'handling time per second, of all vCPUs that are chosen',
            value: (r) => perSecond(r.total_ns),
            show: (r) => (r.avg_ns === null ? figure(null, '') : figure(r.total_ns, duration(perSecond(r.total_ns)))),
        },
        {
            key: 'busy',
            name: 'Busy',
            unit: '%',
            about: 'part of the handling time that is not idle',
            value: busyShare,
            show: (r) =>
                r.idle === true
                    ? 'idle'
                    : html`${figure(busyShare(r), share(busyShare(r)).replace(' %', ''))}<i
                              class="bar"
                              style=${{ width: `${(busyShare(r) ?? 0) * 100}%` }}
                          ></i>`,
        },
        { key: 'avg', name: 'Avg', minor: true, value: (r) => r.avg_ns, show: (r) => figure(r.avg_ns, duration(r.avg_ns)) },
        { key: 'p50', name: 'p50', minor: true, value: (r) => r.p50_ns, show: (r) => figure(r.p50_ns, duration(r.p50_ns)) },
        { key: 'p99', name: 'p99', value: (r) => r.p99_ns, show: (r) => figure(r.p99_ns, duration(r.p99_ns)) },
        { key: 'max', name: 'Max', value: (r) => r.max_ns, show: (r) => figure(r.max_ns, duration(r.max_ns)) },
    ];
}

/** @returns {RowColumn[]} */
function rounds() {
    return [
        { key: 'count', name: 'L2 exits', value: (r) => r.count, show: (r) => figure(r.count, count(r.count)) },
        {
            key: 'handled',
            name: 'Handled',
            about: 'by this host',
            value: (r) => r.handled,
            show: (r) => figure(r.handled, count(r.handled)),
        },
        {
            key: 'reflected',
            name: 'Reflected',
            about: 'to L1, which handled it',
            value: (r) => r.reflected,
            show: (r) => figure(r.reflected, count(r.reflected)),
        },
        {
            key: 'round',
            name: 'Round avg',
            about: 'until L2 ran again',
            value: (r) => r.round_avg_ns,
            show: (r) => figure(r.round_avg_ns, duration(r.round_avg_ns)),
        },
        { key: 'roundp99', name: 'Round p99', value: (r) => r.round_p99_ns, show: (r) => figure(r.round_p99_ns, duration(r.round_p99_ns)) },
        {
            key: 'per',
            name: 'L1 exits',
            unit: 'per round',
            value: (r) => r.l1_exits_per_round,
            show: (r) => figure(r.l1_exits_per_round, r.l1_exits_per_round?.toFixed(1)),
        },
        {
            key: 'l1',
            name: 'L1 time',
            unit: '%',
            about: 'part of the rounds in which L1 itself ran',
            value: (r) => r.l1_time_share,
            show: (r) => figure(r.l1_time_share, share(r.l1_time_share).replace(' %', '')),
        },
    ];
}

/** @param {{view: View, host: import('./answers').Host, from: string, to: string, epoch: number, go: (view: View, replace?: boolean) => void}} props */
export function Exits({ view, host, from, to, epoch, go }) {
    const tab = tabOf(view, host);
    const nested = tab.key === 'nested';
    const time = { from, to };
    const answer = /** @type {api.Answer<Intervals>} */ (
        api.useAnswer(
            tab.by === ''
                ? null
                : api.url('intervals', { ...time, ...choice(view), by: tab.by, with: nested ? 'nested' : '', rows: 'group,busy' }),
            epoch,
        )
    );
    const trend = useTrends(tab.by, tab.key === 'reasons' ? choice(view) : null, time, host, epoch);
    const slow = /** @type {api.Answer<import('./answers').Slow>} */ (
        api.useAnswer(tab.key === 'slow' ? api.url('slow', { ...time, ...slowChoice(view, host.isa) }) : null, epoch)
    );
    const select = (/** @type {string} */ key) => go({ ...view, tab: key, order: '' });
    const onKey = (/** @type {KeyboardEvent} */ event) => {
        const all = tabs(view, host);
        const at = all.findIndex((t) => t.key === tab.key);
        const next =
            event.key === 'ArrowRight'
                ? all[(at + 1) % all.length]
                : event.key === 'ArrowLeft'
                  ? all[(at + all.length - 1) % all.length]
                  : null;
        if (!next) return;
        event.preventDefault();
        select(next.key);
        document.getElementById(`tab-${next.key}`)?.focus();
    };
    return html`<section class="exits" aria-label="Exits">
        <div class="tabs" role="tablist" aria-label="Exits by" onKeyDown=${onKey}>
            ${tabs(view, host).map(
                (t) =>
                    html`<button
                        key=${t.key}
                        type="button"
                        role="tab"
                        id=${`tab-${t.key}`}
                        aria-selected=${t.key === tab.key ? 'true' : 'false'}
                        aria-controls="exits-panel"
                        tabindex=${t.key === tab.key ? 0 : -1}
                        onClick=${() => select(t.key)}
                    >
                        ${t.name}
                    </button>`,
            )}
        </div>
        <div id="exits-panel" role="tabpanel" aria-labelledby=${`tab-${tab.key}`} aria-busy=${answer.busy || slow.busy ? 'true' : 'false'}>
            <${Failure} error=${answer.error ?? slow.error} />
            ${
                tab.key === 'slow' &&
                view.reason === '' &&
                html`<label class="small"><input type="checkbox" checked=${view.halts === '1'} onChange=${(/** @type {any} */ e) => go({ ...view, halts: e.target.checked ? '1' : '' }, true)} />${' '}halts too</label>`
            }
            ${tab.key === 'slow' && slow.data && html`<${SlowExits} slow=${slow.data} label="Slow exits" vm=${view.vm} />`}
            ${tab.by !== '' && answer.data && answer.of.includes(`by=${encodeURIComponent(tab.by)}`) && html`<${ExitTable} interval=${answer.data.intervals[0]} tab=${tab} trend=${trend} view=${view} go=${go} />`}
        </div>
    </section>`;
}

/** @param {{interval: import('./answers').Interval, tab: {key: string, name: string, by: string}, trend: import('./trends.js').Trends, view: View, go: (view: View, replace?: boolean) => void}} props */
function ExitTable({ interval, tab, trend, view, go }) {
    if (!interval?.report) return html`<p class="note">${interval?.why ?? 'Nothing was recorded in this time.'}</p>`;
    const { rows } = interval.report;
    const busy = rows.find((r) => r.row === 'busy')?.total_ns;
    const shown = rows.filter((r) => r.row === 'group');
    const own = tab.key === 'nested' ? rounds() : figures(interval.seconds, busy);
    const hasTrend = [...trend.values()].some((t) => t.length > 1);
    const columns = [
        ...names(view, go, interval.by?.split(',').every((b) => tab.by.split(',').includes(b)) ? interval.by : tab.by),
        ...own,
    ];
    if (hasTrend)
        columns.push({
            key: 'trend',
            name: 'Trend',
            about: 'exits per second over this time',
            minor: true,
            value: () => null,
            show: (r) => (trend.has(keyOf(r)) ? html`<${Trend} values=${trend.get(keyOf(r))} />` : ''),
        });
    const label = `${tab.name}, ${stretch(interval.started, interval.ended)}`;
    return html`<p class="when">${label}${tab.key === 'nested' ? ' · exits of nested guests (L2), and their rounds through L1' : ''}</p>
        ${interval.why && html`<p class="note">${interval.why}</p>`}
        ${
            shown.length > 0
                ? html`<${Table}
                      label=${label}
                      columns=${columns}
                      rows=${sorted(shown, columns, view.order || (tab.key === 'nested' ? '-round' : '-busy'))}
                      keyOf=${keyOf}
                      sort=${view.order || (tab.key === 'nested' ? '-round' : '-busy')}
                      onSort=${(/** @type {string} */ order) => go({ ...view, order }, true)}
                  />`
                : html`<p class="empty">
                      ${tab.key === 'nested' ? 'No nested guest made an exit in this time.' : 'No exits in this time.'}
                  </p>`
        }`;
}

/** What a cell of the heat map is made of. @param {{view: View, host: import('./answers').Host, epoch: number, go: (view: View, replace?: boolean) => void}} props */
export function Cell({ view, host, epoch, go }) {
    const [from, to, lowText, highText] = view.cell.split('~');
    const [low, high] = [Number(lowText), highText === '' ? Infinity : Number(highText)];
    const by = host.measured.qualifiers ? 'reason,qualifier' : 'reason';
    const answer = /** @type {api.Answer<Intervals>} */ (
        api.useAnswer(api.url('intervals', { from, to, ...choice(view), kind: 'hist', by, rows: 'group', top: 100 }), epoch)
    );
    const asksSlow = host.measured.slow_ns !== null && high > host.measured.slow_ns;
    const slow = /** @type {api.Answer<import('./answers').Slow>} */ (
        api.useAnswer(
            asksSlow ? api.url('slow', { from, to, ...slowChoice({ ...view, halts: '' }, host.isa), min_ns: low, most: 1000 }) : null,
            epoch,
        )
    );
    const interval = answer.data?.intervals[0];
    const inside = (/** @type {Row} */ r) =>
        (r.buckets ?? []).reduce((all, b) => (b.low_ns >= low && b.low_ns < high ? all + b.count : all), 0);
    const rows = (interval?.report?.rows ?? []).filter((r) => inside(r) > 0 && (r.idle !== true || view.reason !== ''));
    const all = rows.reduce((total, r) => total + inside(r), 0);
    const seconds = interval?.seconds ?? 0;
    const step = Date.parse(to) - Date.parse(from) < 2000 ? 1e8 : 1e9;
    const range = highText === '' ? `${duration(low)} and more` : `${duration(low)} to ${duration(high)}`;
    /** @type {RowColumn[]} */
    const columns = [
        ...names(view, (next) => go({ ...next, cell: '' }), interval?.by === 'reason' ? 'reason' : by),
        { key: 'inside', name: 'Exits', unit: 'in this cell', value: inside, show: (r) => figure(inside(r), count(inside(r))) },
        {
            key: 'share',
            name: 'Share',
            unit: '%',
            value: (r) => inside(r) / all,
            show: (r) => figure(inside(r) / all, share(inside(r) / all).replace(' %', '')),
        },
        {
            key: 'count',
            name: 'Exits',
            unit: 'of any duration',
            minor: true,
            value: (r) => r.count,
            show: (r) => figure(r.count, count(r.count)),
        },
    ];
    return html`<section class="cell" aria-labelledby="cell-title" aria-busy=${answer.busy ? 'true' : 'false'}>
        <header>
            <h3 id="cell-title">${stretch(from, to, step)}, ${range}: ${interval?.report ? `${count(all)} exits` : ''}</h3>
            <button type="button" onClick=${() => go({ ...view, cell: '' })}>Close</button>
            <button type="button" onClick=${() => go(change(view, { from, to, span: '' }))}>Only this time</button>
        </header>
        <${Failure} error=${answer.error ?? slow.error} />
        ${interval?.why && html`<p class="note">${interval.why}</p>`}
        ${rows.length > 0 && html`<${Table} label="Exits in this cell" columns=${columns} rows=${sorted(rows, columns, '-inside')} keyOf=${keyOf} />`}
        ${interval?.report && rows.length === 0 && html`<p class="empty">No exit of that duration in ${span(seconds)}.</p>`}
        ${
            slow.data &&
            html`<h4>Slow exits in it</h4>
                <${SlowExits}
                    slow=${slow.data}
                    label="Slow exits in this cell" vm=${view.vm}
                    exits=${slow.data.exits.filter((e) => e.duration_ns < high)}
                />`
        }
    </section>`;
}

/** @param {number} seconds */
const span = (seconds) => `${seconds.toFixed(1)} s`;

/** What a reason means, and what to change. @param {{reason: string, epoch: number}} props */
export function Meaning({ reason, epoch }) {
    const answer = /** @type {api.Answer<import('./answers').Explained>} */ (api.useAnswer(api.url('explain', { reason }), epoch));
    const found = answer.data?.reasons.find((r) => r.reason === reason);
    return found ? html`<p class="meaning"><strong>${seen(found.reason)}</strong>: ${seen(found.meaning)}. ${seen(found.hint)}</p>` : '';
}
