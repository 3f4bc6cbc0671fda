/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The programs that only x86 has: tp_btf where KVM has module BTF and
 * kvm_exit(vcpu, isa); raw_tp up to 5.15, with kvm_exit(reason, vcpu, isa).
 */
#ifndef KVMSCOPE_X86_PROGRAMS_BPF_H
#define KVMSCOPE_X86_PROGRAMS_BPF_H

#include "../pairing.bpf.h"

static __always_inline int exit_typed(u64 *ctx, bool more)
{
	struct kvm_vcpu *vcpu = (void *)ctx[0];

	if (!vcpu) /* typed maybe-null since 6.12 */
		return 0;
	return handle_exit(vcpu, ctx, false, true, more);
}

static __always_inline int entry_typed(u64 *ctx, bool more)
{
	struct kvm_vcpu *vcpu = (void *)ctx[0];

	if (!vcpu)
		return 0;
	return handle_entry(vcpu, true, more);
}

static __always_inline int exit_untyped(u64 *ctx, bool more)
{
	return handle_exit((void *)ctx[1], ctx, true, false, more);
}

static __always_inline int entry_untyped(u64 *ctx, bool more)
{
	return handle_entry((void *)ctx[0], false, more);
}

/*
 * The record of kvm_exit, as perf would keep it: the kernel reads RIP for it. Before the program
 * above, because it is attached before: read_rip().
 */
struct exit_record {
	u64 common;
	u32 exit_reason;
	u64 guest_rip;
};

SEC("tp/kvm/kvm_exit")
int exit_record(struct exit_record *ctx)
{
	struct hint *hint = &hints[bpf_get_smp_processor_id() & (KVMSCOPE_HINTS - 1)];

	hint->rip = ctx->guest_rip;
	hint->has_rip = 1;
	return 0;
}

/* kvm_page_fault up to 5.15: the error code as the hardware gives it. kvm_mmio reports MMIO. */
static __always_inline int say_fault(u64 gpa, u64 error)
{
	struct kvmscope_slot *slot = awaiting(KVMSCOPE_KIND_MEMORY);
	struct kvmscope_cell *cell;

	cell = slot ? cell_at(slot->open) : NULL;
	if (!cell)
		return 0;
	slot->qualifier =
	    cell->isa == KVMSCOPE_ISA_SVM ? memory_of_svm(error, gpa) : memory_of_vmx(error);
	slot->qualifier_state =
	    slot->qualifier & MEMORY_MMIO ? KVMSCOPE_QUALIFIER_KNOWN : KVMSCOPE_QUALIFIER_GUESS;
	return 0;
}

/* Where the modules have no BTF (up to 5.15), these too. */
SEC("raw_tp/kvm_pio")
int pio(u64 *ctx)
{
	return say_qualifier(KVMSCOPE_KIND_PORT,
			     (ctx[1] & 0xffff) | ((u32)ctx[0] ? SECOND_WAY : FIRST_WAY));
}

SEC("raw_tp/kvm_msr")
int msr(u64 *ctx)
{
	return say_qualifier(KVMSCOPE_KIND_MSR,
			     (u32)ctx[1] | ((u32)ctx[0] ? SECOND_WAY : FIRST_WAY));
}

SEC("raw_tp/kvm_page_fault")
int page_fault(u64 *ctx)
{
	say_page(ctx[0]);
	return say_fault(ctx[0], (u32)ctx[1]);
}

/* The same with the vCPU before the address, since 5.16 or so. */
SEC("raw_tp/kvm_page_fault")
int page_fault_vcpu(u64 *ctx)
{
	say_page(ctx[1]);
	return 0;
}

#endif
