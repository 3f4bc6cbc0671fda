// @ts-check
// Answers of the server, and what went wrong instead of one.
import { useEffect, useState } from './vendor/preact.js';

/** Why there is no answer, as the server says it. */
export class Problem extends Error {
    /** @param {number} status @param {import('./answers').ProblemAnswer} answer */
    constructor(status, answer) {
        super(answer.detail || answer.title || `status ${status}`);
        this.status = status;
        this.title = answer.title ?? '';
        this.hint = answer.hint ?? '';
    }
}

/** The server did not answer at all. */
export class Unreachable extends Error {}

let asked = 0;
/** How many questions are open. */
export const open = () => asked;

/** @type {Set<(reachable: boolean) => void>} */
const watchers = new Set();
/** Tells whether the server answers, each time that is known. @param {(reachable: boolean) => void} watcher */
export function watch(watcher) {
    watchers.add(watcher);
}

/** @param {string} path @param {Record<string, string | number>} parameters empty ones are left out */
export function url(path, parameters) {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(parameters)) if (value !== '') query.set(name, String(value));
    return `/api/v1/${path}?${query}`;
}

/** @template T @param {string} address @param {AbortSignal} [signal] @returns {Promise<T>} */
export async function get(address, signal) {
    asked++;
    try {
        /** @type {Response} */
        let response;
        let text;
        try {
            response = await fetch(address, { signal, headers: { Accept: 'application/json' } });
            text = await response.text();
        } catch (error) {
            if (signal?.aborted) throw error;
            for (const watcher of watchers) watcher(false);
            throw new Unreachable('The server does not answer.');
        }
        for (const watcher of watchers) watcher(true);
        let answer;
        try {
            answer = JSON.parse(text);
        } catch {
            answer = { detail: `The server answered ${response.status} ${response.statusText}.` };
            if (response.ok) throw new Problem(response.status, { detail: 'The answer cannot be read.', hint: 'Load the page again.' });
        }
        if (!response.ok) throw new Problem(response.status, answer);
        return answer;
    } finally {
        asked--;
    }
}

/**
 * @template T
 * @typedef {{data: T | null, error: Error | null, busy: boolean, of: string}} Answer `data` stays until there is newer; `of` says whose it is
 */

/**
 * The answer at an address. It is asked for again when the address or `epoch` changes.
 * @template T
 * @param {string | null} address null: nothing is asked
 * @param {number} epoch
 * @returns {Answer<T>}
 */
export const useAnswer = (address, epoch) => useAsked(address, epoch, (signal) => get(/** @type {string} */ (address), signal));

/**
 * The answer to a question. It is asked again when `of` or `epoch` changes.
 * @template T
 * @param {string | null} of which question; null: nothing is asked
 * @param {number} epoch
 * @param {(signal: AbortSignal) => Promise<T>} ask
 * @returns {Answer<T>}
 */
export function useAsked(of, epoch, ask) {
    const [answer, setAnswer] = useState(/** @type {Answer<T>} */ ({ data: null, error: null, busy: false, of: '' }));
    useEffect(() => {
        if (of === null) {
            setAnswer({ data: null, error: null, busy: false, of: '' });
            return;
        }
        const stop = new AbortController();
        setAnswer((now) => ({ ...now, busy: true }));
        ask(stop.signal).then(
            (data) => setAnswer({ data, error: null, busy: false, of }),
            (error) => {
                if (stop.signal.aborted) return;
                // Figures that are there stay while the connection is lost: the page says so, and their time is beside them.
                setAnswer((now) =>
                    error instanceof Unreachable && now.data ? { ...now, busy: false } : { data: null, error, busy: false, of },
                );
            },
        );
        return () => stop.abort();
    }, [of, epoch]);
    return answer;
}
