// @ts-check
// The page: what is chosen is its address, and everything else follows from that.
import { html, render, useEffect, useLayoutEffect, useMemo, useRef, useState } from './vendor/preact.js';
import * as api from './api.js';
import { SplitChart, slices } from './chart.js';
import { Compare, suggested } from './compare.js';
import { Cell, Exits, Meaning } from './exits.js';
import { Failure } from './failure.js';
import { clock, count, duration, seen } from './format.js';
import { Header, Notices } from './header.js';
import { HeatMap, columnsOf, heatOf } from './heatmap.js';
import * as live from './live.js';
import { stepOf, useSeries, useSteady } from './series.js';
import { Link } from './table.js';
import { points as trendPoints, useTrends } from './trends.js';
import { address, change, choice, read, slowChoice, up } from './view.js';
import { Figures, VmTable, Words, chosen } from './vms.js';

/** @typedef {import('./view.js').View} View */
/** @typedef {import('./answers').Host} Host */
/** @typedef {import('./series.js').Time} Time */

/** How often in the time that is shown it is asked again what stands out. */
const wordsTimes = 30;

/** The time that a view is about. @param {View} view @param {Host} host @param {string} latest @returns {Time} */
function timeOf(view, host, latest) {
    const started = /** @type {string} */ (host.started);
    if (view.from && view.to) return { from: view.from, to: view.to, span: Date.parse(view.to) - Date.parse(view.from), live: false };
    const whole = Date.parse(latest) - Date.parse(started);
    const span = Number(view.span) * 1000 || (host.source === 'recording' ? whole : 900e3);
    const from = span >= whole ? started : new Date(Date.parse(latest) - span).toISOString();
    return { from, to: latest, span, live: host.source !== 'recording' };
}

/** The view of the address, and how to go to another. */
function useView() {
    const [view, setView] = useState(() => read(location.search));
    useEffect(() => {
        const back = () => setView(read(location.search));
        addEventListener('popstate', back);
        return () => removeEventListener('popstate', back);
    }, []);
    const go = (/** @type {View} */ next, replace = false) => {
        const to = address(next);
        if (to === location.pathname + location.search) return;
        if (replace) history.replaceState(null, '', to);
        else history.pushState(null, '', to);
        setView(next);
    };
    return /** @type {[View, (next: View, replace?: boolean) => void]} */ ([view, go]);
}

// Of the heat map; no other picture of a time has more.
const mostColumns = 240;

/** Until when figures are shown: the newest interval, but not more often than something would change in a picture. @param {live.Connection} connection @param {View} view */
function useLatest(connection, view) {
    const [latest, setLatest] = useState(/** @type {string | null} */ (null));
    const { latest: newest, host, epoch } = connection;
    const seenEpoch = useRef(epoch);
    const [hidden, setHidden] = useState(document.hidden);
    useEffect(() => {
        const changed = () => setHidden(document.hidden);
        document.addEventListener('visibilitychange', changed);
        return () => document.removeEventListener('visibilitychange', changed);
    }, []);
    useEffect(() => {
        // Nobody looks at it: nothing is asked for.
        if (newest === null || host === null || (hidden && latest !== null)) return;
        const column = stepOf((Number(view.span) || 900) * 1000, mostColumns, host.step_ns / 1e6);
        const moved = latest === null ? Infinity : Math.abs(Date.parse(newest) - Date.parse(latest));
        const back = seenEpoch.current !== epoch;
        if (back || latest === null || (api.open() === 0 && moved >= column * 0.9) || connection.state === 'over') setLatest(newest);
        seenEpoch.current = epoch;
    }, [newest, host, epoch, view.span, connection.state, hidden]);
    return latest;
}

/** @returns {string} the theme that is shown */
const themeNow = () => document.documentElement.dataset.theme ?? 'light';

function useTheme() {
    const [theme, setTheme] = useState(themeNow);
    useEffect(() => {
        const system = matchMedia('(prefers-color-scheme: dark)');
        const changed = () => setTheme(themeNow());
        system.addEventListener('change', changed);
        return () => system.removeEventListener('change', changed);
    }, []);
    const turn = () => {
        const next = themeNow() === 'dark' ? 'light' : 'dark';
        document.documentElement.dataset.theme = next;
        localStorage.setItem('kvmscope-theme', next);
        setTheme(next);
    };
    return /** @type {[string, () => void]} */ ([theme, turn]);
}

function Page() {
    const [view, go] = useView();
    const [connection, setConnection] = useState(live.connection());
    const [theme, turnTheme] = useTheme();
    const latest = useLatest(connection, view);
    useLayoutEffect(() => live.follow(setConnection), []);
    const { host } = connection;
    useEffect(() => {
        document.title = [view.reason, view.vm, host?.title, 'kvmscope']
            .filter(Boolean)
            .map((t) => seen(/** @type {string} */ (t)))
            .join(' · ');
    }, [view.vm, view.reason, host]);
    if (host === null) {
        return html`<main class="alone">
            <h1>kvmscope</h1>
            <div role="status">${connection.error ? html`<${Failure} error=${connection.error} />` : 'Asking the server …'}</div>
        </main>`;
    }
    if (latest === null || host.started === null) {
        return html`<main class="alone">
            <h1>${seen(host.title)}</h1>
            <div role="status">Nothing has been recorded yet: the first interval comes after ${duration(host.step_ns)}.</div>
        </main>`;
    }
    return html`<${Shown}
        view=${view}
        go=${go}
        host=${host}
        latest=${latest}
        connection=${connection}
        theme=${theme}
        turnTheme=${turnTheme}
    />`;
}

/**
 * @param {{view: View, go: (view: View, replace?: boolean) => void, host: Host, latest: string, connection: live.Connection, theme: string, turnTheme: () => void}} props
 */
function Shown({ view, go, host, latest, connection, theme, turnTheme }) {
    const time = timeOf(view, host, latest);
    const { from, to } = time;
    const { epoch } = connection;
    const vms = /** @type {api.Answer<import('./answers').Vms>} */ (api.useAnswer(api.url('vms', { from, to, points: 0 }), epoch));
    const going = { ...time, live: time.live && connection.state !== 'over' };
    const words = useSteady(going, wordsTimes, `${view.pid} ${view.vm}`);
    const trends = useTrends('vm', host.measured.by === 'host' ? null : {}, useSteady(going, trendPoints, ''), host, epoch);
    const vm = chosen(vms.data, view);
    const advice = /** @type {api.Answer<import('./answers').Advice>} */ (
        api.useAnswer(api.url('explain', { from: words.from, to: words.to, vm: view.vm, vm_pid: view.vm ? view.pid : '' }), epoch)
    );
    // One word about a VM that is not there, instead of one from each part of the page.
    const absent = view.vm !== '' && advice.error instanceof api.Problem && advice.error.status === 404;
    useKeys({ view, go, time, turnTheme, host });
    const wider = () => go(widened(view, time, host, latest));
    return html`<${Header}
            view=${view}
            go=${go}
            host=${host}
            time=${time}
            connection=${connection}
            theme=${theme}
            turnTheme=${turnTheme}
            wider=${wider}
            trust=${vms.data?.trust ?? null}
        />
        <${Notices} connection=${connection} host=${host} time=${time} vms=${vms.data} />
        <main class="columns" id="main">
            <div class="left">
                <${Failure} error=${vms.error} />
                ${vms.data && html`<${VmTable} vms=${vms.data} trends=${trends} view=${view} go=${go} />`}
                <${Failure} error=${vms.error || absent ? null : advice.error} />
                <${Words} advice=${advice.data} what=${view.vm || 'all VMs'} />
            </div>
            <div class="right">
                <${Trail} view=${view} go=${go} host=${host} vm=${vm} from=${from} to=${to} />
                ${absent ? html`<section class="panel"><${Failure} error=${advice.error} /></section>` : html`<${Chosen} view=${view} go=${go} host=${host} vm=${vm} from=${from} to=${to} epoch=${epoch} theme=${theme} wider=${wider} />`}
            </div>
        </main>
        <footer>
            <span>kvmscope ${host.version}</span>
            <span>${seen(host.host)}, Linux ${seen(host.kernel)}, ${host.isa.toUpperCase()}</span>
            <span>${seen(host.cpu)}, ${count(host.cpus)} CPUs</span>
            <span>intervals of ${duration(host.step_ns)}</span>
            <a href=${api.url('recording', { from, to })} download>this time as a recording</a>
            <a href="/openapi.json">API</a>
            <a href="/vendor/licences.txt">licences</a>
        </footer>`;
}

/** All about what is chosen. @param {{view: View, go: (view: View, replace?: boolean) => void, host: Host, vm: import('./answers').Vm | null, from: string, to: string, epoch: number, theme: string, wider: () => void}} props */
function Chosen({ view, go, host, vm, from, to, epoch, theme, wider }) {
    return html`${view.versus.includes('~') && html`<${Compare} view=${view} host=${host} from=${from} to=${to} epoch=${epoch} go=${go} />`}
        <section class="panel">
            ${vm && view.vcpu === '' && view.reason === '' && view.level === '' && html`<${Figures} vm=${vm} />`}
            ${view.reason && html`<${Meaning} reason=${view.reason} epoch=${epoch} />`}
            ${host.measured.split && view.level === '' && view.qualifier === '' && html`<${Split} view=${view} go=${go} host=${host} from=${from} to=${to} epoch=${epoch} theme=${theme} />`}
            ${host.measured.time && html`<${Heat} view=${view} go=${go} host=${host} from=${from} to=${to} epoch=${epoch} theme=${theme} wider=${wider} />`}
            ${view.cell.split('~').length === 4 && html`<${Cell} view=${view} host=${host} epoch=${epoch} go=${go} />`}
        </section>
        <section class="panel"><${Exits} view=${view} host=${host} from=${from} to=${to} epoch=${epoch} go=${go} /></section>`;
}

/** Twice as much time around the middle. @param {View} view @param {{from: string, to: string, span: number, live: boolean}} time @param {Host} host @param {string} latest @returns {View} */
function widened(view, time, host, latest) {
    const [started, ended] = [Date.parse(/** @type {string} */ (host.started)), Date.parse(latest)];
    if (time.live) return change(view, { span: String(Math.round((time.span * 2) / 1000)) });
    const [from, to] = [Date.parse(time.from) - time.span / 2, Date.parse(time.to) + time.span / 2];
    if (from <= started && to >= ended)
        return change(view, { from: '', to: '', span: host.source === 'recording' ? '' : String(Math.round((ended - started) / 1000)) });
    return change(view, {
        from: new Date(Math.max(from, started)).toISOString(),
        to: new Date(Math.min(to, ended)).toISOString(),
        span: '',
    });
}

/** @param {{view: View, go: (view: View) => void, host: Host, vm: import('./answers').Vm | null, from: string, to: string}} props */
function Trail({ view, go, host, vm, from, to }) {
    /** @type {[string, Partial<View>][]} */
    const steps = [
        [host.title, { vm: '', pid: '', vcpu: '', level: '', reason: '', qualifier: '' }],
        [
            view.vm && `${view.vm}${vm?.vcpus ? ` · ${vm.vcpus} ${vm.vcpus === 1 ? 'vCPU' : 'vCPUs'}` : ''}`,
            { vcpu: '', level: '', reason: '', qualifier: '' },
        ],
        [view.vcpu && `vCPU ${view.vcpu}`, { level: '', reason: '', qualifier: '' }],
        [view.reason, { qualifier: '' }],
        [view.qualifier, {}],
    ];
    const shown = steps.filter(([name]) => name !== '');
    const compare = () => go(view.versus ? { ...view, versus: '' } : { ...change(view, suggested(from, to, host.started)) });
    return html`<nav class="trail" aria-label="What is chosen">
        <h1>
            ${shown.map(([name, to], n) => html`${n > 0 ? html`<span class="sep" aria-hidden="true"> ▸ </span>` : ''}${n < shown.length - 1 ? html`<${Link} class="" to=${change(view, to)} go=${go} hrefOf=${address}><bdi>${seen(name)}</bdi><//>` : html`<bdi aria-current="page">${seen(name)}</bdi>`}`)}
        </h1>
        ${
            host.measured.nested &&
            html`<label
                >Level${' '}
                <select value=${view.level} onChange=${(/** @type {any} */ e) => go(change(view, { level: e.target.value }))}>
                    <option value="">all</option>
                    <option value="l1">L1</option>
                    <option value="l2">L2</option>
                </select></label
            >`
        }
        <button type="button" aria-pressed=${view.versus ? 'true' : 'false'} onClick=${compare}>Compare</button>
    </nav>`;
}

/** @param {{view: View, go: (view: View) => void, host: Host, from: string, to: string, epoch: number, theme: string}} props */
function Split({ view, go, host, from, to, epoch, theme }) {
    const ofWall = view.reason === '';
    // The split needs all exits: of one reason it is picked from those of all, and 8 MB is what an answer may have.
    const what = ofWall ? { by: 'none', rows: 'wall' } : { by: 'reason', rows: 'group' };
    const step = stepOf(Date.parse(to) - Date.parse(from), ofWall ? 180 : 120, host.step_ns / 1e6);
    const answer = useSeries(
        'intervals',
        { ...choice({ ...view, reason: '' }), ...what, with: 'split', step: `${step}ms` },
        { from, to },
        epoch,
        (/** @type {import('./answers').Intervals} */ found) => found.intervals,
    );
    const data = useMemo(() => slices(answer.data ?? [], view.reason), [answer.data, view.reason]);
    const title = ofWall ? 'Where the wall clock of the vCPUs went' : 'Where the handling time of these exits went';
    return html`<h2>${title}</h2>
        <${Failure} error=${answer.error} />
        ${answer.data && html`<${SplitChart} slices=${data} share=${ofWall} label=${title} theme=${theme} onZoom=${(/** @type {string} */ from, /** @type {string} */ to) => go(change(view, { from, to, span: '' }))} />`}`;
}

/** @param {{view: View, go: (view: View) => void, host: Host, from: string, to: string, epoch: number, theme: string, wider: () => void}} props */
function Heat({ view, go, host, from, to, epoch, theme, wider }) {
    const step = stepOf(Date.parse(to) - Date.parse(from), innerWidth < 800 ? 100 : mostColumns, host.step_ns / 1e6);
    const { data, error } = useSeries('heatmap', { ...choice(view), step: `${step}ms` }, { from, to }, epoch, columnsOf);
    const heat = useMemo(() => data && heatOf(data), [data]);
    const slow = /** @type {api.Answer<import('./answers').Slow>} */ (
        api.useAnswer(
            host.measured.slow_ns === null
                ? null
                : api.url('slow', { from, to, ...slowChoice({ ...view, halts: '' }, host.isa), most: 500 }),
            epoch,
        )
    );
    return html`<h2>Handling time of ${view.reason ? 'these' : 'busy'} exits over time</h2>
        <${Failure} error=${error} />
        ${
            heat &&
            html`<${HeatMap}
                    heat=${heat}
                    slow=${slow.data}
                    cell=${view.cell}
                    theme=${theme}
                    label="Heat map of handling times over time"
                    onCell=${(/** @type {string} */ cell) => go({ ...view, cell })}
                    onZoom=${(/** @type {string} */ from, /** @type {string} */ to) => go(change(view, { from, to, span: '' }))}
                    onWider=${wider}
                />
                <${HeatTable} heat=${heat} />`
        }`;
}

/** The same figures as a table. @param {{heat: import('./answers').Heat}} props */
function HeatTable({ heat }) {
    const [isOpen, setOpen] = useState(false);
    const step = heat.columns[0]?.seconds < 1 ? 1e8 : 1e9;
    return html`<details class="as-table" onToggle=${(/** @type {any} */ e) => setOpen(e.target.open)}>
        <summary>As a table</summary>
        ${
            isOpen &&
            html`<div class="scroll tall" role="region" aria-label="Handling times over time" tabindex="0">
                <table>
                    <thead>
                        <tr>
                            <th scope="col" class="text">From</th>
                            <th scope="col">Exits</th>
                            <th scope="col">p50</th>
                            <th scope="col">p99</th>
                            <th scope="col">Max</th>
                        </tr>
                    </thead>
                    <tbody>
                        ${heat.columns.map(
                            (c) =>
                                html`<tr key=${c.started}>
                                    <th scope="row" class="text">${clock(c.started, step)}</th>
                                    <td>${count(c.count)}</td>
                                    <td>${duration(c.p50_ns)}</td>
                                    <td>${duration(c.p99_ns)}</td>
                                    <td>${duration(c.max_ns)}</td>
                                </tr>`,
                        )}
                    </tbody>
                </table>
            </div>`
        }
    </details>`;
}

/** Keys that work everywhere except where one writes. @param {{view: View, go: (view: View) => void, time: {from: string, to: string, span: number, live: boolean}, turnTheme: () => void, host: Host}} props */
function useKeys({ view, go, time, turnTheme, host }) {
    const now = useRef({ view, go, time, turnTheme, host });
    now.current = { view, go, time, turnTheme, host };
    useEffect(() => {
        const pressed = (/** @type {KeyboardEvent} */ event) => {
            const { view, go, time, turnTheme, host } = now.current;
            const target = /** @type {HTMLElement} */ (event.target);
            if (event.ctrlKey || event.metaKey || event.altKey) return;
            if (target.matches('input, select, textarea')) {
                if (event.key === 'Escape') target.blur();
                return;
            }
            const wider = up(view);
            /** @type {Record<string, (() => void) | undefined>} */
            const keys = {
                '/': () => document.getElementById('find')?.focus(),
                Escape: wider ? () => go(change(view, wider)) : undefined,
                p:
                    host.source === 'recording'
                        ? undefined
                        : () =>
                              go(time.live ? change(view, { from: time.from, to: time.to, span: '' }) : change(view, { from: '', to: '' })),
                c: () => go(view.versus ? { ...view, versus: '' } : change(view, suggested(time.from, time.to, host.started))),
                t: turnTheme,
                '?': () => document.getElementById('help')?.click(),
            };
            const act = keys[event.key];
            if (!act || document.querySelector('dialog[open]')) return;
            event.preventDefault();
            act();
        };
        addEventListener('keydown', pressed);
        return () => removeEventListener('keydown', pressed);
    }, []);
}

void live.connect();
render(html`<${Page} />`, /** @type {HTMLElement} */ (document.getElementById('page')));
