// @ts-check
// The stacked split of the wall clock over time.
import { html, useEffect, useLayoutEffect, useRef, useState } from './vendor/preact.js';
import { duration, share, stretch, unknown } from './format.js';
import { margin, times } from './heatmap.js';
import { colour, parts } from './parts.js';

/** @typedef {import('./answers').Intervals} Intervals */
/** @typedef {import('./answers').Row} Row */

const height = 170;

/** @typedef {{started: string, ended: string, wall: number | null, of: Record<string, number | null>}} Slice the parts of one step */

/** @param {Intervals['intervals']} intervals @param {string} reason empty: all rows @returns {Slice[]} */
export function slices(intervals, reason) {
    return intervals.map(({ started, ended, report }) => ({
        started,
        ended,
        ...sum((report?.rows ?? []).filter((r) => reason === '' || r.reason === reason)),
    }));
}

/** Sums what is known; a part that no row knows is not known. @param {Row[]} rows */
export function sum(rows) {
    /** @type {Record<string, number | null>} */
    const of = {};
    let wall = /** @type {number | null} */ (null);
    for (const row of rows) {
        if (row.wall_ns !== null && row.wall_ns !== undefined) wall = (wall ?? 0) + row.wall_ns;
        for (const { key } of parts) {
            const part = row.parts_ns?.[key];
            if (part !== null && part !== undefined) of[key] = (of[key] ?? 0) + part;
        }
    }
    return { wall, of };
}

/**
 * @param {object} props
 * @param {Slice[]} props.slices
 * @param {string} props.label
 * @param {string} props.theme
 * @param {boolean} props.share of the wall clock; else time per second
 * @param {(from: string, to: string) => void} props.onZoom
 */
export function SplitChart({ slices, label, theme, share: ofWall, onZoom }) {
    const box = useRef(/** @type {HTMLElement | null} */ (null));
    const chart = useRef(/** @type {uPlot | null} */ (null));
    const zoom = useRef(onZoom);
    zoom.current = onZoom;
    const [width, setWidth] = useState(0);
    const [at, setAt] = useState(/** @type {number | null} */ (null));
    const shown = parts.filter(({ key }) => slices.some((s) => s.of[key] !== undefined));

    useLayoutEffect(() => {
        if (!box.current) return;
        const watch = new ResizeObserver(([entry]) => setWidth(Math.round(entry.contentRect.width)));
        watch.observe(box.current);
        return () => watch.disconnect();
    }, []);

    useEffect(() => {
        if (!box.current || width < 120 || slices.length === 0) return;
        const per = (/** @type {Slice} */ s) => (ofWall ? s.wall : (Date.parse(s.ended) - Date.parse(s.started)) * 1e6);
        // uPlot does not stack: each line is the sum of those below, and the topmost is drawn first.
        const lines = shown.map((_, n) =>
            slices.map((s) =>
                per(s) && Object.keys(s.of).length
                    ? shown.slice(0, n + 1).reduce((all, p) => all + (s.of[p.key] ?? 0), 0) / /** @type {number} */ (per(s))
                    : null,
            ),
        );
        const x = slices.map((s) => Date.parse(s.started) / 1000);
        const end = Date.parse(slices[slices.length - 1].ended) / 1000;
        const order = shown.map((_, n) => n).reverse();
        const data = [[...x, end], ...order.map((n) => [...lines[n], lines[n][lines[n].length - 1]])];
        // What would be cut off at the right has no label.
        const inside = width - margin.left - margin.right;
        const ticks = times(x[0] * 1000, end * 1000, Math.max(2, Math.floor(inside / 90))).filter(
            (t) => ((end - t.ms / 1000) / (end - x[0])) * inside > 24,
        );
        const axis = {
            stroke: colour('soft'),
            font: `12px ${colour('font')}`,
            grid: { stroke: colour('grid'), width: 1 },
            ticks: { show: false },
        };
        chart.current?.destroy();
        chart.current = new uPlot(
            {
                width,
                height,
                padding: [6, margin.right, 0, 0],
                legend: { show: false },
                cursor: { y: false, points: { show: false }, drag: { x: true, y: false, setScale: false } },
                scales: {
                    x: { time: false, range: () => [x[0], end] },
                    y: { range: (_, __, max) => [0, ofWall ? 1 : Math.max(max, 1e-9)] },
                },
                axes: [
                    {
                        ...axis,
                        size: 24,
                        splits: () => ticks.map((t) => t.ms / 1000),
                        values: () => ticks.map((t) => t.text),
                    },
                    {
                        ...axis,
                        size: margin.left,
                        gap: 4,
                        values: (_, splits) =>
                            splits.map((v) => (ofWall ? `${Math.round(v * 100)} %` : v === 0 ? '0' : `${duration(v * 1e9)}/s`)),
                    },
                ],
                series: [
                    {},
                    ...order.map((n) => ({
                        stroke: colour(shown[n].key),
                        fill: colour(shown[n].key),
                        width: 0,
                        points: { show: false },
                        paths: /** @type {any} */ (uPlot.paths).stepped({ align: 1 }),
                    })),
                ],
                hooks: {
                    setCursor: [(u) => setAt(u.cursor.idx ?? null)],
                    setSelect: [
                        (u) => {
                            if (u.select.width < 5) return;
                            const [first, last] = [u.posToIdx(u.select.left), u.posToIdx(u.select.left + u.select.width)];
                            zoom.current(
                                slices[Math.min(first, slices.length - 1)].started,
                                slices[Math.min(last, slices.length - 1)].ended,
                            );
                            u.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
                        },
                    ],
                },
            },
            /** @type {uPlot.AlignedData} */ (/** @type {unknown} */ (data)),
            box.current,
        );
        return () => {
            chart.current?.destroy();
            chart.current = null;
        };
    }, [slices, width, theme, ofWall]);

    const slice = at !== null ? slices[Math.min(at, slices.length - 1)] : null;
    const all = sumSlices(slices);
    const shownOf = slice ?? { ...all, started: slices[0]?.started ?? '', ended: slices[slices.length - 1]?.ended ?? '' };
    const whole = ofWall ? shownOf.wall : parts.reduce((total, p) => total + (shownOf.of[p.key] ?? 0), 0);
    return html`<figure class="split">
        <div class="picture" ref=${box} role="img" aria-label=${`${label}. The table beside has its figures.`}></div>
        <table class="legend">
            <caption>
                ${slices.length > 0 && stretch(shownOf.started, shownOf.ended, Date.parse(shownOf.ended) - Date.parse(shownOf.started) < 1000 ? 1e8 : 1e9)}
            </caption>
            <thead class="unseen">
                <tr>
                    <th scope="col">Part</th>
                    <th scope="col">Share</th>
                    <th scope="col">Time</th>
                </tr>
            </thead>
            <tbody>
                ${shown.toReversed().map(
                    (p) =>
                        html`<tr key=${p.key} title=${p.about}>
                            <th scope="row"><i class=${`swatch ${p.key}`}></i>${p.name}</th>
                            <td>
                                ${shownOf.of[p.key] === undefined || !whole ? unknown : html`<data value=${String(/** @type {number} */ (shownOf.of[p.key]) / whole)}>${share(/** @type {number} */ (shownOf.of[p.key]) / whole)}</data>`}
                            </td>
                            <td class="minor">
                                ${shownOf.of[p.key] === undefined ? unknown : html`<data value=${String(shownOf.of[p.key])}>${duration(shownOf.of[p.key])}</data>`}
                            </td>
                        </tr>`,
                )}
            </tbody>
        </table>
    </figure>`;
}

/** @param {Slice[]} all */
function sumSlices(all) {
    /** @type {Record<string, number | null>} */
    const of = {};
    let wall = /** @type {number | null} */ (null);
    for (const slice of all) {
        if (slice.wall !== null) wall = (wall ?? 0) + slice.wall;
        for (const [key, part] of Object.entries(slice.of)) if (part !== null) of[key] = (of[key] ?? 0) + part;
    }
    return { wall, of };
}
