/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The few kernel types that are read, each with only the fields that are read.
 * CO-RE finds the real offsets in the running kernel's BTF when the object is
 * loaded, so no vmlinux.h is needed to build. A flavour (name___flavour) is the
 * same type as another kernel version has it.
 */
#ifndef KVMSCOPE_KERNEL_TYPES_H
#define KVMSCOPE_KERNEL_TYPES_H

#define __VMLINUX_H__ /* bpf_tracing.h: registers have the kernel's names */
#include <linux/bpf.h>
#include <linux/types.h>
#include <stdbool.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s64 s64;

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct task_struct {
	int pid;
	int tgid;
};

struct pt_regs {
	unsigned long di; /* the first argument; bpf_tracing.h knows the name on each architecture */
};

struct kvm;

struct kvm_vcpu_stat {
	u64 guest_mode; /* 1 while L2 is active; since 5.14 */
};

struct kvm_vcpu_arch {
	u32 hflags;
};

struct kvm_vcpu {
	struct kvm *kvm;
	int cpu;
	int vcpu_id;
	struct kvm_vcpu_arch arch;
	struct kvm_vcpu_stat stat;
};

/* kvm_intel */
union vmx_exit_reason {
	u32 full;
};

struct vcpu_vmx {
	struct kvm_vcpu vcpu;
	union vmx_exit_reason exit_reason;
};

struct vcpu_vt {
	union vmx_exit_reason exit_reason;
};

struct vcpu_vmx___vt { /* since 6.15: shared with TDX vCPUs */
	struct vcpu_vt vt;
};

/* kvm_amd */
struct vmcb_control_area {
	u32 exit_code; /* u64 since 7.0; the low half is enough */
};

struct vmcb {
	struct vmcb_control_area control;
};

struct vcpu_svm {
	struct kvm_vcpu vcpu;
	struct vmcb *vmcb; /* the current one: vmcb01, or vmcb02 while L2 is active */
};

#pragma clang attribute pop

#endif
