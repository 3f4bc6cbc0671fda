// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * The cost of the smallest possible tracers, each with one step more: the minimum
 * for every tool that traces exits with BPF. The step's name is the programs' prefix.
 */
#define __VMLINUX_H__
#include <linux/bpf.h>
#include <linux/types.h>
#include <stdbool.h>

typedef __u32 u32;
typedef __u64 u64;

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

/* Only the fields that are read; CO-RE finds their offsets. */
#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct vmcb_control_area {
	u32 exit_code;
};

struct vmcb {
	struct vmcb_control_area control;
};

struct vcpu_svm {
	struct vmcb *vmcb;
};
#pragma clang attribute pop

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Written so that the compiler cannot remove a timestamp or a read. */
u64 exit_at;
u64 last_ns;
u32 last_code;

SEC("tp_btf/kvm_exit")
int empty_exit(u64 *ctx)
{
	return 0;
}

SEC("tp_btf/kvm_entry")
int empty_entry(u64 *ctx)
{
	return 0;
}

SEC("tp_btf/kvm_exit")
int stamp_exit(u64 *ctx)
{
	exit_at = bpf_ktime_get_ns();
	return 0;
}

SEC("tp_btf/kvm_entry")
int stamp_entry(u64 *ctx)
{
	last_ns = bpf_ktime_get_ns() - exit_at;
	return 0;
}

SEC("tp_btf/kvm_exit")
int reason_exit(u64 *ctx)
{
	struct vcpu_svm *svm = (void *)ctx[0];

	last_code = BPF_CORE_READ(svm, vmcb, control.exit_code);
	exit_at = bpf_ktime_get_ns();
	return 0;
}

SEC("tp_btf/kvm_entry")
int reason_entry(u64 *ctx)
{
	last_ns = bpf_ktime_get_ns() - exit_at;
	return 0;
}
