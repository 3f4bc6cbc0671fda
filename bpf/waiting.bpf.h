/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Who has the CPU for which a vCPU's thread waits; looks at every task switch of the host. */
#ifndef KVMSCOPE_WAITING_BPF_H
#define KVMSCOPE_WAITING_BPF_H

#include "slots.bpf.h"

static __always_inline struct kvmscope_slot *slot_of_task(struct task_struct *task)
{
	u32 tid = BPF_CORE_READ(task, pid);
	u32 *number;

	if (!tid)
		return NULL;
	number = bpf_map_lookup_elem(&threads, &tid);
	return number ? slot_at(*number) : NULL;
}

/* The last wait has ended: is it the longest of this exit? `delay`: the thread's run_delay now. */
static __always_inline void settle_wait(struct kvmscope_slot *slot, u64 delay)
{
	u64 waited = delay - slot->wait_delay;

	if (!slot->wait_comm[0])
		return;
	if (delay > slot->wait_delay && waited > slot->longest_wait_ns) {
		slot->longest_wait_ns = waited;
		slot->longest_pid = slot->wait_pid;
		__builtin_memcpy(slot->longest_comm, slot->wait_comm, KVMSCOPE_COMM_LENGTH);
	}
	slot->wait_comm[0] = 0;
}

static __always_inline void forget_waits(struct kvmscope_slot *slot)
{
	slot->longest_wait_ns = 0;
	slot->wait_comm[0] = 0;
}

/*
 * sched_switch, before run_delay of the next task has grown by its wait, which
 * is therefore settled when it leaves the CPU again, or its exit ends.
 */
static __always_inline int switch_tasks(struct task_struct *prev, struct task_struct *next)
{
	struct kvmscope_slot *slot;

	slot = slot_of_task(prev);
	if (slot)
		settle_wait(slot, run_delay(prev));
	slot = slot_of_task(next);
	if (!slot)
		return 0;
	slot->wait_delay = run_delay(next);
	slot->wait_pid = BPF_CORE_READ(prev, pid);
	bpf_core_read(slot->wait_comm, KVMSCOPE_COMM_LENGTH, &prev->comm);
	return 0;
}

#endif
