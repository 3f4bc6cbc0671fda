/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The programs that only arm64 has. KVM is built in, so its events have BTF on all
 * kernels; raw_tp is for 5.10, which does not have typed tasks.
 */
#ifndef KVMSCOPE_ARM64_PROGRAMS_BPF_H
#define KVMSCOPE_ARM64_PROGRAMS_BPF_H

#include "../pairing.bpf.h"

static __always_inline int exit_typed(u64 *ctx, bool more)
{
	struct kvm_vcpu *vcpu = loaded_vcpu(true);

	return vcpu ? handle_exit(vcpu, ctx, false, true, more) : 0;
}

static __always_inline int entry_typed(u64 *ctx, bool more)
{
	struct kvm_vcpu *vcpu = loaded_vcpu(true);

	return vcpu ? handle_entry(vcpu, true, more) : 0;
}

static __always_inline int exit_untyped(u64 *ctx, bool more)
{
	struct kvm_vcpu *vcpu = loaded_vcpu(false);

	return vcpu ? handle_exit(vcpu, ctx, false, false, more) : 0;
}

static __always_inline int entry_untyped(u64 *ctx, bool more)
{
	struct kvm_vcpu *vcpu = loaded_vcpu(false);

	return vcpu ? handle_entry(vcpu, false, more) : 0;
}

#endif
