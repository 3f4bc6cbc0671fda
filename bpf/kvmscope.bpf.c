// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * kvmscope's kernel side: every VM exit is counted, and timed until the next VM
 * entry, in the cell of its vCPU, reason and level.
 *
 *   contract.h        what user space sees
 *   kernel_types.h    what is read of the kernel
 *   maps.bpf.h        knobs and maps
 *   kvm_compat.bpf.h  a getter for every drift between kernels
 *   slots.bpf.h       a vCPU's state
 *   cells.bpf.h       counters and histograms
 *   pairing.bpf.h     exit to entry
 *
 * User space loads one of the pairs below: tp_btf where KVM has module BTF and
 * kvm_exit(vcpu, isa); raw_tp up to 5.15, with kvm_exit(reason, vcpu, isa).
 */
#include "pairing.bpf.h"
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Keeps in BTF what no map names, for the generator of the C# mirror. */
struct kvmscope_contract {
	enum kvmscope_limits limits;
	enum kvmscope_open open;
	enum kvmscope_place place;
	enum kvmscope_reason_filter reason_filter;
	enum kvmscope_isa isa;
	struct kvmscope_slow slow;
} *contract;

SEC("tp_btf/kvm_exit")
int exit_btf(u64 *ctx)
{
	struct kvm_vcpu *vcpu = (void *)ctx[0];

	if (!vcpu) /* typed maybe-null since 6.12 */
		return 0;
	return handle_exit(vcpu, ctx, 1, false, true);
}

SEC("tp_btf/kvm_entry")
int entry_btf(u64 *ctx)
{
	struct kvm_vcpu *vcpu = (void *)ctx[0];

	if (!vcpu)
		return 0;
	return handle_entry(vcpu, true);
}

SEC("raw_tp/kvm_exit")
int exit_raw(u64 *ctx)
{
	return handle_exit((void *)ctx[1], ctx, 2, true, false);
}

SEC("raw_tp/kvm_entry")
int entry_raw(u64 *ctx)
{
	return handle_entry((void *)ctx[0], false);
}

/* The last call for every vCPU, whatever ended it (virt/kvm/kvm_main.c). */
SEC("fentry/kvm_arch_vcpu_destroy")
int destroy_fentry(u64 *ctx)
{
	forget_vcpu(ctx[0]);
	return 0;
}

SEC("kprobe/kvm_arch_vcpu_destroy")
int destroy_kprobe(struct pt_regs *ctx)
{
	forget_vcpu(PT_REGS_PARM1_CORE(ctx));
	return 0;
}
