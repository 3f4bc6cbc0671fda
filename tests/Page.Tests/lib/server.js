// @ts-check
// A server of its own for each test that needs one, on a free port of loopback.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** The program that is tested. */
export const program = process.env.KVMSCOPE ?? join(root, 'out/kvmscope');
assert.ok(existsSync(program), `${program} is missing: make build`);

/** Recordings that are tested with. */
export const recordings = {
    threeVms: join(root, 'tests/Cli.Tests/Live/three-vms.kvmscope'),
    nested: join(root, 'tests/Page.Tests/nested-boot.kvmscope'),
};

/** How long anything may take, on a machine that has much else to do. */
export const deadlineMs = 60_000;

/** @typedef {{url: string, port: number, stop: () => Promise<void>, pause: () => void, goOn: () => void}} Server */

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();
// What a test that failed left behind.
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/** @param {string[]} options of serve @returns {Promise<Server>} once it answers */
export function serve(...options) {
    const listen = options.includes('--listen') ? [] : ['--listen', '127.0.0.1:0'];
    return start(program, ['serve', ...options, ...listen]);
}

/** What `make demo-web` starts. */
export const demo = (/** @type {string[]} */ ...options) => start(join(root, 'eng/demo-web'), options);

/** @param {string} command @param {string[]} options @returns {Promise<Server>} */
async function start(command, options) {
    const child = spawn(command, options, { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, KVMSCOPE: program } });
    running.add(child);
    // A server that is left must not keep the tests from ending.
    child.unref();
    /** @type {import('node:net').Socket} */ (child.stderr).unref();
    let said = '';
    const url = await new Promise((resolve, reject) => {
        const late = setTimeout(() => reject(new Error(`no address after ${deadlineMs} ms: ${said}`)), deadlineMs);
        child.stderr.setEncoding('utf8');
        child.stderr.on('data', (/** @type {string} */ text) => {
            said += text;
            const found = said.match(/serving at (http:\S+)/);
            if (!found) return;
            clearTimeout(late);
            resolve(found[1]);
        });
        child.once('exit', (status) => reject(new Error(`${command} ended with status ${status}: ${said}`)));
    });
    const ended = new Promise((resolve) => child.once('exit', resolve)).then(() => running.delete(child));
    return {
        url,
        port: Number(new URL(url).port),
        stop: async () => {
            child.ref();
            child.kill('SIGTERM');
            await ended;
        },
        pause: () => child.kill('SIGSTOP'),
        goOn: () => child.kill('SIGCONT'),
    };
}

/** What `report --format json` prints of a stretch. @param {string} recording @param {string[]} options @returns {Promise<any>} */
export async function report(recording, ...options) {
    const { stdout } = await promisify(execFile)(program, ['report', recording, '--format', 'json', ...options], { maxBuffer: 64e6 });
    return JSON.parse(stdout);
}
