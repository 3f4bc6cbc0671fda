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

static __always_inline struct ran *ran_here(void)
{
	u32 zero = 0;

	return bpf_map_lookup_elem(&ran, &zero);
}

/* How much of a stretch lies between two times. */
static __always_inline u64 within(struct stretch *stretch, u64 from, u64 to)
{
	if (from < stretch->from_ns)
		from = stretch->from_ns;
	if (to > stretch->to_ns)
		to = stretch->to_ns;
	return to > from ? to - from : 0;
}

/*
 * Whoever had this CPU for the longest stretch of the wait, the idle task but
 * for none better: the stretches of the CPU that the thread got in the end, and
 * has had since. What is found is kept in the map and not in registers: with the
 * latter the verifier follows each way through the loop on its own, a million
 * instructions of them. IRQs are off here.
 */
static __noinline int name_longest(struct kvmscope_slot *slot, u64 from, u64 to, u32 own)
{
	struct stretch *best;
	struct ran *here;
	u64 ns;
	u32 i;

	here = ran_here();
	if (!slot || !here)
		return 0;
	here->most_ns = 0;
	for (i = 0; i < STRETCHES; i++) {
		ns = within(&here->ring[i], from, to);
		if (!here->ring[i].pid && ns)
			ns = 1;
		if (here->ring[i].pid == own) /* the scheduler's clock is not quite ours */
			ns = 0;
		barrier();
		if (ns > here->most_ns) {
			here->most_ns = ns;
			here->best = i;
		}
		barrier();
	}
	if (!here->most_ns)
		return 0;
	best = &here->ring[here->best & (STRETCHES - 1)];
	slot->longest_pid = best->pid;
	__builtin_memcpy(slot->longest_comm, best->comm, KVMSCOPE_COMM_LENGTH);
	return 1;
}

/* The last wait of thread `own` has ended: is it this exit's longest? `delay`: its run_delay. */
static __always_inline void settle_wait(struct kvmscope_slot *slot, u64 delay, u32 own)
{
	u64 waited = delay - slot->wait_delay, end = slot->wait_end_ns;

	if (!end)
		return;
	slot->wait_end_ns = 0;
	if (delay > slot->wait_delay && waited > slot->longest_wait_ns &&
	    name_longest(slot, end > waited ? end - waited : 0, end, own))
		slot->longest_wait_ns = waited;
}

static __always_inline void forget_waits(struct kvmscope_slot *slot)
{
	slot->longest_wait_ns = 0;
	slot->wait_end_ns = 0;
}

static __always_inline void note_stretch(struct task_struct *prev, u64 now)
{
	struct ran *here = ran_here();
	struct stretch *stretch;

	if (!here)
		return;
	if (here->since_ns) {
		stretch = &here->ring[here->next & (STRETCHES - 1)];
		stretch->from_ns = here->since_ns;
		stretch->to_ns = now;
		stretch->pid = BPF_CORE_READ(prev, pid);
		bpf_core_read(stretch->comm, KVMSCOPE_COMM_LENGTH, &prev->comm);
		here->next++;
	}
	here->since_ns = now;
}

/*
 * sched_switch, before run_delay of the next task has grown by its wait, which
 * is therefore settled when it leaves the CPU again, or its exit ends.
 */
static __always_inline int switch_tasks(struct task_struct *prev, struct task_struct *next)
{
	u64 now = bpf_ktime_get_ns();
	struct kvmscope_slot *slot;

	slot = slot_of_task(prev);
	if (slot)
		settle_wait(slot, run_delay(prev), BPF_CORE_READ(prev, pid));
	note_stretch(prev, now);
	slot = slot_of_task(next);
	if (!slot)
		return 0;
	slot->wait_delay = run_delay(next);
	slot->wait_end_ns = now;
	return 0;
}

#endif
