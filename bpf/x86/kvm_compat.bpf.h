/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* KVM on x86: kvm_intel and kvm_amd. See ../arch.bpf.h for what it provides to the shared part. */
#ifndef KVMSCOPE_X86_KVM_COMPAT_BPF_H
#define KVMSCOPE_X86_KVM_COMPAT_BPF_H

#include "../contract.h"
#include "../kvm_compat.bpf.h"
#include "../maps.bpf.h"

/* arch/x86/kvm/trace.h: the reason has no basic meaning beyond bits 15:0, 26 and 31. */
#define VMX_REASON_MASK 0x8400ffffu

/* arch/x86/include/asm/kvm_host.h, HF_GUEST_MASK up to 6.1; bit 0 later, where guest_mode exists.
 */
#define HF_GUEST_SHIFT 5

/* Is the vCPU waiting in kvm_vcpu_block()? Up to 5.15 by its state: anything except runnable. */
static __always_inline bool is_blocking(struct kvm_vcpu *vcpu)
{
	if (bpf_core_field_exists(vcpu->stat.generic.blocking))
		return BPF_CORE_READ(vcpu, stat.generic.blocking);
	return BPF_CORE_READ(vcpu, arch.mp_state);
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
		return direct ? vcpu->stat.guest_mode & 1
			      : BPF_CORE_READ(vcpu, stat.guest_mode) & 1;
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

/* Where a usual code is in a slot's index; KVMSCOPE_REASON_INDEX_ODD for the rest. */
static __always_inline u32 reason_index(u64 code)
{
	if (code < KVMSCOPE_REASON_INDEX_HIGH)
		return code;
	if (code - 0x400 < KVMSCOPE_REASON_INDEX_ODD - KVMSCOPE_REASON_INDEX_HIGH)
		return code - 0x400 + KVMSCOPE_REASON_INDEX_HIGH;
	return KVMSCOPE_REASON_INDEX_ODD;
}

/* The argument of kvm_exit that has the ISA: (vcpu, isa), up to 5.15 (reason, vcpu, isa). */
static __always_inline u32 exit_isa(u64 *ctx, bool older)
{
	return older ? ctx[2] : ctx[1];
}

/* Saved registers of the guest, in the instruction set's order. */
enum guest_register {
	GUEST_RAX = 0,
	GUEST_RCX = 1,
	GUEST_RIP = 16,
};

/* Written on every exit, except RIP of VMX, which KVM reads when it needs it. */
#define guest_register(vcpu, number, direct) \
	((direct) ? (vcpu)->arch.regs[number] : (u64)BPF_CORE_READ(vcpu, arch.regs[number]))

static __always_inline u64 guest_rip(struct kvm_vcpu *vcpu, bool direct)
{
	struct kvm_vcpu___apart *apart = (void *)vcpu;

	if (bpf_core_field_exists(apart->arch.rip))
		return direct ? apart->arch.rip : BPF_CORE_READ(apart, arch.rip);
	if (bpf_core_field_exists(vcpu->arch.regs[GUEST_RIP]))
		return guest_register(vcpu, GUEST_RIP, direct);
	return 0;
}

/* SEV-ES, TDX: what KVM has of the guest's registers is not what the guest has in them. */
static __always_inline bool is_state_protected(struct kvm_vcpu *vcpu, bool direct)
{
	if (!bpf_core_field_exists(vcpu->arch.guest_state_protected))
		return false;
	return direct ? vcpu->arch.guest_state_protected
		      : BPF_CORE_READ(vcpu, arch.guest_state_protected);
}

/* VMX: KVM has read RIP since the exit. SVM saves it with every exit. */
static __always_inline bool knows_rip(struct kvm_vcpu *vcpu)
{
	struct kvm_vcpu___apart *apart = (void *)vcpu;

	if (bpf_core_field_exists(apart->arch.rip))
		return BPF_CORE_READ(apart, arch.regs_avail[0]) >> GUEST_RIP & 1;
	if (bpf_core_field_exists(vcpu->arch.regs_avail))
		return BPF_CORE_READ(vcpu, arch.regs_avail) >> GUEST_RIP & 1;
	return false;
}

/* Whether the guest's hypercalls are those of Hyper-V's interface, not Linux's. */
static __always_inline bool has_hyperv(struct kvm_vcpu *vcpu, bool direct)
{
	struct kvm *kvm = (void *)vcpu_kvm(vcpu, direct);

	if (!bpf_core_field_exists(kvm->arch.hyperv.hv_hypercall))
		return false;
	return BPF_CORE_READ(kvm, arch.hyperv.hv_hypercall) & 1;
}

/*
 * VMX: what KVM read of the exit while it handled it. Both are caches, filled
 * when they are asked for: right at kvm_entry for reasons whose handler asks,
 * and for every exit that was reflected; at kvm_exit they are of an older exit.
 */
static __always_inline u64 vmx_qualification(struct kvm_vcpu *vcpu)
{
	struct vcpu_vmx___vt *vt = (void *)vcpu;
	struct vcpu_vmx *vmx = (void *)vcpu;
	unsigned long value = 0;

	if (bpf_core_field_exists(vmx->exit_qualification))
		bpf_core_read(&value, sizeof(value), &vmx->exit_qualification);
	else if (bpf_core_field_exists(vt->vt))
		bpf_core_read(&value, sizeof(value), &vt->vt.exit_qualification);
	return value;
}

static __always_inline u32 vmx_interruption(struct kvm_vcpu *vcpu)
{
	struct vcpu_vmx___vt *vt = (void *)vcpu;
	struct vcpu_vmx *vmx = (void *)vcpu;
	u32 value = 0;

	if (bpf_core_field_exists(vmx->exit_intr_info))
		bpf_core_read(&value, sizeof(value), &vmx->exit_intr_info);
	else if (bpf_core_field_exists(vt->vt))
		bpf_core_read(&value, sizeof(value), &vt->vt.exit_intr_info);
	return value;
}

static __always_inline bool knows_vmx(struct kvm_vcpu *vcpu)
{
	struct vcpu_vmx___vt *vt = (void *)vcpu;
	struct vcpu_vmx *vmx = (void *)vcpu;

	return bpf_core_field_exists(vmx->exit_qualification) || bpf_core_field_exists(vt->vt);
}

struct svm_info {
	u64 info_1;
	u64 info_2;
};

/* SVM: exit_info of the VMCB that the exit's code was read from; see svm_code(). */
static __always_inline bool svm_info(struct kvm_vcpu *vcpu, struct kvmscope_slot *slot, u32 l2,
				     struct svm_info *info)
{
	struct vmcb_control_area *control = NULL;
	struct vcpu_svm *svm = (void *)vcpu;
	struct vmcb *vmcb = NULL;

	if (!bpf_core_field_exists(svm->vmcb))
		return false;
	if (!l2 && slot->code_at) {
		control = (void *)(slot->code_at - bpf_core_field_offset(control->exit_code));
	} else {
		if (bpf_core_read(&vmcb, sizeof(vmcb), &svm->vmcb) || !vmcb)
			return false;
		control = __builtin_preserve_access_index(&vmcb->control);
	}
	return !bpf_core_read(info, sizeof(*info), &control->exit_info_1);
}

/*
 * SVM: exit_code of the current VMCB. vmcb01 is the same for the vCPU's whole life and is the
 * current one while L1 runs, so its address is kept in the slot and one read is enough. vmcb02
 * can be freed and allocated again (EFER.SVME), so for L2 it is looked up each time.
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
 * kvm_exit(reason, vcpu, isa) has it as an argument. Usually only one vendor's types are there,
 * which decides it at load; both are where both are built in.
 */
static __always_inline u64 exit_code(struct kvm_vcpu *vcpu, struct kvmscope_slot *slot, u64 *ctx,
				     bool l2, bool older)
{
	bool vmx = bpf_core_type_exists(struct vcpu_vmx);
	bool svm = bpf_core_type_exists(struct vcpu_svm);

	if (older)
		return (u32)ctx[2] == KVMSCOPE_ISA_VMX ? (u32)ctx[0] & VMX_REASON_MASK
						       : (u32)ctx[0];
	if (svm && (!vmx || (u32)ctx[1] == KVMSCOPE_ISA_SVM))
		return svm_code(vcpu, slot, l2);
	if (vmx)
		return vmx_code(vcpu);
	return UNREAD_CODE;
}

/*
 * Where the guest was. SVM saves RIP with every exit. VMX has it in the VMCS, which only the kernel
 * can read: it does for the record of kvm_exit that exit_record() takes it from, in the same event
 * and on the same CPU, with IRQs off.
 */
static __always_inline bool read_rip(struct kvm_vcpu *vcpu, u32 isa, bool direct, u64 *rip)
{
	struct hint *hint;
	bool known;

	if (is_state_protected(vcpu, direct))
		return false;
	if (isa == KVMSCOPE_ISA_SVM) {
		*rip = guest_rip(vcpu, direct);
		return true;
	}
	hint = &hints[bpf_get_smp_processor_id() & (KVMSCOPE_HINTS - 1)];
	known = hint->has_rip;
	if (known)
		*rip = hint->rip;
	hint->has_rip = 0;
	return known;
}

/* VMX: RIP is known only where KVM has read it, and then it is where the guest goes on. */
static __always_inline u64 rip_at_entry(struct kvm_vcpu *vcpu, u32 isa, u32 level)
{
	if (isa != KVMSCOPE_ISA_VMX || level != 1 + vcpu_in_l2(vcpu, false) || !knows_rip(vcpu))
		return 0;
	return guest_rip(vcpu, false);
}

#endif
