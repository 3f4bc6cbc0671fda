/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Types of KVM on riscv64: a part of ../kernel_types.h, which includes it. */
#ifndef KVMSCOPE_RISCV64_KERNEL_TYPES_H
#define KVMSCOPE_RISCV64_KERNEL_TYPES_H

/* kvm_exit does not have the vCPU as an argument: it is found, and read by helpers. */
#define VCPU_IS_TYPED false

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct user_regs_struct { /* bpf_tracing.h knows the name */
	unsigned long a0;
};

struct kvm_arch {
	int unused; /* nothing of it is read */
};

struct kvm_cpu_context {
	unsigned long a6;
	unsigned long a7;
	unsigned long sepc;
};

/* What the CSRs had at the exit: the argument of kvm_exit. */
struct kvm_cpu_trap {
	unsigned long scause;
	unsigned long stval;
	unsigned long htval;
};

struct kvm_vcpu_arch {
	struct kvm_cpu_context guest_context;
};

struct kvm_vcpu_stat {
	struct kvm_vcpu_stat_generic generic;
};

#pragma clang attribute pop

#endif
