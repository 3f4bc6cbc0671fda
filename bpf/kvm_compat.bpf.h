/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * One getter per difference between kernels, for what all architectures have. It stands on
 * kernel_types.h alone; the kvm_compat.bpf.h of each architecture, with the rest, stands on it.
 *
 * `direct` is a compile-time constant: true in tp_btf programs, where the vCPU is a typed pointer
 * and a field costs one load; false in raw_tp programs, where it costs a helper call.
 */
#ifndef KVMSCOPE_KVM_COMPAT_BPF_H
#define KVMSCOPE_KVM_COMPAT_BPF_H

#include "kernel_types.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

/* What exit_code() gives where the code cannot be read. */
#define UNREAD_CODE (~0ull)

struct vcpu_identity {
	u64 kvm;
	u32 vcpu_id;
	u32 tgid;
	u32 tid;
	u64 poll_ns; /* not identity: ns of halt polling so far */
};

static __always_inline u64 vcpu_kvm(struct kvm_vcpu *vcpu, bool direct)
{
	return direct && VCPU_IS_TYPED ? (u64)vcpu->kvm : (u64)BPF_CORE_READ(vcpu, kvm);
}

static __always_inline u32 vcpu_id(struct kvm_vcpu *vcpu, bool direct)
{
	return direct && VCPU_IS_TYPED ? vcpu->vcpu_id : BPF_CORE_READ(vcpu, vcpu_id);
}

/* bpf_get_current_task_btf() is new in 5.11, where tp_btf on KVM's events is too. */
static __always_inline u32 current_tid(bool direct)
{
	if (direct)
		return bpf_get_current_task_btf()->pid;
	return (u32)bpf_get_current_pid_tgid();
}

static __always_inline u32 current_tgid(bool direct)
{
	if (direct)
		return bpf_get_current_task_btf()->tgid;
	return bpf_get_current_pid_tgid() >> 32;
}

/* What the kernel calls the current process: the name of its first thread. */
static __always_inline void current_process_comm(char *comm)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct task_struct *leader = BPF_CORE_READ(task, group_leader);

	bpf_core_read(comm, KVMSCOPE_COMM_LENGTH, &leader->comm);
}

/* ns that the thread has waited for a CPU so far; 0 without CONFIG_SCHED_INFO. */
static __always_inline u64 run_delay(struct task_struct *task)
{
	if (!bpf_core_field_exists(task->sched_info.run_delay))
		return 0;
	return BPF_CORE_READ(task, sched_info.run_delay);
}

/*
 * The task could go on running: it was preempted, and does not sleep. As
 * kvm_sched_out() decides it: on_rq, and since 6.12 not only for its lag.
 */
static __always_inline bool is_runnable(struct task_struct *task)
{
	if (!BPF_CORE_READ_BITFIELD_PROBED(task, on_rq)) /* an int, since 7.0 or so a u8 */
		return false;
	if (bpf_core_field_exists(task->se.sched_delayed) && BPF_CORE_READ(task, se.sched_delayed))
		return false;
	return true;
}

/* ns that KVM has polled for the vCPU's wake-up so far. */
static __always_inline u64 halt_poll_ns(struct kvm_vcpu *vcpu)
{
	struct kvm_vcpu___flat *flat = (void *)vcpu;

	if (bpf_core_field_exists(vcpu->stat.generic.halt_poll_success_ns))
		return BPF_CORE_READ(vcpu, stat.generic.halt_poll_success_ns) +
		       BPF_CORE_READ(vcpu, stat.generic.halt_poll_fail_ns);
	if (bpf_core_field_exists(flat->stat.halt_poll_success_ns))
		return BPF_CORE_READ(flat, stat.halt_poll_success_ns) +
		       BPF_CORE_READ(flat, stat.halt_poll_fail_ns);
	return 0;
}

/*
 * The vCPU that is loaded on the current thread, NULL where none is. KVM registers the vCPU's
 * preempt notifier with the thread in vcpu_load() and removes it in vcpu_put()
 * (virt/kvm/kvm_main.c); nothing else in the kernel uses preempt notifiers.
 *
 * Who may call it: programs that run in the vCPU's thread, at events between vcpu_load() and
 * vcpu_put(). In an interrupt, `current` is whichever thread was interrupted: the events that are
 * traced fire in none. Preemption may be on: the list is the thread's and not the CPU's, and only
 * the thread itself changes it, so that after a migration the answer is the same.
 *
 * What holds: the vCPU is loaded, so it is not destroyed before the program returns.
 */
static __always_inline struct kvm_vcpu *loaded_vcpu(bool direct)
{
	struct task_struct *task;
	u64 node;

	if (direct) {
		node = (u64)bpf_get_current_task_btf()->preempt_notifiers.first;
	} else {
		task = (void *)bpf_get_current_task();
		node = (u64)BPF_CORE_READ(task, preempt_notifiers.first);
	}
	if (!node)
		return NULL;
	return (void *)(node - bpf_core_field_offset(struct kvm_vcpu, preempt_notifier.link));
}

#endif
