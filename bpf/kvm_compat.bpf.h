/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * One getter a drift between kernels. `direct` is a compile-time constant: true
 * in tp_btf programs, where the vCPU is a typed pointer and a field costs one
 * load; false in raw_tp programs, where it costs a helper call.
 */
#ifndef KVMSCOPE_KVM_COMPAT_BPF_H
#define KVMSCOPE_KVM_COMPAT_BPF_H

#include "kernel_types.h"
#include "contract.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

/* arch/x86/kvm/trace.h: the reason has no basic meaning beyond bits 15:0, 26 and 31. */
#define VMX_REASON_MASK 0x8400ffffu

/* arch/x86/include/asm/kvm_host.h, HF_GUEST_MASK up to 6.1; bit 0 later, where guest_mode exists. */
#define HF_GUEST_SHIFT 5

#define UNREAD_CODE (~0ull)

struct vcpu_identity {
	u64 kvm;
	u32 vcpu_id;
	u32 tgid;
	u32 tid;
};

static __always_inline u64 vcpu_kvm(struct kvm_vcpu *vcpu, bool direct)
{
	return direct ? (u64)vcpu->kvm : (u64)BPF_CORE_READ(vcpu, kvm);
}

static __always_inline u32 vcpu_id(struct kvm_vcpu *vcpu, bool direct)
{
	return direct ? vcpu->vcpu_id : BPF_CORE_READ(vcpu, vcpu_id);
}

/* bpf_get_current_task_btf() is new in 5.11, where tp_btf on KVM's events is too. */
static __always_inline u32 current_tid(bool direct)
{
	if (direct)
		return bpf_get_current_task_btf()->pid;
	return (u32)bpf_get_current_pid_tgid();
}

static __always_inline u32 current_tgid(bool direct)
{
	if (direct)
		return bpf_get_current_task_btf()->tgid;
	return bpf_get_current_pid_tgid() >> 32;
}

/*
 * 1 while L2 is active, else 0: stat.guest_mode since 5.14 (set in
 * enter_guest_mode() and cleared in leave_guest_mode()), before that a flag in
 * hflags. Both still say L2 at the kvm_exit of an L2 exit.
 */
static __always_inline u32 vcpu_in_l2(struct kvm_vcpu *vcpu, bool direct)
{
	u32 hflags;

	if (bpf_core_field_exists(vcpu->stat.guest_mode))
		return direct ? vcpu->stat.guest_mode & 1 : BPF_CORE_READ(vcpu, stat.guest_mode) & 1;
	hflags = direct ? vcpu->arch.hflags : BPF_CORE_READ(vcpu, arch.hflags);
	return hflags >> HF_GUEST_SHIFT & 1;
}

/* VMX: a field of vcpu_vmx, whose first member is the kvm_vcpu (BUILD_BUG_ON in vmx.c). */
static __always_inline u64 vmx_code(struct kvm_vcpu *vcpu)
{
	struct vcpu_vmx___vt *vt = (void *)vcpu;
	struct vcpu_vmx *vmx = (void *)vcpu;
	u32 full = 0;

	if (bpf_core_field_exists(vmx->exit_reason)) {
		if (bpf_core_read(&full, sizeof(full), &vmx->exit_reason))
			return UNREAD_CODE;
	} else if (bpf_core_field_exists(vt->vt)) {
		if (bpf_core_read(&full, sizeof(full), &vt->vt.exit_reason))
			return UNREAD_CODE;
	} else {
		return UNREAD_CODE;
	}
	return full & VMX_REASON_MASK;
}

/*
 * SVM: exit_code of the current VMCB. vmcb01 is the same for the vCPU's whole
 * life and is the current one while L1 runs, so its address is kept in the slot
 * and one read is enough; vmcb02 can be freed and made again (EFER.SVME), so
 * for L2 it is found anew each time.
 */
static __always_inline u64 svm_code(struct kvm_vcpu *vcpu, struct kvmscope_slot *slot, bool l2)
{
	struct vcpu_svm *svm = (void *)vcpu;
	struct vmcb *vmcb = NULL;
	u64 at = slot->code_at;
	u32 code = 0;

	if (!bpf_core_field_exists(svm->vmcb))
		return UNREAD_CODE;
	if (l2 || !at) {
		if (bpf_core_read(&vmcb, sizeof(vmcb), &svm->vmcb) || !vmcb)
			return UNREAD_CODE;
		at = (u64)__builtin_preserve_access_index(&vmcb->control.exit_code);
		if (!l2)
			slot->code_at = at;
	}
	if (bpf_probe_read_kernel(&code, sizeof(code), (void *)at))
		return UNREAD_CODE;
	return code;
}

/*
 * The reason at kvm_exit(vcpu, isa), since 5.16 (0a62a0319abb); the older
 * kvm_exit(reason, vcpu, isa) gives it as an argument. Usually only one vendor's
 * types are there, which settles it at load; both are where both are built in.
 */
static __always_inline u64 vcpu_code(struct kvm_vcpu *vcpu, struct kvmscope_slot *slot, u64 *ctx,
				     bool l2)
{
	bool vmx = bpf_core_type_exists(struct vcpu_vmx);
	bool svm = bpf_core_type_exists(struct vcpu_svm);

	if (svm && (!vmx || (u32)ctx[1] == KVMSCOPE_ISA_SVM))
		return svm_code(vcpu, slot, l2);
	if (vmx)
		return vmx_code(vcpu);
	return UNREAD_CODE;
}

#endif
