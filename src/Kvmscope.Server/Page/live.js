// @ts-check
// The connection to the server: which source it has, how far it is, and whether it answers.
import * as api from './api.js';

/** @typedef {import('./answers').Host} Host */

/**
 * @typedef {object} Connection
 * @property {Host | null} host
 * @property {string | null} latest until when there are figures
 * @property {'connecting' | 'open' | 'lost' | 'over'} state
 * @property {number} since when that state began
 * @property {number} epoch grows each time the server is there again
 * @property {string[]} notes what went missing: gaps, a stream that was dropped
 * @property {Error | null} error why there is no host
 */

const retryMs = 2000;
/** How old what is known of the host may be. */
const hostMs = 60e3;
let hostAsked = 0;

/** @type {Connection} */
let now = { host: null, latest: null, state: 'connecting', since: Date.now(), epoch: 0, notes: [], error: null };
/** @type {Set<(now: Connection) => void>} */
const followers = new Set();
/** @type {EventSource | null} */
let stream = null;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

/** @param {Partial<Connection>} next */
function set(next) {
    if (next.state !== undefined && next.state !== now.state) next.since = Date.now();
    now = { ...now, ...next };
    for (const follower of followers) follower(now);
}

/** @param {string} note */
function note(note) {
    if (now.notes.at(-1) !== note) set({ notes: [...now.notes.slice(-19), note] });
}

export const connection = () => now;

/** @param {(now: Connection) => void} follower @returns {() => void} ends it */
export function follow(follower) {
    followers.add(follower);
    // What happened before it asked.
    follower(now);
    return () => followers.delete(follower);
}

/** What went missing was read. */
export function forget() {
    set({ notes: [] });
}

/** Finds out what the server has, again and again until it answers. */
export async function connect() {
    clearTimeout(timer);
    hostAsked = Date.now();
    try {
        const host = /** @type {Host} */ (await api.get('/api/v1/host'));
        const back = now.state === 'lost';
        // It may have ended while the question was open.
        const over = now.state === 'over';
        set({
            host,
            error: null,
            latest: host.ended,
            state: over ? 'over' : 'open',
            epoch: back || now.host === null ? now.epoch + 1 : now.epoch,
        });
        if (host.source !== 'recording' && !over) listen();
    } catch (error) {
        lost(error);
    }
}

/** @param {unknown} error */
function lost(error) {
    stream?.close();
    stream = null;
    set({ state: 'lost', error: /** @type {Error} */ (error) });
    clearTimeout(timer);
    timer = setTimeout(connect, retryMs);
}

function listen() {
    if (stream !== null) return;
    // Only the time of each interval is of use here: figures are asked for when something would change on the screen.
    stream = new EventSource(api.url('stream', { kind: 'count', by: 'level', rows: 'total' }));
    stream.addEventListener('open', () => {
        if (now.state === 'lost') void connect();
    });
    stream.addEventListener('interval', (event) => {
        const { ended } = JSON.parse(event.data);
        set({ latest: ended, state: 'open' });
        // What is kept, and since when, changes while time goes on.
        if (now.host?.started === null || Date.now() - hostAsked > hostMs) void connect();
    });
    stream.addEventListener('gap', (event) => {
        const { started, ended, why } = JSON.parse(event.data);
        note(`From ${started} to ${ended} intervals are missing: ${why}.`);
    });
    stream.addEventListener('dropped', () => note('This page was too slow: the server dropped its stream, and it was taken up again.'));
    stream.addEventListener('end', (event) => {
        const { why } = JSON.parse(event.data);
        if (why.includes('over')) {
            stream?.close();
            stream = null;
            set({ state: 'over' });
        }
    });
    stream.addEventListener('error', () => {
        if (now.state === 'over') return;
        // The browser comes again by itself, with the last event that it saw, unless the server refused.
        if (stream?.readyState === EventSource.CLOSED) lost(new Error('The stream was refused.'));
        else set({ state: 'lost' });
    });
}

api.watch((reachable) => {
    if (!reachable && stream === null && now.state !== 'lost') lost(null);
});
