/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Which task has the CPU while a vCPU's thread waits for it. Traces all task switches of the host.
 */
#ifndef KVMSCOPE_WAITING_BPF_H
#define KVMSCOPE_WAITING_BPF_H

#include "slots.bpf.h"

/* The slot of the vCPU that the thread ran last; NULL if the slot is another vCPU's by now. */
static __always_inline struct kvmscope_slot *slot_of_task(struct task_struct *task)
{
	u32 tid = BPF_CORE_READ(task, pid);
	struct kvmscope_slot *slot;
	u64 *known;

	if (!tid)
		return NULL;
	known = bpf_map_lookup_elem(&threads, &tid);
	slot = known ? slot_at((u32)*known) : NULL;
	return slot && *known == thread_entry(slot, (u32)*known) ? slot : NULL;
}

static __always_inline struct cpu_history *history_here(void)
{
	u32 zero = 0;

	return bpf_map_lookup_elem(&cpu_history, &zero);
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
 * The task that ran longest on this CPU during the wait; the idle task only if there is no
 * other. The CPU is the one that the thread got in the end and still runs on. What is found is
 * kept in the map and not in registers: otherwise the verifier follows each path through the
 * loop separately, a million instructions. IRQs are off here.
 */
static __noinline int name_longest(struct kvmscope_slot *slot, u64 from, u64 to, u32 own)
{
	struct stretch *best;
	struct cpu_history *here;
	u64 ns;
	u32 i;

	here = history_here();
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

/* Thread `own`, whose run_delay is `delay`, has ended its last wait: is it the exit's longest? */
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
	struct cpu_history *here = history_here();
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
 * sched_switch: the wait of the next task is not yet in its run_delay. It is therefore settled
 * when the task leaves the CPU again, or when its exit ends.
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
