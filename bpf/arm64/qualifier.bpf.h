/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Arguments of the traps of arm64: all are in the syndrome and in x0, except the page of MMIO,
 * which kvm_mmio reports. */
#ifndef KVMSCOPE_ARM64_QUALIFIER_BPF_H
#define KVMSCOPE_ARM64_QUALIFIER_BPF_H

#include "../qualifier_values.h"
#include "kvm_compat.bpf.h"

/* ESR_EL2, instruction specific syndrome (Arm ARM, D24.2.37). */
#define ISS_SYS_REGISTER 0x3ffc1e /* op0, op2, op1, CRn, CRm; without Rt and direction */
#define ISS_SYS_READ	 1
#define ISS_WFX		 3
#define ISS_WRITE	 (1u << 6)
#define ISS_CACHE	 (1u << 8) /* cache maintenance: WnR always says write */
#define ISS_FAULT(iss)	 ((iss)&0x3f)

#define HPFAR_FIPA  0xffffffffff0ull
#define EC_IABT_LOW (TRAP_CODES | 0x20)

/* Fault status by its upper bits. */
#define FAULT_TRANSLATION  1
#define FAULT_PERMISSION   3 /* 2: access flag */
#define ABORT_STATUS_SHIFT 4

/* kvm_mmio's type: 2 is a write, 0 and 1 are reads (include/trace/events/kvm.h). */
#define MMIO_KIND	  KVMSCOPE_KIND_ABORT
#define MMIO_ACCESS(type) ((u32)(type) == 2 ? MEMORY_WRITE : MEMORY_READ)

static __always_inline u64 abort_of(u32 iss, u64 code)
{
	u64 access = MEMORY_READ;

	if (code == EC_IABT_LOW)
		access = MEMORY_FETCH;
	else if (iss & ISS_WRITE && !(iss & ISS_CACHE))
		access = MEMORY_WRITE;
	return access | (u64)(ISS_FAULT(iss) >> 2) << ABORT_STATUS_SHIFT;
}

/* At kvm_exit: the value, and the state where that is not KNOWN. */
static __always_inline void read_qualifier(struct kvm_vcpu *vcpu, struct kvmscope_slot *slot,
					   u32 kind, u64 code, u32 l2, bool direct)
{
	u32 iss;

	if (kind == KVMSCOPE_KIND_FIRMWARE) {
		slot->qualifier = (u32)guest_register(vcpu, 0);
		return;
	}
	iss = syndrome(vcpu);
	if (kind == KVMSCOPE_KIND_SYSTEM) {
		slot->qualifier =
		    (iss & ISS_SYS_REGISTER) | (iss & ISS_SYS_READ ? FIRST_WAY : SECOND_WAY);
	} else if (kind == KVMSCOPE_KIND_WAIT) {
		slot->qualifier = iss & ISS_WFX;
	} else {
		slot->qualifier = abort_of(iss, code);
		slot->qualifier_state = KVMSCOPE_QUALIFIER_GUESS; /* kvm_mmio has a better one */
	}
}

/*
 * At kvm_exit: the guest-physical address of an abort, as KVM has saved it (bits 51:12 are
 * HPFAR_EL2's 43:4), and the state. Other aborts than these three have none (__hpfar_valid() and
 * __fault_safe_to_translate() of arch/arm64/kvm/hyp/include/hyp/fault.h).
 */
static __always_inline u32 read_page(struct kvm_vcpu *vcpu, struct kvmscope_slot *slot, u64 code,
				     u32 l2, u64 *gpa)
{
	u32 status = ISS_FAULT(syndrome(vcpu)) >> 2;

	if (status < FAULT_TRANSLATION || status > FAULT_PERMISSION)
		return KVMSCOPE_QUALIFIER_NONE;
	*gpa = (BPF_CORE_READ(vcpu, arch.fault.hpfar_el2) & HPFAR_FIPA) << 8;
	return KVMSCOPE_QUALIFIER_KNOWN;
}

/* There is nothing that is known only at the entry. */
static __always_inline bool late_qualifier(struct kvm_vcpu *vcpu, struct kvmscope_slot *slot,
					   u32 code, u32 isa)
{
	return false;
}

#endif
