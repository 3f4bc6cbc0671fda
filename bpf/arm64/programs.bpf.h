/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The programs that only arm64 has. KVM is built in, so its events have BTF on all
 * kernels; raw_tp is for 5.10, which does not have typed tasks.
 */
#ifndef KVMSCOPE_ARM64_PROGRAMS_BPF_H
#define KVMSCOPE_ARM64_PROGRAMS_BPF_H

#include "../pairing.bpf.h"

SEC("tp_btf/kvm_exit")
int exit_btf(u64 *ctx)
{
	struct kvm_vcpu *vcpu = loaded_vcpu(true);

	return vcpu ? handle_exit(vcpu, ctx, false, true) : 0;
}

SEC("tp_btf/kvm_entry")
int entry_btf(u64 *ctx)
{
	struct kvm_vcpu *vcpu = loaded_vcpu(true);

	return vcpu ? handle_entry(vcpu, true) : 0;
}

SEC("raw_tp/kvm_exit")
int exit_raw(u64 *ctx)
{
	struct kvm_vcpu *vcpu = loaded_vcpu(false);

	return vcpu ? handle_exit(vcpu, ctx, false, false) : 0;
}

SEC("raw_tp/kvm_entry")
int entry_raw(u64 *ctx)
{
	struct kvm_vcpu *vcpu = loaded_vcpu(false);

	return vcpu ? handle_entry(vcpu, false) : 0;
}

#endif
