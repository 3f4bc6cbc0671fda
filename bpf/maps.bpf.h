/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Knobs and maps. User space replaces sizes of 1 before load, by those of the host. */
#ifndef KVMSCOPE_MAPS_BPF_H
#define KVMSCOPE_MAPS_BPF_H

#include "kernel_types.h"
#include "contract.h"
#include <bpf/bpf_helpers.h>

const volatile struct kvmscope_knobs knobs SEC(".rodata.knobs");

struct kvmscope_control control SEC(".bss.control");

/*
 * The last slot per CPU, each in its own cache line. Only a hint: the slot says whose it is.
 * VMX, where it is wanted: the guest's RIP at the kvm_exit that is being traced.
 */
struct hint {
	u32 slot;
	u32 has_rip;
	u64 rip;
	u64 pad[6];
} hints[KVMSCOPE_HINTS] __attribute__((aligned(64)));

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct kvmscope_cell);
} cells SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct kvmscope_slot);
} slots SEC(".maps");

/* By vCPU address. Only for a vCPU that is new on its CPU. Preallocated: IRQs are off. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, u64);
	__type(value, u32);
} vcpu_to_slot SEC(".maps");

/*
 * vCPUs that found no slot, by address: free_round + 1 when none was left, or 0 to try at the
 * next exit. They are not in `vcpu_to_slot`, whose room is for the vCPUs with a slot.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, KVMSCOPE_MAX_UNTRACKED);
	__type(key, u64);
	__type(value, u32);
} untracked SEC(".maps");

/* By number from 1 on; see kvmscope_sketch. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct kvmscope_sketch);
} sketches SEC(".maps");

/* The cells of a slot that its index does not name. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct kvmscope_extra);
	__type(value, u32);
} extras SEC(".maps");

/*
 * Thread to slot (thread_entry()), for events while no vCPU is loaded. A slot's `tid` is the thread
 * only as long as the thread's entry here is that slot (note_thread()). Each CPU may keep 128 free
 * entries to itself, so the map is that much larger: TableSizes.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} threads SEC(".maps");

/* How KVM_RUN returns, by slot number; and what it returned with: KVMSCOPE_RETURN_KINDS per slot.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct kvmscope_vmm);
} vmms SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct kvmscope_cell);
} return_cells SEC(".maps");

/* The last exits: knobs.last_count per slot, a ring. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct kvmscope_last);
} last_exits SEC(".maps");

/* What ran recently on a CPU, for --who: a ring of stretches from one task switch to the next. */
#define STRETCHES 16

struct stretch {
	u64 from_ns;
	u64 to_ns;
	u32 pid;
	char comm[KVMSCOPE_COMM_LENGTH];
};

struct cpu_history {
	u64 since_ns; /* the last switch */
	u32 next;
	u32 best; /* what name_longest() has found so far */
	u64 most_ns;
	struct stretch ring[STRETCHES];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct cpu_history);
} cpu_history SEC(".maps");

/*
 * Free lists, filled by user space. A queue needs no atomic result, which 5.10 does not have.
 * Cells have three: for reasons, for what a reason's exits share (OTHER, ROUND), and for
 * qualifiers, which may be many and must not use up the others' cells.
 */
struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 1);
	__type(value, struct kvmscope_run);
} free_slots SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 1);
	__type(value, struct kvmscope_run);
} free_reasons SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 1);
	__type(value, struct kvmscope_run);
} free_shared SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 1);
	__type(value, struct kvmscope_run);
} free_qualified SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 1);
	__type(value, struct kvmscope_run);
} free_sketches SEC(".maps");

/*
 * No program reads this. To replace an element of a map of maps, the kernel waits until all
 * programs have ended that began before (maybe_wait_bpf_programs() of kernel/bpf/syscall.c, since
 * 5.0): this is how user space waits for that.
 */
struct waited {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u32);
} waited SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, u32);
	__array(values, struct waited);
} wait_programs SEC(".maps") = {
    .values = {&waited},
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct kvmscope_losses);
} losses SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} slow_exits SEC(".maps");

#endif
