// @ts-check
// What happened over a time that goes on: what was asked for stays, and only what is new is asked for.
import { useRef } from './vendor/preact.js';
import * as api from './api.js';

/** @typedef {{started: string, ended: string, count?: number | null, report?: {rows: unknown[]} | null}} Step */
/** @typedef {{from: string, to: string, span: number, live: boolean}} Time `span` in ms */

const round = [0.1, 0.2, 0.5, 1, 2, 3, 4, 5, 10, 15, 20, 30, 60, 120, 180, 240, 300, 360, 600, 900, 1800, 3600];

/**
 * How long each step of a time is, ms: round, so that it stays the same while the time grows.
 * @param {number} ms how long the time is
 * @param {number} most how many steps there may be
 * @param {number} least ms
 */
export function stepOf(ms, most, least) {
    const wanted = Math.max(ms / most, least);
    return (round.find((s) => s * 1000 >= wanted) ?? Math.ceil(wanted / 3.6e6) * 3600) * 1000;
}

/** Whether nothing happened in it: perhaps its VM had ended. @param {Step} step */
const isEmpty = (step) => step.count === 0 || step.report?.rows.length === 0;

/**
 * Which known steps are of use for a time, and from when on it must be asked for. The last one is asked for again: it may have been cut
 * short. So are those before it in which nothing happened: of a time without its VM nothing can be asked.
 * @template {Step} S
 * @param {S[]} known in order, without a hole
 * @param {string} from
 * @param {string} to
 * @returns {{kept: S[], ask: string}}
 */
export function rest(known, from, to) {
    const begin = Date.parse(from);
    const at = known.findLastIndex((step) => !isEmpty(step));
    const isOther =
        at < 0 ||
        begin < Date.parse(known[0].started) ||
        begin >= Date.parse(known[at].started) ||
        Date.parse(to) < Date.parse(known[known.length - 1].ended);
    return isOther
        ? { kept: [], ask: from }
        : { kept: known.slice(0, at).filter((s) => Date.parse(s.ended) > begin), ask: known[at].started };
}

/**
 * The steps of a time, in order.
 * @template T
 * @template {Step} S
 * @param {string} path
 * @param {Record<string, string | number> | null} parameters all except the time; null: nothing is asked
 * @param {{from: string, to: string}} time
 * @param {number} epoch
 * @param {(answer: T) => S[]} read the steps of an answer
 * @returns {api.Answer<S[]>}
 */
export function useSeries(path, parameters, { from, to }, epoch, read) {
    const known = useRef(/** @type {{whose: string, steps: S[]}} */ ({ whose: '', steps: [] }));
    const whose = parameters && `${epoch} ${api.url(path, parameters)}`;
    return api.useAsked(whose && `${whose} ${from} ${to}`, epoch, async (signal) => {
        const { kept, ask } = rest(known.current.whose === whose ? known.current.steps : [], from, to);
        const steps = kept.concat(read(await api.get(api.url(path, { ...parameters, from: ask, to }), signal)));
        known.current = { whose: /** @type {string} */ (whose), steps };
        return steps;
    });
}

/**
 * A time that goes on less often: for what takes long to answer and changes slowly. Answers say of which time they are.
 * @param {Time} time
 * @param {number} times how often in its span
 * @param {string} of about what: something else is asked about the time that it is now
 * @returns {Time}
 */
export function useSteady(time, times, of) {
    const steady = useRef({ time, of });
    const { current } = steady;
    const on = Date.parse(time.to) - Date.parse(current.time.to);
    const isOther = !time.live || of !== current.of || time.span !== current.time.span;
    if (isOther || on < 0 || on * times >= time.span) steady.current = { time, of };
    return steady.current.time;
}
