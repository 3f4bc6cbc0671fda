// @ts-check
// Figures as people read them: three digits and a unit; what is not known is a dash, never 0.

export const unknown = '–';

/** Text of others, with what cannot be seen (or turns what is around it) as its code. @param {string} text */
export function seen(text) {
    return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (c) => `\\u{${/** @type {number} */ (c.codePointAt(0)).toString(16)}}`);
}

/** @param {number} value */
function threeDigits(value) {
    if (value === 0) return '0';
    // Rounded first: what is 1000 then has its unit chosen, and its digits, accordingly.
    const rounded = Number(value.toPrecision(3));
    const digits = 2 - Math.floor(Math.log10(Math.abs(rounded)));
    return rounded.toFixed(Math.min(Math.max(digits, 0), 3));
}

/** @param {number | null | undefined} ns */
export function duration(ns) {
    if (ns === null || ns === undefined) return unknown;
    for (const [unit, size] of /** @type {[string, number][]} */ ([
        ['s', 1e9],
        ['ms', 1e6],
        ['µs', 1e3],
    ])) {
        // What rounds to 1000 of a unit is 1 of the next.
        if (Math.abs(ns) >= size * 0.9995) return `${threeDigits(ns / size)} ${unit}`;
    }
    return `${threeDigits(ns)} ns`;
}

/** A whole number, in groups of three. @param {number | null | undefined} n */
export function count(n) {
    if (n === null || n === undefined) return unknown;
    return String(n).replace(/\B(?=(\d{3})+$)/g, '\u202f');
}

/** How many per second. @param {number | null | undefined} perSecond */
export function rate(perSecond) {
    if (perSecond === null || perSecond === undefined) return unknown;
    for (const [unit, size] of /** @type {[string, number][]} */ ([
        ['G', 1e9],
        ['M', 1e6],
        ['k', 1e3],
    ])) {
        if (perSecond >= size * 0.9995) return threeDigits(perSecond / size) + unit;
    }
    return threeDigits(perSecond);
}

/** @param {number | null | undefined} part of 1 */
export function share(part) {
    return part === null || part === undefined ? unknown : `${(part * 100).toFixed(1)} %`;
}

/** @param {number | null | undefined} a @param {number | null | undefined} b */
export function ratio(a, b) {
    return a === null || a === undefined || !b ? null : a / b;
}

/** @param {string | number} time @param {number} [step] in ns: less than a second shows what is less than a second */
export function clock(time, step = 1e9) {
    // The API's times are finer than a Date: the last millisecond of a second is the end of it.
    const t = new Date(new Date(time).getTime() + (step < 1e9 ? 0 : 1));
    const two = (/** @type {number} */ n) => String(n).padStart(2, '0');
    const whole = `${two(t.getHours())}:${two(t.getMinutes())}:${two(t.getSeconds())}`;
    return step < 1e9 ? `${whole}.${String(t.getMilliseconds()).padStart(3, '0')}` : whole;
}

/** @param {string | number} time */
export function day(time) {
    const t = new Date(time);
    return `${t.getFullYear()}-${String(t.getMonth() + 1).padStart(2, '0')}-${String(t.getDate()).padStart(2, '0')}`;
}

/** From when to when, with the day where it is not the same. @param {string} from @param {string} to @param {number} [step] */
export function stretch(from, to, step) {
    return day(from) === day(to)
        ? `${clock(from, step)} to ${clock(to, step)}`
        : `${day(from)} ${clock(from, step)} to ${day(to)} ${clock(to, step)}`;
}

/** How long, as one says it. @param {number} ms */
export function span(ms) {
    for (const [unit, size] of /** @type {[string, number][]} */ ([
        ['d', 86400e3],
        ['h', 3600e3],
        ['min', 60e3],
    ])) {
        if (ms >= size * 0.9995) return `${Number((ms / size).toFixed(1))} ${unit}`;
    }
    return `${Number((ms / 1e3).toFixed(1))} s`;
}

/** The zone of all times of day on the page. */
export function zone() {
    const minutes = -new Date().getTimezoneOffset();
    if (minutes === 0) return 'UTC';
    const [h, m] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
    return `UTC${minutes < 0 ? '−' : '+'}${h}${m ? `:${String(m).padStart(2, '0')}` : ''}`;
}
