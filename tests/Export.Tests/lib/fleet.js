// @ts-check
// A week of three hosts, made here: two of them get another kernel in the middle of it, after which page faults take longer.
import { writeFileSync } from 'node:fs';
import { encode } from '../../Page.Tests/lib/recording.js';

const hour = 3_600_000_000_000;
const begin = Date.UTC(2026, 2, 2);
const update = 84;

/** @typedef {{ host: string, kernels: string[], vms: string[] }} Host */
/** @type {Host[]} */
export const hosts = [
    { host: 'web7', kernels: ['6.12.9', '6.12.12'], vms: ['shop-1', 'shop-2'] },
    { host: 'web8', kernels: ['6.12.9', '6.12.12'], vms: ['shop-3', 'mail-1'] },
    { host: 'db1', kernels: ['6.12.9', '6.12.9'], vms: ['db-1', 'db-2'] },
];

/** @param {number} ns @param {number} count the times of so many exits, the slowest of which take 16 times as long */
const histogram = (ns, count) => {
    const slow = Math.floor(count / 50);
    const low = (/** @type {number} */ of) => 2 ** Math.floor(Math.log2(of));
    return {
        hist: [
            [low(ns), count - slow],
            [low(16 * ns), slow],
        ],
        total_ns: (count - slow) * ns + slow * 16 * ns,
        max_ns: 16 * ns,
    };
};

/**
 * @param {number} vm
 * @param {string} name
 * @param {number} vcpu
 * @param {[number, string, number, number, any]} exit
 */
function row(vm, name, vcpu, [code, reason, count, ns, more]) {
    const times = histogram(ns, count);
    const part = reason === 'HLT' ? 'halt' : reason === 'IO_INSTRUCTION' ? 'vmm' : 'kvm';
    const parts = { [part]: times.total_ns };
    return { vm_id: vm, vm: name, vcpu, isa: 'vmx', code, reason, level: 1, count, timed: count, ...times, parts_ns: parts, ...more };
}

/** @param {Host} of @param {number} first @param {number} count @param {number} boot */
function recording({ host, kernels, vms }, first, count, boot) {
    const time = (/** @type {number} */ hours) => new Date(begin + (hours * hour) / 1e6).toISOString();
    const kernel = kernels[boot];
    const header = {
        kind: 'header',
        format: 'kvmscope-recording',
        version: 1,
        program: '0.1.0',
        host,
        kernel,
        cpu: 'a CPU',
        cpus: 4,
        boot_id: `${host}-${boot}`,
        isa: 'vmx',
        started: time(first),
        utc_offset_minutes: 0,
        started_ns: first * hour,
        interval_ns: hour,
        by: 'vcpu',
        time: true,
        split: true,
        qualifiers: true,
        nested: true,
        slow_ns: 10_000_000,
        who: true,
        all_exits: true,
        selection: {},
        machines: [],
    };
    const all = [{ content: /** @type {any} */ (header), number: 0, from: first * hour, to: first * hour, wall: time(first) }];
    for (let i = 0; i < count; i++) {
        const at = first + i;
        const busy = host === 'web8' ? 3 : 1;
        const faultNs = kernel === '6.12.12' ? 9_000 : 5_000;
        const [rows, times, slow] = /** @type {[any[], any[], any[]]} */ ([[], [], []]);
        vms.forEach((name, vm) => {
            for (const vcpu of [0, 1]) {
                const own = [
                    row(vm, name, vcpu, [12, 'HLT', 40_000, 48_000_000 / busy, {}]),
                    row(vm, name, vcpu, [32, 'MSR_WRITE', 900_000 * busy, 2_000, { qualifier: 'IA32_TSC_DEADLINE', qualifier_raw: 0x6e0 }]),
                    row(vm, name, vcpu, [48, 'EPT_VIOLATION', 30_000 * busy, faultNs, { qualifier: 'write', qualifier_raw: 2 }]),
                    row(vm, name, vcpu, [
                        30,
                        'IO_INSTRUCTION',
                        6_000,
                        80_000,
                        { qualifier: '0x3f8 out (COM1)', qualifier_raw: 0x2000003f8 },
                    ]),
                ];
                const used = own.reduce((sum, r) => sum + r.total_ns, 0);
                const runq = name === 'mail-1' ? hour / 10 : hour / 1000;
                rows.push(...own);
                times.push({ vm_id: vm, vm: name, vcpu, wall_ns: hour, parts_ns: { guest: hour - used - runq, runq } });
            }
            if (name === 'mail-1' && at % 6 === 0)
                slow.push({
                    time: time(at + 0.5),
                    vm_id: vm,
                    vcpu: 0,
                    tid: 4250,
                    isa: 'vmx',
                    code: 30,
                    reason: 'IO_INSTRUCTION',
                    level: 1,
                    qualifier: '0x3f8 out (COM1)',
                    qualifier_raw: 0x2000003f8,
                    duration_ns: 25_000_000,
                    rip: 0x81000000,
                    cpu_exit: 1,
                    cpu: 2,
                    parts_ns: { vmm: 5_000_000, runq: 20_000_000 },
                    ran_instead: at % 12 ? 'backup' : 'qemu',
                    ran_instead_pid: 77,
                });
        });
        const exits = rows.reduce((sum, r) => sum + r.count, 0);
        const content = {
            kind: 'interval',
            interval: i,
            from: time(at),
            to: time(at + 1),
            from_ns: at * hour,
            to_ns: (at + 1) * hour,
            vms: vms.map((vm, n) => ({ vm_id: n, vm, vm_pid: 4242 + n, vmm: 'qemu' })),
            rows,
            times,
            slow,
            trust: { exits, entries: exits, ...(host === 'db1' && at === 30 ? { dropped_exits: 5 } : {}) },
            open_ages: [],
        };
        all.push({ content, number: i, from: at * hour, to: (at + 1) * hour, wall: time(at + 1) });
    }
    all.push({ content: { kind: 'end', intervals: count }, number: count, from: 0, to: 0, wall: time(first + count) });
    return encode(all);
}

/** Writes the recordings of all hosts. @param {string} folder */
export function write(folder) {
    for (const host of hosts) {
        writeFileSync(`${folder}/${host.host}-a.kvmscope`, recording(host, 0, update, 0));
        writeFileSync(`${folder}/${host.host}-b.kvmscope`, recording(host, update, 168 - update, 1));
    }
}
