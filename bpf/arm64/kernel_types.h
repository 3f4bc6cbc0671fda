/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Types of KVM on arm64: a part of ../kernel_types.h, which includes it. */
#ifndef KVMSCOPE_ARM64_KERNEL_TYPES_H
#define KVMSCOPE_ARM64_KERNEL_TYPES_H

/* Neither event has the vCPU as an argument: it is found, and its fields are read by helpers. */
#define VCPU_IS_TYPED false

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct user_pt_regs { /* bpf_tracing.h knows the name */
	u64 regs[31];
	u64 pc;
};

struct kvm_arch {
	int unused; /* nothing of it is read */
};

struct kvm_cpu_context {
	struct user_pt_regs regs;
};

struct kvm_vcpu_fault_info {
	u32 esr_el2; /* u64 since 6.0 or so: the low half has all */
	u64 hpfar_el2;
};

struct kvm_vcpu_arch {
	struct kvm_cpu_context ctxt;
	struct kvm_vcpu_fault_info fault; /* of the last trap */
};

struct kvm_vcpu_stat {
	struct kvm_vcpu_stat_generic generic;
};

struct rcuwait {
	struct task_struct *task;
};

struct kvm_vcpu___waiting { /* up to 5.15 */
	struct rcuwait wait;
};

#pragma clang attribute pop

#endif
