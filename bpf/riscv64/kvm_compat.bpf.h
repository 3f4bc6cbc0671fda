/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * KVM on riscv64, since 6.10, which has its events: kvm_exit(trap) and kvm_entry(vcpu). The exit
 * does not say of which vCPU it is: it fires with the vCPU loaded on the thread, see loaded_vcpu().
 */
#ifndef KVMSCOPE_RISCV64_KVM_COMPAT_BPF_H
#define KVMSCOPE_RISCV64_KVM_COMPAT_BPF_H

#include "../contract.h"
#include "../kvm_compat.bpf.h"
#include "../maps.bpf.h"
#include "reason.h"

/* Is the vCPU in kvm_vcpu_block()? */
static __always_inline bool is_blocking(struct kvm_vcpu *vcpu)
{
	return BPF_CORE_READ(vcpu, stat.generic.blocking);
}

/* KVM has no nested guests here: everything is level 1. */
static __always_inline u32 vcpu_in_l2(struct kvm_vcpu *vcpu, bool direct)
{
	return 0;
}

static __always_inline u32 exit_isa(u64 *ctx, bool older)
{
	return KVMSCOPE_ISA_RISCV64;
}

/*
 * The trap is on the kernel's stack, valid for as long as the program runs: its address is kept in
 * the slot for what reads more of it.
 */
static __always_inline u64 exit_code(struct kvm_vcpu *vcpu, struct kvmscope_slot *slot, u64 *ctx,
				     bool l2, bool older)
{
	struct kvm_cpu_trap *trap = (void *)ctx[0];
	unsigned long scause = 0;

	if (!trap) /* typed maybe-null since 6.12 */
		return UNREAD_CODE;
	if (knobs.know_qualifier || knobs.want_pages)
		slot->code_at = (u64)trap;
	if (bpf_core_read(&scause, sizeof(scause), &trap->scause))
		return UNREAD_CODE;
	return scause;
}

/* The trap of the exit that is being traced. */
static __always_inline struct kvm_cpu_trap *exit_trap(struct kvmscope_slot *slot)
{
	return (void *)slot->code_at;
}

/* Saved with every exit. */
static __always_inline bool read_rip(struct kvm_vcpu *vcpu, u32 isa, bool direct, u64 *rip)
{
	*rip = BPF_CORE_READ(vcpu, arch.guest_context.sepc);
	return true;
}

static __always_inline u64 rip_at_entry(struct kvm_vcpu *vcpu, u32 isa, u32 level)
{
	return 0;
}

#endif
