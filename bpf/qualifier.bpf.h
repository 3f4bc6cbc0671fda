/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The reason's own argument: which MSR, port, leaf, page. What is in the saved
 * registers or in the VMCB is taken at the exit, before KVM changes it; the rest
 * while KVM handles the exit, from its own events, or at the entry, from what
 * kvm_intel has read of the VMCS by then. What is not available stays unknown.
 *
 * How each kind packs its value: QualifierKind.cs.
 */
#ifndef KVMSCOPE_QUALIFIER_BPF_H
#define KVMSCOPE_QUALIFIER_BPF_H

#include "arch.bpf.h"
#include "cells.bpf.h"
#include "slots.bpf.h"

/* At kvm_exit, before the exit is marked as open. */
static __always_inline void take_qualifier(struct kvm_vcpu *vcpu, struct kvmscope_slot *slot,
					   u32 index, u64 code, u32 l2, bool direct)
{
	u32 at = index, kind;

	barrier_var(at); /* as in index_at() */
	kind = knobs.kinds[at & (KVMSCOPE_REASON_INDEXES - 1)];
	slot->qualifier_state = KVMSCOPE_QUALIFIER_NONE;
	if (!kind)
		return;
	slot->qualifier_kind = kind;
	slot->qualifier_state = KVMSCOPE_QUALIFIER_KNOWN;
	read_qualifier(vcpu, slot, kind, code, l2, direct);
}

/* Settles what is known when the exit ends: the state becomes KNOWN or NONE. */
static __always_inline void settle_qualifier(struct kvm_vcpu *vcpu, struct kvmscope_slot *slot,
					     u64 code, u32 isa)
{
	u32 state = slot->qualifier_state;

	if (state == KVMSCOPE_QUALIFIER_LATE && !late_qualifier(vcpu, slot, code, isa))
		slot->qualifier_state = KVMSCOPE_QUALIFIER_NONE;
	else if (state >= KVMSCOPE_QUALIFIER_LATE)
		slot->qualifier_state = KVMSCOPE_QUALIFIER_KNOWN;
}

/*
 * The cell for the exit that ends: its reason's own (`cell`, number `head`) where no qualifier is
 * known, else its qualifier's, or where that found no room, the reason's other.
 */
static __always_inline struct kvmscope_cell *qualified_cell(struct kvmscope_slot *slot,
							    struct kvmscope_cell *cell, u32 head)
{
	u64 qualifier = slot->qualifier;
	/* Pages differ from bit 12 on, directions in bit 32. */
	u32 at = qualifier ^ qualifier >> 12 ^ qualifier >> 32 ^ head;
	struct kvmscope_cell *found;
	u32 number;

	if (slot->qualifier_state != KVMSCOPE_QUALIFIER_KNOWN)
		return cell;
	at &= KVMSCOPE_RECENT - 1;
	number = slot->recent_cell[at];
	if (slot->recent_qualifier[at] != qualifier || slot->recent_head[at] != head) {
		number = find_extra(slot, cell, head, qualifier, KVMSCOPE_CELL_QUALIFIED);
		if (number) {
			slot->recent_qualifier[at] = qualifier;
			slot->recent_head[at] = head;
			slot->recent_cell[at] = number;
		} else {
			slot->other_exits++;
			number = find_extra(slot, cell, head, 0, KVMSCOPE_CELL_OTHER);
		}
	}
	found = number ? cell_at(number) : NULL;
	return found ? found : cell;
}

/* The slot of the loaded vCPU, if its open exit waits for this kind of event. */
static __always_inline struct kvmscope_slot *awaiting(u32 kind)
{
	struct kvm_vcpu *vcpu = loaded_vcpu(false);
	struct kvmscope_slot *slot;
	u32 number;

	slot = vcpu ? slot_of(vcpu, false, false, &number) : NULL;
	if (!slot || slot->open < KVMSCOPE_FIRST_CELL || slot->qualifier_kind != kind ||
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

#endif
