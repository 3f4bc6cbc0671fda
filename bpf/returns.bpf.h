/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Returns to the VMM: what KVM_RUN returned with, and how long until the VMM called it again. A
 * return needs no exit (a signal, immediate_exit), and an exit can have several.
 *
 *   begin   kvm_arch_vcpu_ioctl_run() is called: within KVM_RUN, and in no other ioctl of the vCPU
 *   end     kvm_userspace_exit(reason, errno): it alone has both, and no probe at the end of a
 *           function that sleeps for long can be skipped for want of a place to keep its start
 *
 * Both fire with the vCPU's mutex held, so there is one writer. The event has no vCPU, which is
 * not loaded any more: its slot is that of the thread. A vCPU whose thread slept in KVM_RUN when
 * the trace began is met when the thread has a CPU again.
 */
#ifndef KVMSCOPE_RETURNS_BPF_H
#define KVMSCOPE_RETURNS_BPF_H

#include "last.bpf.h"
#include "pairing.bpf.h"

/* include/uapi/linux/kvm.h: KVM_EXIT_* whose data is kept, and where kvm_run has it. */
#define KVM_EXIT_FAIL_ENTRY	9
#define KVM_EXIT_INTR		10
#define KVM_EXIT_INTERNAL_ERROR 17
#define KVM_EXIT_SYSTEM_EVENT	24
#define KVM_RUN_DATA		32

#define RETURN_EINTR 4

/* The slot of the vCPU whose KVM_RUN the current thread is in; NULL where it is not known. */
static __always_inline struct kvmscope_slot *returning_slot(u32 *number)
{
	u32 tid = (u32)bpf_get_current_pid_tgid();
	struct kvmscope_slot *slot;
	u64 *known;

	*number = hints[bpf_get_smp_processor_id() & (KVMSCOPE_HINTS - 1)].slot;
	slot = slot_at(*number);
	if (slot && slot->vcpu && slot->tid == tid)
		return slot;
	known = bpf_map_lookup_elem(&threads, &tid);
	if (!known)
		return NULL;
	*number = (u32)*known;
	slot = slot_at(*number);
	return slot && slot->vcpu && slot->tid == tid ? slot : NULL;
}

static __always_inline struct kvmscope_cell *cell_of_return(u32 slot_number, u32 open)
{
	u32 at = slot_number * KVMSCOPE_RETURN_KINDS + open - KVMSCOPE_FIRST_CELL;

	return open >= KVMSCOPE_FIRST_CELL ? bpf_map_lookup_elem(&return_cells, &at) : NULL;
}

/* What `open` is for a return of this kind. */
static __noinline u32 return_open(struct kvmscope_vmm *vmm, u32 kind)
{
	u32 i;

	if (!vmm)
		return KVMSCOPE_VMM_DROPPED;
	for (i = 0; i < KVMSCOPE_RETURN_KINDS; i++) {
		if (i >= vmm->used)
			break;
		if (vmm->kinds[i] == (s32)kind)
			return KVMSCOPE_FIRST_CELL + i;
	}
	if (i >= KVMSCOPE_RETURN_KINDS)
		return KVMSCOPE_VMM_DROPPED;
	vmm->kinds[i] = kind;
	barrier();
	vmm->used = i + 1;
	return KVMSCOPE_FIRST_CELL + i;
}

/* The return that is open ends: with a duration, or without one, as its end was not seen. */
static __always_inline void end_return(struct kvmscope_vmm *vmm, u32 slot_number, u32 open, u64 now,
				       bool timed)
{
	struct kvmscope_cell *cell = cell_of_return(slot_number, vmm->open);

	if (!cell) {
		vmm->open = open;
		return;
	}
	begin_end(cell);
	vmm->open = open;
	barrier();
	if (timed)
		add_duration(cell, now > vmm->since_ns ? now - vmm->since_ns : 0);
	else
		cell->untimed++;
	finish_end(cell);
}

/* KVM_RUN begins. */
static __always_inline int begin_run(struct kvm_vcpu *vcpu)
{
	u32 tid = (u32)bpf_get_current_pid_tgid(), number;
	u64 now = bpf_ktime_get_ns();
	struct kvmscope_slot *slot;
	struct kvmscope_vmm *vmm;

	if (knobs.filter_vcpus && is_foreign(vcpu, false))
		return 0;
	slot = slot_of(vcpu, false, MAKE_SILENTLY, &number);
	vmm = slot ? bpf_map_lookup_elem(&vmms, &number) : NULL;
	if (!vmm)
		return 0;
	if (slot->tid != tid) {
		slot->tid = tid;
		note_thread(slot, tid, number);
	}
	if (vmm->open == KVMSCOPE_VMM_RUN)
		vmm->lost++; /* the return before it was not seen */
	else
		end_return(vmm, number, KVMSCOPE_VMM_RUN, now, true);
	vmm->since_ns = now;
	return 0;
}

/* A thread that slept in KVM_RUN has a CPU again: its return needs the slot. */
static __always_inline void meet_vcpu(struct kvm_vcpu *vcpu)
{
	u32 number;

	if (!knobs.filter_vcpus || !is_foreign(vcpu, false))
		slot_of(vcpu, false, MAKE_SILENTLY, &number);
}

static __always_inline u64 return_detail(struct kvm_vcpu *vcpu, u32 reason)
{
	u64 detail = 0, size = sizeof(u32);
	void *run;

	if (reason == KVM_EXIT_FAIL_ENTRY)
		size = sizeof(u64);
	else if (reason != KVM_EXIT_INTERNAL_ERROR && reason != KVM_EXIT_SYSTEM_EVENT)
		return 0;
	run = BPF_CORE_READ(vcpu, run);
	if (size == sizeof(u64))
		bpf_probe_read_kernel(&detail, sizeof(u64), run + KVM_RUN_DATA);
	else
		bpf_probe_read_kernel(&detail, sizeof(u32), run + KVM_RUN_DATA);
	return detail;
}

/* The thread's vCPU was never met. Which vCPU it is cannot be told, so neither can a filter. */
static __always_inline int lose_return(void)
{
	struct kvmscope_losses *own;
	u32 zero = 0, i, tgid = bpf_get_current_pid_tgid() >> 32;

	if (!control.returns_on || knobs.vcpu_id_count)
		return 0;
	for (i = 0; i < KVMSCOPE_MAX_TGIDS && i < knobs.tgid_count; i++)
		if (knobs.tgids[i] == tgid)
			break;
	if (knobs.tgid_count && (i == KVMSCOPE_MAX_TGIDS || i >= knobs.tgid_count))
		return 0;
	own = bpf_map_lookup_elem(&losses, &zero);
	if (own) /* this event may be preempted */
		__sync_fetch_and_add(&own->lost_returns, 1);
	return 0;
}

/* kvm_userspace_exit: KVM_RUN returns. After an error the reason in kvm_run is an older one. */
static __always_inline int end_run(u32 reason, s32 error)
{
	s32 kind = error == -RETURN_EINTR ? KVM_EXIT_INTR : error < 0 ? error : (s32)reason;
	struct kvmscope_slot *slot;
	struct kvmscope_vmm *vmm;
	u32 number, open;
	u64 now;

	slot = returning_slot(&number);
	if (!slot)
		return lose_return();
	vmm = bpf_map_lookup_elem(&vmms, &number);
	if (!vmm)
		return 0;
	open =
	    knobs.count_returns && control.returns_on ? return_open(vmm, kind) : KVMSCOPE_VMM_OUT;
	if (open == KVMSCOPE_VMM_DROPPED)
		vmm->lost++;
	if (knobs.last_count)
		note_last_return((void *)slot->vcpu, slot, kind);
	vmm->return_detail = error < 0 ? 0 : return_detail((void *)slot->vcpu, reason);
	vmm->return_kind = kind;
	now = bpf_ktime_get_ns();
	if (vmm->open >= KVMSCOPE_FIRST_CELL) /* its begin was not seen */
		end_return(vmm, number, open, now, false);
	vmm->return_ns = now;
	vmm->since_ns = now;
	barrier();
	vmm->open = open;
	return 0;
}

#endif
