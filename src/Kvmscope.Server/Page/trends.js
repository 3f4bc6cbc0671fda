// @ts-check
// Exits per second over time, for the small lines in tables.
import { useMemo } from './vendor/preact.js';
import { ratio } from './format.js';
import { stepOf, useSeries } from './series.js';

/** @typedef {import('./answers').Interval} Interval */
/** @typedef {import('./answers').Row} Row */
/** @typedef {Map<string, (number | null)[]>} Trends */

/** How many points a trend has at most. */
export const points = 30;

/** What tells a row from the others of its table. @param {Partial<Row>} row */
export const keyOf = (row) =>
    [row.row, row.vm_pid, row.vm, row.vcpu, row.reason, row.level, row.idle, row.qualifier, row.direction, row.page, row.rip].join('\n');

/** Of each row; null where nothing was recorded, or not by what rows are. @param {Interval[]} intervals @param {string} by @returns {Trends} */
export function trendsOf(intervals, by) {
    const known = intervals.map((interval) => interval.report !== null && interval.by === by);
    /** @type {Trends} */
    const all = new Map();
    intervals.forEach(({ report, seconds }, n) => {
        for (const row of (known[n] && report?.rows) || []) {
            const key = keyOf(row);
            const trend = all.get(key) ?? known.map((isKnown) => (isKnown ? 0 : null));
            trend[n] = ratio(row.count, seconds);
            all.set(key, trend);
        }
    });
    return all;
}

/**
 * The trends of the rows of a table.
 * @param {string} by
 * @param {Record<string, string | number> | null} parameters which exits; null: nothing is asked
 * @param {{from: string, to: string}} time
 * @param {import('./answers').Host} host
 * @param {number} epoch
 * @returns {Trends}
 */
export function useTrends(by, parameters, time, host, epoch) {
    const step = stepOf(Date.parse(time.to) - Date.parse(time.from), points, host.step_ns / 1e6);
    const asked = parameters && { ...parameters, by, rows: 'group', kind: 'count', step: `${step}ms` };
    const { data } = useSeries('intervals', asked, time, epoch, (/** @type {import('./answers').Intervals} */ found) => found.intervals);
    return useMemo(() => trendsOf(data ?? [], by), [data, by]);
}
