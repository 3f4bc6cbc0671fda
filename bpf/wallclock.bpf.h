/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The wall clock of a vCPU: the guest's time, and what an exit's handling time
 * was spent on.
 *
 *   guest       entry to exit, except preemptions in between (SVM up to 6.1
 *               reports an exit only after the host's interrupts were served)
 *   VMM         the vCPU is not loaded: KVM_RUN's end to the next, except run queue
 *   run queue   off the CPU while runnable; run_delay where it slept before
 *   halt        asleep in kvm_vcpu_block()
 *   poll        halt polling, as KVM itself counts it
 *   sleep       asleep in the kernel elsewhere
 *   KVM         the rest of the handling time
 *
 * An ordinary exit costs two additions; everything else happens where a thread leaves the CPU, a
 * vCPU halts or KVM_RUN returns.
 *
 * After an exit that was followed by another the guest ran on without an entry
 * (continue_guest()).
 */
#ifndef KVMSCOPE_WALLCLOCK_BPF_H
#define KVMSCOPE_WALLCLOCK_BPF_H

#include "arch.bpf.h"
#include "slots.bpf.h"

/* Of the open exit; where none is open, of none. */
static __always_inline void add_part(struct kvmscope_slot *slot, u32 part, u64 ns)
{
	if (part >= KVMSCOPE_PARTS)
		return;
	if (slot->open < KVMSCOPE_FIRST_CELL) {
		slot->outside[part] += ns;
		return;
	}
	slot->parts[part] += ns;
	slot->changed = 1;
}

static __always_inline void clear_parts(struct kvmscope_slot *slot)
{
	u32 i;

	for (i = 0; i < KVMSCOPE_PARTS; i++)
		slot->parts[i] = 0;
	slot->changed = 0;
}

/* Whether what the vCPU was found to be doing at the begin of the trace still goes on. */
static __always_inline bool is_as_seen(struct kvmscope_slot *slot)
{
	return !slot->touched && slot->open == KVMSCOPE_OPEN_FRESH;
}

/*
 * The first event of a vCPU that was there before the trace, except kvm_exit and kvm_entry: what it
 * was found to be doing goes on until now, as if the event with which it began had been seen. That
 * a guest ran is known until its exit only.
 */
static __always_inline void touch(struct kvmscope_slot *slot)
{
	if (slot->touched)
		return;
	if (is_as_seen(slot) && slot->seen == KVMSCOPE_SEEN_USER) {
		slot->user_ns = slot->seen_ns;
		slot->user_tid = 0; /* how long it waited for a CPU is not known */
	}
	if (is_as_seen(slot) && slot->seen == KVMSCOPE_SEEN_HALT) {
		slot->out_ns = slot->seen_ns;
		slot->out_part = KVMSCOPE_PART_HALT;
		slot->out_delay = slot->seen_delay;
	}
	slot->touched = 1;
}

/* kvm_exit: the guest's time ends. */
static __always_inline void leave_guest(struct kvmscope_slot *slot, u64 now)
{
	u64 since = slot->entry_ns;

	if (slot->changed) /* of the exit before */
		clear_parts(slot);
	slot->exit_ns = now;
	if (!since) {
		if (!slot->born_ns)
			slot->born_ns = now;
		if (!is_as_seen(slot) || slot->seen != KVMSCOPE_SEEN_GUEST)
			return;
		since = slot->seen_ns;
	}
	slot->entry_ns = 0;
	if (now > since)
		slot->guest_ns += now - since;
}

/*
 * The open exit is followed by another: a fast path of kernels up to 5.15, which
 * entered the guest again within a microsecond, without an event. The time in between is the
 * guest's, except where KVM did more than that.
 */
static __always_inline void continue_guest(struct kvmscope_slot *slot)
{
	if (!slot->changed && !slot->user_ns && !slot->out_ns)
		slot->entry_ns = slot->exit_ns;
}

/*
 * Adds the parts of an exit that ended to its cell, none of them more than is left of `ns`. They
 * stay in the slot, for report_slow(), until leave_guest().
 */
static __noinline int add_parts(struct kvmscope_slot *slot, struct kvmscope_cell *cell, u64 ns)
{
	u64 part;
	u32 i;

	if (!slot || !cell)
		return 0;
	for (i = 0; i < KVMSCOPE_PARTS; i++) {
		part = slot->parts[i];
		if (part > ns)
			part = ns;
		ns -= part;
		cell->parts[i] += part;
	}
	return 0;
}

/* kvm_sched_out: the thread leaves the CPU while its vCPU is loaded. */
static __always_inline int leave_cpu(struct kvm_vcpu *vcpu)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct kvmscope_slot *slot;
	u32 number;

	slot = slot_of(vcpu, false, MAKE_NONE, &number);
	if (!slot)
		return 0;
	touch(slot);
	if (is_runnable(task))
		slot->out_part = KVMSCOPE_PART_RUNQ;
	else if (is_blocking(vcpu))
		slot->out_part = KVMSCOPE_PART_HALT;
	else
		slot->out_part = KVMSCOPE_PART_SLEEP;
	slot->out_delay = run_delay(task);
	slot->out_ns = bpf_ktime_get_ns();
	return 0;
}

/* kvm_sched_in: the thread has a CPU again. */
static __always_inline int take_cpu(struct kvm_vcpu *vcpu)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	u64 now = bpf_ktime_get_ns();
	struct kvmscope_slot *slot;
	u64 off, waited;
	u32 number;

	slot = slot_of(vcpu, false, MAKE_NONE, &number);
	if (!slot)
		return 0;
	touch(slot);
	if (!slot->out_ns)
		return 0;
	off = now > slot->out_ns ? now - slot->out_ns : 0;
	slot->out_ns = 0;
	waited = off;
	if (slot->out_part != KVMSCOPE_PART_RUNQ) {
		waited = run_delay(task) - slot->out_delay;
		if (waited > off)
			waited = off;
	}
	if (slot->entry_ns) {
		slot->outside[KVMSCOPE_PART_RUNQ] += off;
		slot->entry_ns += off;
		return 0;
	}
	add_part(slot, KVMSCOPE_PART_RUNQ, waited);
	add_part(slot, slot->out_part, off - waited);
	return 0;
}

/*
 * kvm_arch_vcpu_put(), as the last of KVM_RUN and of every other ioctl of the
 * vCPU: user space follows. kvm_sched_out() calls it too, after leave_cpu().
 * Both put and load run with preemption off, so no other vCPU's thread finds the program in use
 * on its CPU and is skipped, as happens at events that can be preempted (kvm_userspace_exit on
 * PREEMPT kernels).
 */
static __always_inline int put_vcpu(struct kvm_vcpu *vcpu)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct kvmscope_slot *slot;
	u32 number;

	slot = slot_of(vcpu, false, MAKE_NONE, &number);
	if (!slot)
		return 0;
	touch(slot);
	if (slot->out_ns)
		return 0;
	slot->entry_ns = 0; /* an entry that failed, without kvm_exit: no guest runs */
	slot->user_tid = (u32)bpf_get_current_pid_tgid();
	slot->user_delay = run_delay(task);
	slot->user_ns = bpf_ktime_get_ns();
	return 0;
}

/*
 * A vCPU that is new since the trace began, at the first ioctl that its process makes on it: its
 * wall clock begins now. (When a VM is destroyed, the vCPU is loaded too, by whoever does that.)
 */
static __always_inline int meet_new_vcpu(struct kvm_vcpu *vcpu, struct task_struct *task, u64 now)
{
	struct kvmscope_slot *slot;
	u32 number;

	if (knobs.filter_vcpus && is_foreign(vcpu, false))
		return 0;
	if (BPF_CORE_READ(vcpu, kvm, mm) != BPF_CORE_READ(task, mm))
		return 0;
	slot = slot_of(vcpu, false, MAKE_SILENTLY, &number);
	if (!slot)
		return 0;
	if (!slot->born_ns)
		slot->born_ns = now;
	slot->touched = 1;
	return 0;
}

/* kvm_arch_vcpu_load(): back from user space. Also in kvm_sched_in(): nothing to do then. */
static __always_inline int load_vcpu(struct kvm_vcpu *vcpu)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	u32 tid = (u32)bpf_get_current_pid_tgid();
	u64 now = bpf_ktime_get_ns();
	struct kvmscope_slot *slot;
	u64 away, waited = 0;
	u32 number;

	slot = slot_of(vcpu, false, MAKE_NONE, &number);
	if (!slot)
		return meet_new_vcpu(vcpu, task, now);
	touch(slot);
	if (!slot->user_ns)
		return 0;
	away = now > slot->user_ns ? now - slot->user_ns : 0;
	slot->user_ns = 0;
	if (slot->user_tid == tid)
		waited = run_delay(task) - slot->user_delay;
	if (waited > away)
		waited = away;
	add_part(slot, KVMSCOPE_PART_RUNQ, waited);
	add_part(slot, KVMSCOPE_PART_VMM, away - waited);
	return 0;
}

/* kvm_vcpu_wakeup: a halt has ended, and KVM has counted how long it polled. */
static __always_inline int wake_up(struct kvm_vcpu *vcpu)
{
	struct kvmscope_slot *slot;
	u64 polled;
	u32 number;

	slot = slot_of(vcpu, false, MAKE_NONE, &number);
	if (!slot)
		return 0;
	polled = halt_poll_ns(vcpu);
	if (!slot->entry_ns && polled > slot->poll_ns)
		add_part(slot, KVMSCOPE_PART_POLL, polled - slot->poll_ns);
	slot->poll_ns = polled;
	return 0;
}

#endif
