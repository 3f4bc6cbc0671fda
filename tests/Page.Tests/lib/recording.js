// @ts-check
// Recordings with other names and more VMs, made from one of the lab: docs/recording.md has the format.
import { readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync, deflateRawSync } from 'node:zlib';

const crcs = Array.from({ length: 256 }, (_, n) => {
    for (let bit = 0; bit < 8; bit++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
    return n >>> 0;
});
/** @param {Uint8Array} bytes */
function crc32(bytes) {
    let crc = 0xffffffff;
    for (const byte of bytes) crc = crcs[(crc ^ byte) & 255] ^ (crc >>> 8);
    return (crc ^ 0xffffffff) >>> 0;
}

/** The gzip members of a recording: the head of each, and its line. @param {Buffer} file */
function* members(file) {
    for (let at = 0; at < file.length;) {
        const length = file.readUInt32LE(at + 16 + 4);
        yield { head: Buffer.from(file.subarray(at, at + 72)), line: gunzipSync(file.subarray(at, at + length)).toString('utf8') };
        at += length;
    }
}

/** @param {Buffer} head @param {any} content */
function member(head, content) {
    const line = Buffer.from(`${JSON.stringify(content)}\n`);
    const packed = deflateRawSync(line);
    const tail = Buffer.alloc(8);
    tail.writeUInt32LE(crc32(line), 0);
    tail.writeUInt32LE(line.length, 4);
    head.writeUInt32LE(head.length + packed.length + tail.length, 16 + 4);
    if (content.rows) head.writeUInt32LE(content.rows.length, 16 + 20);
    head.writeUInt32LE(crc32(head.subarray(0, 68)), 68);
    return Buffer.concat([head, packed, tail]);
}

/**
 * Writes a recording that is another one, changed. Spans and the index at the end are left out: readers do without.
 * @param {string} from
 * @param {string} to
 * @param {(content: any) => any} change
 */
export function rewrite(from, to, change) {
    const all = [];
    for (const { head, line } of members(readFileSync(from))) {
        const content = JSON.parse(line);
        if (content.kind === 'span') continue;
        for (const index of ['lengths', 'to_ns', 'wall_less_to_ns', 'suspended_ms']) if (content.kind === 'end') delete content[index];
        all.push(member(head, change(content)));
    }
    writeFileSync(to, Buffer.concat(all));
}

const kinds = ['header', 'interval', 'span', 'end'];

/**
 * A recording of lines, each with its number, its times by the monotonic clock and when it ended.
 * @param {{ content: any, number: number, from: number, to: number, wall: string }[]} all
 */
export function encode(all) {
    return Buffer.concat(
        all.map(({ content, number, from, to, wall }) => {
            const head = Buffer.alloc(72);
            const wallNs = BigInt(Date.parse(wall)) * 1_000_000n;
            head.set([0x1f, 0x8b, 8, 4]);
            head.writeUInt32LE(Number(wallNs / 1_000_000_000n), 4);
            head[9] = 3;
            head.writeUInt16LE(60, 10);
            head.write('KS', 12);
            head.writeUInt16LE(56, 14);
            head[16] = 1;
            head[17] = kinds.indexOf(content.kind) + 1;
            head.writeBigInt64LE(BigInt(number), 24);
            head.writeInt32LE(content.kind === 'interval' ? 1 : 0, 32);
            head.writeBigInt64LE(BigInt(from), 40);
            head.writeBigInt64LE(BigInt(to), 48);
            head.writeBigInt64LE(wallNs, 56);
            return member(head, content);
        }),
    );
}

const lists = ['rows', 'times', 'slow', 'open', 'open_before', 'open_ages', 'vms'];

/** Each VM as often as is said, with numbers after their names. @param {number} times @returns {(content: any) => any} */
export const manifold = (times) => (content) => {
    const copies = (/** @type {any[]} */ list) =>
        Array.from({ length: times }, (_, n) =>
            list.map((item) => ({
                ...item,
                vm: `${item.vm}-${n}`,
                ...(item.vm_id === undefined ? {} : { vm_id: item.vm_id + 1000 * n }),
                ...(item.vm_pid === undefined ? {} : { vm_pid: item.vm_pid + 1000 * n }),
            })),
        ).flat();
    const next = { ...content };
    if (content.machines) next.machines = copies(content.machines);
    for (const list of lists) if (content[list]) next[list] = copies(content[list]);
    // Slow exits are in order of time.
    next.slow?.sort((/** @type {any} */ a, /** @type {any} */ b) => (a.time < b.time ? -1 : 1));
    return next;
};

/** Another name in each field that has one of others. @param {string} name @returns {(content: any) => any} */
export const renamed = (name) => (content) => {
    const next = structuredClone(content);
    if (next.kind === 'header') Object.assign(next, { host: name, kernel: name, cpu: name });
    for (const machine of next.machines ?? []) machine.vm = name;
    for (const list of lists) {
        for (const item of next[list] ?? []) {
            item.vm = name;
            if (item.ran_instead !== undefined) item.ran_instead = { ...item.ran_instead, name };
            if (item.qualifier !== undefined) item.qualifier = name;
        }
    }
    for (const vm of next.vms ?? []) Object.assign(vm, { uuid: name, namespace: name, pod: name, vmid: name });
    return next;
};
