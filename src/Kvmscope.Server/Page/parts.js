// @ts-check
// The parts of the wall clock, in the order in which they are stacked.

/** @typedef {{key: string, name: string, about: string, lost: boolean}} Part */

/** @type {Part[]} */
export const parts = [
    { key: 'guest', name: 'Guest', about: 'the guest ran', lost: false },
    { key: 'kvm', name: 'KVM', about: 'KVM handled an exit, on the CPU', lost: true },
    { key: 'vmm', name: 'VMM', about: 'the vCPU was in its VMM (QEMU, Firecracker …)', lost: true },
    { key: 'runq', name: 'Run queue', about: 'it could run and waited for a CPU', lost: true },
    { key: 'halt', name: 'Halt', about: 'halted, asleep', lost: false },
    { key: 'poll', name: 'Halt polling', about: 'halted, and KVM polled on the CPU', lost: false },
    { key: 'sleep', name: 'Sleep', about: 'asleep in the kernel elsewhere', lost: false },
    { key: 'unattributed', name: 'Unattributed', about: 'nothing is known about it', lost: false },
];

/** @param {string} name a variable of the style sheet @returns {string} */
export function colour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}
