/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Types of KVM on x86: a part of ../kernel_types.h, which includes it. */
#ifndef KVMSCOPE_X86_KERNEL_TYPES_H
#define KVMSCOPE_X86_KERNEL_TYPES_H

/* In tp_btf programs the vCPU is a typed pointer: both events have it as an argument. */
#define VCPU_IS_TYPED true

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct pt_regs {
	unsigned long
	    di; /* the first argument; bpf_tracing.h knows the name on each architecture */
};

struct kvm_hv {
	u64 hv_hypercall; /* the MSR of the same name; without CONFIG_KVM_HYPERV absent */
};

struct kvm_arch {
	struct kvm_hv hyperv;
};

struct kvm_vcpu_stat {
	u64 guest_mode; /* 1 while L2 is active; since 5.14 */
	struct kvm_vcpu_stat_generic generic;
};

struct kvm_vcpu_arch {
	unsigned long regs[17]; /* in the order of the instruction set, then RIP */
	u32 regs_avail;		/* those of them that were read from the hardware */
	u32 hflags;
	u32 mp_state;
	bool guest_state_protected; /* since 5.11 */
};

struct kvm_vcpu_arch___apart { /* since 7.1 or so: regs[] without RIP */
	unsigned long rip;
	unsigned long regs_avail[1];
};

struct kvm_vcpu___apart {
	struct kvm_vcpu_arch___apart arch;
};

/* kvm_intel */
union vmx_exit_reason {
	u32 full;
};

struct vcpu_vmx {
	union vmx_exit_reason exit_reason;
	unsigned long exit_qualification; /* of the exit for which KVM read it last */
	u32 exit_intr_info;		  /* the same */
};

struct vcpu_vt {
	union vmx_exit_reason exit_reason;
	unsigned long exit_qualification;
	u32 exit_intr_info;
};

struct vcpu_vmx___vt { /* since 6.15: shared with TDX vCPUs */
	struct vcpu_vt vt;
};

/* kvm_amd */
struct vmcb_control_area {
	u32 exit_code; /* u64 since 7.0; the low half is enough */
	u64 exit_info_1;
	u64 exit_info_2;
};

struct vmcb {
	struct vmcb_control_area control;
};

struct vcpu_svm {
	struct vmcb *vmcb; /* the current one: vmcb01, or vmcb02 while L2 is active */
};

#pragma clang attribute pop

#endif
