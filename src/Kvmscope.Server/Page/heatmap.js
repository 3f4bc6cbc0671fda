// @ts-check
// Handling times over time: a picture of its own, as uPlot has none. Drag to zoom, click a cell; with keys too.
import { html, useEffect, useLayoutEffect, useRef, useState } from './vendor/preact.js';
import { clock, count, duration, rate, ratio, stretch } from './format.js';
import { colour } from './parts.js';

/** @typedef {import('./answers').Heat} Heat */
/** @typedef {import('./answers').Column} Column */
/** @typedef {import('./answers').Slow} Slow */
/** @typedef {{column: number, bin: number}} Place */

const height = 230;
export const margin = { left: 62, right: 10, top: 6, bottom: 22 };

/** The colours from few to many exits. @returns {number[][]} */
function palette() {
    const stops = colour('heat')
        .split(' ')
        .map((c) => [1, 3, 5].map((at) => Number.parseInt(c.slice(at, at + 2), 16)));
    return Array.from({ length: 256 }, (_, n) => {
        const at = (n / 255) * (stops.length - 1);
        const low = Math.min(Math.floor(at), stops.length - 2);
        return stops[low].map((c, i) => Math.round(c + (stops[low + 1][i] - c) * (at - low)));
    });
}

/** Where a time and a duration are in the picture, and the other way round. @param {Heat} heat @param {number} width */
function scales(heat, width) {
    const { bins, columns } = heat;
    const [from, to] = [Date.parse(columns[0].started), Date.parse(columns[columns.length - 1].ended)];
    const last = bins.high_ns.length - 1;
    const low = Math.log2(Math.max(bins.low_ns[0], 1));
    const high = Math.log2(bins.high_ns[last] ?? bins.low_ns[last] * 1.25);
    const [w, h] = [width - margin.left - margin.right, height - margin.top - margin.bottom];
    const x = (/** @type {number} */ ms) => margin.left + ((ms - from) / (to - from)) * w;
    const y = (/** @type {number} */ ns) => margin.top + h - ((Math.log2(Math.max(ns, 1)) - low) / (high - low)) * h;
    const msAt = (/** @type {number} */ px) => from + ((px - margin.left) / w) * (to - from);
    const nsAt = (/** @type {number} */ px) => 2 ** (low + ((margin.top + h - px) / h) * (high - low));
    const columnAt = (/** @type {number} */ px) => {
        const ms = msAt(px);
        return columns.findIndex((c) => ms < Date.parse(c.ended));
    };
    const binAt = (/** @type {number} */ px) => {
        const ns = nsAt(px);
        return Math.max(
            0,
            bins.low_ns.findLastIndex((b) => b <= ns),
        );
    };
    return { x, y, w, h, from, to, nsAt, columnAt, binAt };
}

/** @typedef {Column & {bins: Heat['bins']}} OwnColumn a column with the bins of its own answer */

/** The columns of an answer. @param {Heat} heat @returns {OwnColumn[]} */
export const columnsOf = ({ bins, columns }) => columns.map((column) => ({ ...column, bins }));

/** One picture of columns of several answers: each of those has the bins from its shortest to its longest exit. @param {OwnColumn[]} columns @returns {Heat} */
export function heatOf(columns) {
    const ends = new Map(columns.flatMap(({ bins }) => bins.low_ns.map((low, n) => [low, bins.high_ns[n]])));
    const low_ns = [...ends.keys()].sort((a, b) => a - b);
    // Between two of them none has an exit: that is one bin more.
    for (let n = low_ns.length - 1; n > 0; n--) {
        const end = /** @type {number} */ (ends.get(low_ns[n - 1]));
        if (end >= low_ns[n]) continue;
        ends.set(end, low_ns[n]);
        low_ns.splice(n, 0, end);
    }
    const places = new Map(low_ns.map((low, n) => [low, n]));
    return {
        bins: { low_ns, high_ns: low_ns.map((low) => ends.get(low) ?? null) },
        columns: columns.map(({ bins, ...column }) => {
            if (column.counts === null) return column;
            const counts = low_ns.map(() => 0);
            column.counts.forEach((count, n) => (counts[/** @type {number} */ (places.get(bins.low_ns[n]))] = count));
            return { ...column, counts };
        }),
    };
}

/** The most exits per second of any cell. @param {Heat} heat */
const most = (heat) => Math.max(0, ...heat.columns.flatMap((c) => (c.counts ?? []).map((n) => ratio(n, c.seconds) ?? 0)));

/** @param {CanvasRenderingContext2D} pen @param {Heat} heat @param {number} width @param {number} dots device pixels per pixel */
function drawCells(pen, heat, width, dots) {
    const s = scales(heat, width);
    const [w, h] = [Math.round(s.w * dots), Math.round(s.h * dots)];
    const image = pen.createImageData(w, h);
    const colours = palette();
    const top = Math.log1p(most(heat));
    const bins = Array.from({ length: h }, (_, row) => s.binAt(margin.top + (row + 0.5) / dots));
    for (let x = 0; x < w; x++) {
        const column = heat.columns[s.columnAt(margin.left + (x + 0.5) / dots)];
        if (!column?.counts) continue;
        for (let y = 0; y < h; y++) {
            const exits = column.counts[bins[y]];
            if (!exits) continue;
            const shade = colours[Math.round((Math.log1p(exits / column.seconds) / top) * 255)] ?? colours[255];
            image.data.set([shade[0], shade[1], shade[2], 255], (y * w + x) * 4);
        }
    }
    pen.putImageData(image, Math.round(margin.left * dots), Math.round(margin.top * dots));
}

/** @param {CanvasRenderingContext2D} pen @param {Heat} heat @param {number} width */
function drawAxes(pen, heat, width) {
    const s = scales(heat, width);
    pen.font = `12px ${colour('font')}`;
    pen.fillStyle = colour('soft');
    pen.strokeStyle = colour('edge');
    pen.lineWidth = 1;
    pen.textBaseline = 'middle';
    pen.textAlign = 'right';
    let above = Infinity;
    for (let ns = 1; ns < 1e13; ns *= 10) {
        const y = Math.round(s.y(ns)) + 0.5;
        if (y < margin.top || y > margin.top + s.h || above - y < 18) continue;
        above = y;
        pen.fillText(duration(ns).replace(/\.0+(?= )/, ''), margin.left - 6, y);
        pen.beginPath();
        pen.moveTo(margin.left - 4, y);
        pen.lineTo(margin.left, y);
        pen.stroke();
    }
    pen.textBaseline = 'top';
    pen.textAlign = 'center';
    for (const { ms, text } of times(s.from, s.to, Math.max(2, Math.floor(s.w / 90)))) {
        const x = Math.min(Math.max(s.x(ms), margin.left + 26), width - 30);
        pen.fillText(text, x, height - margin.bottom + 6);
    }
}

/** Round times of day within two times. @param {number} from @param {number} to @param {number} most */
export function times(from, to, most) {
    const steps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400];
    const step = (steps.find((s) => (to - from) / (s * 1000) <= most) ?? 172800) * 1000;
    const offset = new Date(from).getTimezoneOffset() * 60000;
    const all = [];
    for (let ms = Math.ceil((from - offset) / step) * step + offset; ms <= to; ms += step) {
        const text = clock(ms, step < 1000 ? 1e8 : 1e9);
        all.push({ ms, text: step >= 60000 ? text.slice(0, 5) : step < 1000 ? text.slice(0, -2) : text });
    }
    return all;
}

/** The p99 of each column as a line, and the slow exits as dots. @param {CanvasRenderingContext2D} pen @param {Heat} heat @param {Slow | null} slow @param {number} width */
function drawOver(pen, heat, slow, width) {
    const s = scales(heat, width);
    pen.save();
    pen.beginPath();
    pen.rect(margin.left, margin.top - 4, s.w, s.h + 8);
    pen.clip();
    for (const [style, wide] of /** @type {[string, number][]} */ ([
        [colour('back'), 4],
        [colour('p99'), 2],
    ])) {
        pen.strokeStyle = style;
        pen.lineWidth = wide;
        pen.beginPath();
        let down = false;
        for (const column of heat.columns) {
            if (column.p99_ns === null) {
                down = false;
                continue;
            }
            const y = s.y(column.p99_ns);
            const [left, right] = [s.x(Date.parse(column.started)), s.x(Date.parse(column.ended))];
            if (down) pen.lineTo(left, y);
            else pen.moveTo(left, y);
            pen.lineTo(right, y);
            down = true;
        }
        pen.stroke();
    }
    // Many are small, so that what is below can be seen.
    const size = (slow?.exits.length ?? 0) > 60 ? 1.8 : 3;
    for (const exit of slow?.exits ?? []) {
        pen.beginPath();
        pen.arc(s.x(Date.parse(exit.time)), Math.max(margin.top, s.y(exit.duration_ns)), size, 0, 2 * Math.PI);
        pen.fillStyle = colour('dot');
        pen.strokeStyle = colour('back');
        pen.lineWidth = 1.5;
        if (size > 2) pen.stroke();
        pen.fill();
    }
    pen.restore();
}

/** @param {CanvasRenderingContext2D} pen @param {Heat} heat @param {number} width @param {Place} place @param {string} style */
function drawFrame(pen, heat, width, place, style) {
    const s = scales(heat, width);
    const column = heat.columns[place.column];
    if (!column) return;
    const [left, right] = [s.x(Date.parse(column.started)), s.x(Date.parse(column.ended))];
    const [top, bottom] = [s.y(heat.bins.high_ns[place.bin] ?? heat.bins.low_ns[place.bin] * 1.25), s.y(heat.bins.low_ns[place.bin])];
    const wide = Math.max(right - left, 5);
    for (const [stroke, line] of /** @type {[string, number][]} */ ([
        [colour('back'), 4],
        [style, 2],
    ])) {
        pen.strokeStyle = stroke;
        pen.lineWidth = line;
        pen.strokeRect(left - (wide - right + left) / 2, top, wide, bottom - top);
    }
}

/** What a cell is, in words. @param {Heat} heat @param {Place} place */
function words(heat, place) {
    const column = heat.columns[place.column];
    const { low_ns: low, high_ns: high } = heat.bins;
    const exits = column.counts?.[place.bin] ?? null;
    const range =
        high[place.bin] === null ? `${duration(low[place.bin])} and more` : `${duration(low[place.bin])} to ${duration(high[place.bin])}`;
    const when = stretch(column.started, column.ended, column.seconds < 1 ? 1e8 : 1e9);
    return column.counts === null ? `${when}: ${column.why ?? 'nothing was recorded'}` : `${when}, ${range}: ${count(exits)} exits`;
}

/** The address of a cell. @param {Heat} heat @param {Place} place */
const cellAt = ({ columns, bins }, { column, bin }) =>
    `${columns[column].started}~${columns[column].ended}~${bins.low_ns[bin]}~${bins.high_ns[bin] ?? ''}`;

/** Where a cell of an address is in this picture, or null. @param {Heat} heat @param {string} cell @returns {Place | null} */
function placeOf(heat, cell) {
    const [from, to, low] = cell.split('~');
    if (!low) return null;
    const middle = (Date.parse(from) + Date.parse(to)) / 2;
    const column = heat.columns.findIndex((c) => middle >= Date.parse(c.started) && middle < Date.parse(c.ended));
    const bin = heat.bins.low_ns.indexOf(Number(low));
    return column < 0 || bin < 0 ? null : { column, bin };
}

/**
 * @param {object} props
 * @param {Heat} props.heat
 * @param {Slow | null} props.slow
 * @param {string} props.cell
 * @param {string} props.label
 * @param {string} props.theme so that it is drawn again in other colours
 * @param {(cell: string) => void} props.onCell
 * @param {(from: string, to: string) => void} props.onZoom
 * @param {() => void} props.onWider
 */
export function HeatMap({ heat, slow, cell, label, theme, onCell, onZoom, onWider }) {
    const box = useRef(/** @type {HTMLElement | null} */ (null));
    const canvas = useRef(/** @type {HTMLCanvasElement | null} */ (null));
    const [width, setWidth] = useState(0);
    const [cursor, setCursor] = useState(/** @type {Place | null} */ (null));
    const [said, setSaid] = useState('');
    const [drag, setDrag] = useState(/** @type {{from: number, to: number} | null} */ (null));
    const empty = heat.bins.low_ns.length === 0 || heat.columns.length === 0;

    useLayoutEffect(() => {
        if (!box.current) return;
        const watch = new ResizeObserver(([entry]) => setWidth(Math.round(entry.contentRect.width)));
        watch.observe(box.current);
        return () => watch.disconnect();
    }, []);

    useEffect(() => {
        const pen = canvas.current?.getContext('2d');
        if (!canvas.current || !pen || width < 120 || empty) return;
        const dots = window.devicePixelRatio || 1;
        canvas.current.width = Math.round(width * dots);
        canvas.current.height = Math.round(height * dots);
        drawCells(pen, heat, width, dots);
        pen.setTransform(dots, 0, 0, dots, 0, 0);
        drawAxes(pen, heat, width);
        drawOver(pen, heat, slow, width);
        const chosen = placeOf(heat, cell);
        if (chosen) drawFrame(pen, heat, width, chosen, colour('text'));
        if (cursor && cursor.column < heat.columns.length && cursor.bin < heat.bins.low_ns.length)
            drawFrame(pen, heat, width, cursor, colour('accent'));
    }, [heat, slow, cell, width, cursor, theme, empty]);

    /** @param {PointerEvent} event @returns {number} */
    const at = (event) => event.clientX - /** @type {HTMLElement} */ (box.current).getBoundingClientRect().left;
    /** @param {PointerEvent} event @returns {Place | null} */
    const under = (event) => {
        const y = event.clientY - /** @type {HTMLElement} */ (box.current).getBoundingClientRect().top;
        const s = scales(heat, width);
        const column = s.columnAt(Math.min(Math.max(at(event), margin.left), margin.left + s.w - 0.5));
        return column < 0 || y < margin.top || y > height - margin.bottom ? null : { column, bin: s.binAt(y) };
    };
    const down = (/** @type {PointerEvent} */ event) => {
        if (event.button !== 0 || empty) return;
        box.current?.setPointerCapture(event.pointerId);
        setDrag({ from: at(event), to: at(event) });
    };
    const move = (/** @type {PointerEvent} */ event) => {
        if (empty) return;
        if (drag) setDrag({ ...drag, to: at(event) });
        else setCursor(under(event));
    };
    const released = (/** @type {PointerEvent} */ event) => {
        if (!drag) return;
        setDrag(null);
        const [left, right] = [Math.min(drag.from, at(event)), Math.max(drag.from, at(event))];
        if (right - left < 5) {
            const place = under(event);
            if (place) onCell(cellAt(heat, place));
            return;
        }
        const s = scales(heat, width);
        const inside = (/** @type {number} */ px) => s.columnAt(Math.min(Math.max(px, margin.left), margin.left + s.w - 0.5));
        onZoom(heat.columns[inside(left)].started, heat.columns[inside(right)].ended);
    };
    const key = (/** @type {KeyboardEvent} */ event) => {
        if (empty || event.ctrlKey || event.metaKey || event.altKey) return;
        const now = cursor ?? placeOf(heat, cell) ?? { column: heat.columns.length - 1, bin: 0 };
        const steps = /** @type {Record<string, [number, number]>} */ ({
            ArrowLeft: [-1, 0],
            ArrowRight: [1, 0],
            ArrowUp: [0, 1],
            ArrowDown: [0, -1],
            PageUp: [0, 4],
            PageDown: [0, -4],
        });
        const step = steps[event.key];
        if (step) {
            const far = event.shiftKey ? 10 : 1;
            const next = {
                column: Math.min(Math.max(now.column + step[0] * far, 0), heat.columns.length - 1),
                bin: Math.min(Math.max(now.bin + step[1] * far, 0), heat.bins.low_ns.length - 1),
            };
            setCursor(next);
            setSaid(words(heat, next));
        } else if (event.key === 'Enter') {
            onCell(cellAt(heat, now));
        } else if (event.key === '+' || event.key === '=') {
            const half = Math.max(1, Math.floor(heat.columns.length / 4));
            const first = Math.min(Math.max(now.column - half, 0), heat.columns.length - 1);
            onZoom(heat.columns[first].started, heat.columns[Math.min(now.column + half, heat.columns.length - 1)].ended);
        } else if (event.key === '-') {
            onWider();
        } else return;
        event.preventDefault();
        event.stopPropagation();
    };

    const shown = cursor && cursor.column < heat.columns.length && cursor.bin < heat.bins.low_ns.length ? cursor : null;
    const top = empty ? 0 : most(heat);
    return html`<figure class="heatmap">
        <div
            class="picture"
            ref=${box}
            tabindex="0"
            role="group"
            aria-label=${`${label}. Arrow keys go from cell to cell, Enter shows what is in it, plus and minus zoom. The table below has the same figures.`}
            onPointerDown=${down}
            onPointerMove=${move}
            onPointerUp=${released}
            onPointerCancel=${() => setDrag(null)}
            onPointerLeave=${() => drag || setCursor(null)}
            onBlur=${() => setCursor(null)}
            onKeyDown=${key}
        >
            ${
                empty
                    ? html`<p class="empty">No exit with a handling time in this time.</p>`
                    : html`<canvas ref=${canvas} style=${{ width: '100%', height: `${height}px` }} aria-hidden="true"></canvas>`
            }
            ${drag && html`<div class="drag" style=${{ left: `${Math.min(drag.from, drag.to)}px`, width: `${Math.abs(drag.to - drag.from)}px` }}></div>`}
        </div>
        <p class="unseen" aria-live="polite">${said}</p>
        <figcaption>
            <span class="cursor">${shown ? words(heat, shown) : html`Drag to zoom, click a cell for what is in it.`}</span>
            ${
                !empty &&
                html`<span class="key"><i class="ramp"></i> to ${rate(top)} exits/s</span>
                    <span class="key"><i class="line"></i> p99</span>
                    ${slow && html`<span class="key"><i class="dot"></i> slow exit, ${duration(slow.threshold_ns)} and more${slow.more ? ' (the latest)' : ''}</span>`}`
            }
        </figcaption>
    </figure>`;
}
