/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The programs that only riscv64 has: kvm_entry(vcpu), and kvm_exit(trap), whose vCPU is the one
 * that is loaded on the thread. raw_tp is for kernels without BTF of their modules.
 */
#ifndef KVMSCOPE_RISCV64_PROGRAMS_BPF_H
#define KVMSCOPE_RISCV64_PROGRAMS_BPF_H

#include "../pairing.bpf.h"

static __always_inline int exit_typed(u64 *ctx, bool more)
{
	struct kvm_vcpu *vcpu = loaded_vcpu(true);

	return vcpu ? handle_exit(vcpu, ctx, false, true, more) : 0;
}

static __always_inline int entry_typed(u64 *ctx, bool more)
{
	struct kvm_vcpu *vcpu = (void *)ctx[0];

	return vcpu ? handle_entry(vcpu, true, more) : 0; /* typed maybe-null since 6.12 */
}

static __always_inline int exit_untyped(u64 *ctx, bool more)
{
	struct kvm_vcpu *vcpu = loaded_vcpu(false);

	return vcpu ? handle_exit(vcpu, ctx, false, false, more) : 0;
}

static __always_inline int entry_untyped(u64 *ctx, bool more)
{
	struct kvm_vcpu *vcpu = (void *)ctx[0];

	return vcpu ? handle_entry(vcpu, false, more) : 0;
}

#endif
