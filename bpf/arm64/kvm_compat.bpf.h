/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * KVM on arm64. kvm_exit(ret, esr_ec, pc) and kvm_entry(pc) do not say of which
 * vCPU they are: both fire with the vCPU loaded on the thread, see loaded_vcpu().
 */
#ifndef KVMSCOPE_ARM64_KVM_COMPAT_BPF_H
#define KVMSCOPE_ARM64_KVM_COMPAT_BPF_H

#include "../contract.h"
#include "../kvm_compat.bpf.h"
#include "reason.h"

/* Is the vCPU in kvm_vcpu_block()? Up to 5.15: does its thread wait in the vCPU's rcuwait? */
static __always_inline bool is_blocking(struct kvm_vcpu *vcpu)
{
	struct kvm_vcpu___waiting *old = (void *)vcpu;

	if (bpf_core_field_exists(vcpu->stat.generic.blocking))
		return BPF_CORE_READ(vcpu, stat.generic.blocking);
	if (bpf_core_field_exists(old->wait.task))
		return BPF_CORE_READ(old, wait.task);
	return false;
}

/* Nested guests are not distinguished here: everything is level 1. */
static __always_inline u32 vcpu_in_l2(struct kvm_vcpu *vcpu, bool direct)
{
	return 0;
}

static __always_inline u32 exit_isa(u64 *ctx, bool older)
{
	return KVMSCOPE_ISA_ARM64;
}

static __always_inline u64 exit_code(struct kvm_vcpu *vcpu, struct kvmscope_slot *slot, u64 *ctx,
				     bool l2, bool older)
{
	return reason_code(ctx[0], ctx[1]);
}

static __always_inline u64 guest_register(struct kvm_vcpu *vcpu, u32 number)
{
	return BPF_CORE_READ(vcpu, arch.ctxt.regs.regs[number & 0x1f]);
}

/* The syndrome of the last trap: valid from its exit to the next. */
static __always_inline u32 syndrome(struct kvm_vcpu *vcpu)
{
	u32 esr = 0;

	bpf_core_read(&esr, sizeof(esr), &vcpu->arch.fault.esr_el2);
	return esr;
}

/* Saved with every exit. */
static __always_inline bool read_rip(struct kvm_vcpu *vcpu, u32 isa, bool direct, u64 *rip)
{
	*rip = BPF_CORE_READ(vcpu, arch.ctxt.regs.pc);
	return true;
}

static __always_inline u64 rip_at_entry(struct kvm_vcpu *vcpu, u32 isa, u32 level)
{
	return 0;
}

#endif
