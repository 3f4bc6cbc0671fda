/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Arguments of the exits of x86: saved registers, the VMCB, and what kvm_intel has read of the
 * VMCS. */
#ifndef KVMSCOPE_X86_QUALIFIER_BPF_H
#define KVMSCOPE_X86_QUALIFIER_BPF_H

#include "../qualifier_values.h"
#include "kvm_compat.bpf.h"

#define HYPERV_CALL (1ull << 32)

/* The kind that events of MMIO are about, and what they say besides the page. */
#define MMIO_KIND	  KVMSCOPE_KIND_MEMORY
#define MMIO_ACCESS(type) 0

/* Page-fault error code (APM volume 2, 15.25.6). */
#define PFERR_PRESENT 1
#define PFERR_WRITE   2
#define PFERR_RSVD    8
#define PFERR_FETCH   16

#define VMX_EPT_VIOLATION 48
#define VMX_MSR_READ_IMM  84
#define VMX_APIC_WRITE	  56
#define SVM_IOIO	  0x7b
#define SVM_MSR		  0x7c
#define SVM_NPF		  0x400

/* Leaves of CPUID whose sub-leaf (ECX) matters: Qualifiers.HasSubleaf. */
#define LOW_SUBLEAVES                                                                              \
	(1ull << 0x4 | 1ull << 0x7 | 1ull << 0xb | 1ull << 0xd | 1ull << 0xf | 1ull << 0x10 |      \
	 1ull << 0x12 | 1ull << 0x14 | 1ull << 0x17 | 1ull << 0x18 | 1ull << 0x1b | 1ull << 0x1d | \
	 1ull << 0x1e | 1ull << 0x1f | 1ull << 0x20 | 1ull << 0x23 | 1ull << 0x24)
#define HIGH_SUBLEAVES (1ull << 0x1d | 1ull << 0x20 | 1ull << 0x26) /* from 0x80000000 on */

static __always_inline bool has_subleaf(u32 leaf)
{
	u32 high = leaf - 0x80000000u;

	return (leaf < 64 && LOW_SUBLEAVES >> (leaf & 63) & 1) ||
	       (high < 64 && HIGH_SUBLEAVES >> (high & 63) & 1);
}

static __always_inline u64 memory_of_svm(u64 error, u64 gpa)
{
	u64 access;

	if (error & PFERR_RSVD) /* KVM marks pages without memory so: MMIO */
		return PAGE_OF(gpa) | MEMORY_MMIO;
	access = error & PFERR_WRITE   ? MEMORY_WRITE
		 : error & PFERR_FETCH ? MEMORY_FETCH
				       : MEMORY_READ;
	return access | (error & PFERR_PRESENT ? MEMORY_PRESENT : 0);
}

/* Exit qualification of EPT violations: access in bits 2:0, rights of the page in 5:3. */
static __always_inline u64 memory_of_vmx(u64 qualification)
{
	u64 access = qualification & 2	 ? MEMORY_WRITE
		     : qualification & 4 ? MEMORY_FETCH
					 : MEMORY_READ;

	return access | (qualification >> 3 & 7 ? MEMORY_PRESENT : 0);
}

/* What the VMCB says besides the code; false where it says nothing about this kind. */
static __noinline bool svm_qualifier(struct kvm_vcpu *vcpu, struct kvmscope_slot *slot, u32 kind,
				     u32 l2)
{
	struct svm_info info = {};

	if (!slot || !vcpu || !svm_info(vcpu, slot, l2, &info))
		return false;
	switch (kind) {
	case KVMSCOPE_KIND_PORT: /* bit 0: IN; bits 31:16: the port */
		slot->qualifier =
		    (info.info_1 >> 16 & 0xffff) | (info.info_1 & 1 ? FIRST_WAY : SECOND_WAY);
		return true;
	case KVMSCOPE_KIND_MEMORY:
		slot->qualifier = memory_of_svm(info.info_1, info.info_2);
		/* The first access to an MMIO page looks like one to absent memory. */
		if (!(slot->qualifier & MEMORY_MMIO))
			slot->qualifier_state = KVMSCOPE_QUALIFIER_GUESS;
		return true;
	case KVMSCOPE_KIND_APIC: /* AVIC_UNACCELERATED_ACCESS: bits 11:4, bit 32 for a write */
		slot->qualifier =
		    (info.info_1 & 0xff0) | (info.info_1 >> 32 & 1 ? SECOND_WAY : FIRST_WAY);
		return true;
	}
	return false;
}

/* SVM has one code for reads and writes of MSRs: the way is in the VMCB. */
static __always_inline void msr_way(struct kvm_vcpu *vcpu, struct kvmscope_slot *slot, u32 l2)
{
	struct svm_info info = {};

	if (svm_info(vcpu, slot, l2, &info)) {
		slot->qualifier |= info.info_1 & 1 ? SECOND_WAY : FIRST_WAY;
		return;
	}
	slot->qualifier |= UNKNOWN_WAY;
	slot->qualifier_state = KVMSCOPE_QUALIFIER_GUESS;
}

static __noinline u64 hypercall_qualifier(struct kvm_vcpu *vcpu, u32 l2)
{
	if (!l2 && has_hyperv(vcpu, false))
		return HYPERV_CALL | (guest_register(vcpu, GUEST_RCX, false) & 0xffff);
	return (u32)guest_register(vcpu, GUEST_RAX, false);
}

/* At kvm_exit: the value, and the state where that is not KNOWN. */
static __always_inline void read_qualifier(struct kvm_vcpu *vcpu, struct kvmscope_slot *slot,
					   u32 kind, u64 code, u32 l2, bool direct)
{
	u64 leaf;

	if (kind == KVMSCOPE_KIND_CPUID) {
		leaf = (u32)guest_register(vcpu, GUEST_RAX, direct);
		if (has_subleaf(leaf))
			leaf |= guest_register(vcpu, GUEST_RCX, direct) << 32;
		slot->qualifier = leaf;
	} else if (kind == KVMSCOPE_KIND_MSR && code >> 1 != VMX_MSR_READ_IMM >> 1) {
		slot->qualifier = (u32)guest_register(vcpu, GUEST_RCX, direct);
		if (code == SVM_MSR)
			msr_way(vcpu, slot, l2);
	} else if (kind == KVMSCOPE_KIND_HYPERCALL) {
		slot->qualifier = hypercall_qualifier(vcpu, l2);
	} else if (code < SVM_IOIO || !svm_qualifier(vcpu, slot, kind, l2)) {
		/* All reasons of VMX are below: where both vendors' types are built in, such a vCPU
		 * has no VMCB. */
		slot->qualifier_state = KVMSCOPE_QUALIFIER_LATE;
	}
}

/*
 * At kvm_exit: the guest-physical address of an NPF, and the state. VMX has it in the VMCS:
 * kvm_page_fault and the events of MMIO say it later. Of an exit of L2 it is L2's address.
 */
static __always_inline u32 read_page(struct kvm_vcpu *vcpu, struct kvmscope_slot *slot, u64 code,
				     u32 l2, u64 *gpa)
{
	struct svm_info info = {};

	if (code != SVM_NPF || !svm_info(vcpu, slot, l2, &info))
		return KVMSCOPE_QUALIFIER_LATE;
	*gpa = info.info_2;
	return KVMSCOPE_QUALIFIER_KNOWN;
}

/* At kvm_entry: what kvm_intel has read of the exit; false where nothing is known. */
static __noinline bool late_of_vmx(struct kvm_vcpu *vcpu, struct kvmscope_slot *slot, u32 code)
{
	u64 value;

	if (!slot || !vcpu || !knows_vmx(vcpu))
		return false;
	value = vmx_qualification(vcpu);
	switch (slot->qualifier_kind) {
	case KVMSCOPE_KIND_PORT:
		value = (value >> 16 & 0xffff) | (value & 8 ? FIRST_WAY : SECOND_WAY);
		break;
	case KVMSCOPE_KIND_MEMORY:
		if (code != VMX_EPT_VIOLATION)
			return false;
		value = memory_of_vmx(value);
		break;
	case KVMSCOPE_KIND_INTERRUPT:
		value = vmx_interruption(vcpu) & 0xff;
		break;
	case KVMSCOPE_KIND_EXCEPTION:
		value = vmx_interruption(vcpu) & 0x7ff;
		break;
	case KVMSCOPE_KIND_CR:
		value &= 0x3f;
		break;
	case KVMSCOPE_KIND_DR:
		value &= 0x17;
		break;
	case KVMSCOPE_KIND_APIC: /* APIC_ACCESS: bits 15:12 say how; APIC_WRITE: writes only */
		if (code == VMX_APIC_WRITE)
			value = (value & 0xff0) | SECOND_WAY;
		else if ((value >> 12 & 0xf) < 2)
			value = (value & 0xfff) | (value >> 12 & 1 ? SECOND_WAY : FIRST_WAY);
		else
			value &= 0xfff;
		break;
	case KVMSCOPE_KIND_EOI:
		value &= 0xff;
		break;
	case KVMSCOPE_KIND_MSR:
		value = (u32)value;
		break;
	default:
		return false;
	}
	slot->qualifier = value;
	return true;
}

static __always_inline bool late_qualifier(struct kvm_vcpu *vcpu, struct kvmscope_slot *slot,
					   u32 code, u32 isa)
{
	return isa == KVMSCOPE_ISA_VMX && late_of_vmx(vcpu, slot, code);
}

#endif
