/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The parts of an exit's key: the reason's own argument (which MSR, port, leaf), the page that it
 * is about, and the guest's instruction. What is in the saved registers or in the VMCB is taken at
 * the exit, before KVM changes it; the rest while KVM handles the exit, from its own events, or at
 * the entry, from what kvm_intel has read of the VMCS by then. What is not available stays unknown.
 *
 * How each kind packs its value: QualifierKind.cs.
 */
#ifndef KVMSCOPE_QUALIFIER_BPF_H
#define KVMSCOPE_QUALIFIER_BPF_H

#include "arch.bpf.h"
#include "keys.bpf.h"
#include "slots.bpf.h"

/* At kvm_exit, before the exit is marked as open. */
static __always_inline void take_qualifier(struct kvm_vcpu *vcpu, struct kvmscope_slot *slot,
					   u32 index, u64 code, u32 l2, bool direct)
{
	u32 at = index, kind;

	barrier_var(at); /* as in index_at() */
	kind = knobs.kinds[at & (KVMSCOPE_REASON_INDEXES - 1)];
	if (!kind) {
		slot->qualifier_state = KVMSCOPE_QUALIFIER_NONE;
		return;
	}
	slot->qualifier_kind = kind;
	slot->qualifier_state = KVMSCOPE_QUALIFIER_KNOWN;
	read_qualifier(vcpu, slot, kind, code, l2, direct);
}

/*
 * At kvm_exit: the page of guest-physical memory that the exit is about. A function of its own, so
 * that it takes no registers from the path that does not call it.
 */
static __noinline int take_page(struct kvm_vcpu *vcpu, struct kvmscope_slot *slot, u32 index,
				u64 code, u32 l2)
{
	u32 at = index;
	u64 gpa = 0;

	if (!vcpu || !slot)
		return 0;
	barrier_var(at); /* as in index_at() */
	at &= KVMSCOPE_REASON_INDEXES - 1;
	slot->page = 0;
	slot->page_state = KVMSCOPE_QUALIFIER_NONE;
	if (!(knobs.page_bits[at / 64] >> (at % 64) & 1))
		return 0;
	slot->page_state = read_page(vcpu, slot, code, l2, &gpa);
	slot->page = gpa & knobs.page_mask;
	return 0;
}

/* At kvm_exit: the guest's instruction. Returns the trait of an exit of which it is known. */
static __always_inline u32 take_rip(struct kvm_vcpu *vcpu, struct kvmscope_slot *slot, u32 isa,
				    bool direct)
{
	u64 rip = 0;
	bool known = read_rip(vcpu, isa, direct, &rip);

	slot->rip = rip;
	return known ? KVMSCOPE_TRAIT_RIP : 0;
}

/* At kvm_exit, before the exit is marked as open: what its key is, as far as it is known then. */
static __always_inline void take_key(struct kvm_vcpu *vcpu, struct kvmscope_slot *slot, u32 index,
				     u64 code, u32 traits, bool direct)
{
	if (knobs.want_qualifiers)
		take_qualifier(vcpu, slot, index, code, traits & KVMSCOPE_TRAIT_L2, direct);
	if (knobs.want_pages)
		take_page(vcpu, slot, index, code, traits & KVMSCOPE_TRAIT_L2);
	slot->states = 0;
	if (knobs.want_rips && traits & KVMSCOPE_TRAIT_RIP)
		slot->states = KVMSCOPE_KEY_KNOWN << KVMSCOPE_KEY_RIP;
}

static __noinline int settle_late(struct kvm_vcpu *vcpu, struct kvmscope_slot *slot)
{
	struct kvmscope_cell *cell;

	if (!vcpu || !slot)
		return 0;
	cell = cell_at(slot->open);
	slot->qualifier_state = cell && late_qualifier(vcpu, slot, cell->code, cell->isa)
				    ? KVMSCOPE_QUALIFIER_KNOWN
				    : KVMSCOPE_QUALIFIER_NONE;
	return 0;
}

/* Settles what is known of the open exit's qualifier: the state becomes KNOWN or NONE. */
static __always_inline void settle_qualifier(struct kvm_vcpu *vcpu, struct kvmscope_slot *slot)
{
	u32 state = slot->qualifier_state;

	if (state == KVMSCOPE_QUALIFIER_LATE)
		settle_late(vcpu, slot);
	else if (state > KVMSCOPE_QUALIFIER_LATE)
		slot->qualifier_state = KVMSCOPE_QUALIFIER_KNOWN;
}

/* The cell in which the exit ends that is open in `open`: its reason's own, or one of its key. */
static __always_inline struct kvmscope_cell *cell_of_key(struct kvmscope_slot *slot, u32 open)
{
	if (!knobs.want_keys)
		return cell_at(open);
	if (knobs.want_qualifiers) {
		if (slot->qualifier_state == KVMSCOPE_QUALIFIER_KNOWN)
			slot->states |= KVMSCOPE_KEY_KNOWN << KVMSCOPE_KEY_QUALIFIER;
		else
			slot->qualifier = 0;
	}
	if (knobs.want_pages && slot->page_state == KVMSCOPE_QUALIFIER_KNOWN)
		slot->states |= KVMSCOPE_KEY_KNOWN << KVMSCOPE_KEY_PAGE;
	return keyed_cell(slot, open);
}

/* The slot of the loaded vCPU, if an exit of it is open. */
static __always_inline struct kvmscope_slot *open_slot(void)
{
	struct kvm_vcpu *vcpu = loaded_vcpu(false);
	struct kvmscope_slot *slot;
	u32 number;

	slot = vcpu ? slot_of(vcpu, false, MAKE_NONE, &number) : NULL;
	return slot && slot->open >= KVMSCOPE_FIRST_CELL ? slot : NULL;
}

/* The same, if the exit waits for this kind of event. */
static __always_inline struct kvmscope_slot *awaiting(u32 kind)
{
	struct kvmscope_slot *slot = open_slot();

	if (!slot || !knobs.know_qualifier || slot->qualifier_kind != kind ||
	    slot->qualifier_state < KVMSCOPE_QUALIFIER_LATE)
		return NULL;
	return slot;
}

static __always_inline int say_qualifier(u32 kind, u64 value)
{
	struct kvmscope_slot *slot = awaiting(kind);

	if (slot) {
		slot->qualifier = value;
		slot->qualifier_state = KVMSCOPE_QUALIFIER_KNOWN;
	}
	return 0;
}

/* The first address that KVM reports is the one of the exit: emulation may touch others later. */
static __always_inline void say_page(u64 gpa)
{
	struct kvmscope_slot *slot = knobs.want_pages ? open_slot() : NULL;

	if (slot && slot->page_state == KVMSCOPE_QUALIFIER_LATE) {
		slot->page = gpa & knobs.page_mask;
		slot->page_state = KVMSCOPE_QUALIFIER_KNOWN;
	}
}

#endif
