/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Arguments of the traps of riscv64: in the trap itself, in a6 and a7, and in kvm_run for MMIO. */
#ifndef KVMSCOPE_RISCV64_QUALIFIER_BPF_H
#define KVMSCOPE_RISCV64_QUALIFIER_BPF_H

#include "../qualifier_values.h"
#include "kvm_compat.bpf.h"

#define CAUSE_FETCH_FAULT 20
#define CAUSE_LOAD_FAULT  21
#define CAUSE_STORE_FAULT 23

/* From here on, extensions of the SBI have functions; before, a6 means nothing. */
#define SBI_FIRST_WITH_FUNCTIONS 0x10

/* KVM does not fire kvm_mmio here. */
#define MMIO_KIND	  KVMSCOPE_KIND_MEMORY
#define MMIO_ACCESS(type) ((u32)(type) == 2 ? MEMORY_WRITE : MEMORY_READ)

/* include/uapi/linux/kvm.h: where kvm_run has its data, and what that is after MMIO. */
#define KVM_RUN_MMIO 32

struct run_mmio {
	u64 phys_addr;
	u8 data[8];
	u32 len;
	u8 is_write;
	u8 pad[3];
};

/* htval has the address without its two low bits, which are those of stval. */
static __always_inline u64 fault_address(struct kvmscope_slot *slot)
{
	struct kvm_cpu_trap *trap = exit_trap(slot);

	return BPF_CORE_READ(trap, htval) << 2 | (BPF_CORE_READ(trap, stval) & 3);
}

static __always_inline u64 access_of(u64 code)
{
	if (code == CAUSE_STORE_FAULT)
		return MEMORY_WRITE;
	return code == CAUSE_FETCH_FAULT ? MEMORY_FETCH : MEMORY_READ;
}

/* At kvm_exit: the value, and the state where that is not KNOWN. */
static __always_inline void read_qualifier(struct kvm_vcpu *vcpu, struct kvmscope_slot *slot,
					   u32 kind, u64 code, u32 l2, bool direct)
{
	u64 extension;
	u32 insn;

	if (kind == KVMSCOPE_KIND_SBI) {
		extension = (u32)BPF_CORE_READ(vcpu, arch.guest_context.a7);
		slot->qualifier = extension;
		if (extension >= SBI_FIRST_WITH_FUNCTIONS)
			slot->qualifier |= BPF_CORE_READ(vcpu, arch.guest_context.a6) << 32;
	} else if (kind == KVMSCOPE_KIND_INSTRUCTION) {
		insn = (u32)BPF_CORE_READ(exit_trap(slot), stval);
		slot->qualifier = instruction_of(insn);
		if (!insn) /* not all CPUs say it */
			slot->qualifier_state = KVMSCOPE_QUALIFIER_NONE;
	} else {
		slot->qualifier = fault_address(slot);
		slot->qualifier_state = KVMSCOPE_QUALIFIER_LATE;
	}
}

/* At kvm_exit: the guest-physical address of a guest-page fault, and the state. */
static __always_inline u32 read_page(struct kvm_vcpu *vcpu, struct kvmscope_slot *slot, u64 code,
				     u32 l2, u64 *gpa)
{
	*gpa = fault_address(slot);
	return KVMSCOPE_QUALIFIER_KNOWN;
}

/*
 * At kvm_entry: whether a guest-page fault was MMIO. KVM writes the address of each access to MMIO
 * to kvm_run, whether it or the VMM emulates it (kvm_riscv_vcpu_mmio_load(), _store()). What an
 * older exit left there is no mistake: an address that was MMIO then is MMIO now.
 */
static __always_inline bool late_qualifier(struct kvm_vcpu *vcpu, struct kvmscope_slot *slot,
					   u32 code, u32 isa)
{
	u64 address = slot->qualifier;
	struct run_mmio mmio = {};
	void *run;

	if (code != CAUSE_FETCH_FAULT && code != CAUSE_LOAD_FAULT && code != CAUSE_STORE_FAULT)
		return false;
	slot->qualifier = access_of(code);
	run = BPF_CORE_READ(vcpu, run);
	if (code != CAUSE_FETCH_FAULT &&
	    !bpf_probe_read_kernel(&mmio, sizeof(mmio), run + KVM_RUN_MMIO) &&
	    mmio.phys_addr == address && mmio.is_write == (code == CAUSE_STORE_FAULT))
		slot->qualifier |= PAGE_OF(address) | MEMORY_MMIO;
	return true;
}

#endif
