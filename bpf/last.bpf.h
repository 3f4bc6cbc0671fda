/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The last exits of each vCPU, in a ring that is overwritten: what happened before the end. Only
 * for those who ask.
 */
#ifndef KVMSCOPE_LAST_BPF_H
#define KVMSCOPE_LAST_BPF_H

#include "arch.bpf.h"
#include "qualifier.bpf.h"
#include "slots.bpf.h"

/* kvm_exit: what nobody else notes of the exit that will be open. */
static __always_inline void begin_last(struct kvmscope_slot *slot, u32 number, u64 code)
{
	/* Not the qualifier of an older exit. */
	if (number < KVMSCOPE_FIRST_CELL)
		slot->qualifier_state = KVMSCOPE_QUALIFIER_NONE;
	slot->last_code = code;
	slot->last_returns = 0;
}

/*
 * The open exit ends: it takes the place of the oldest. `end_ns`: the kvm_entry, 0 if there was
 * none. While it is open, it is in the slot only: user space reads it there.
 */
static __always_inline void end_last(struct kvmscope_slot *slot, u64 end_ns)
{
	u64 number = slot->last_number;
	u32 at = slot->last_first + (number & (knobs.last_count - 1));
	struct kvmscope_last *last;

	last = bpf_map_lookup_elem(&last_exits, &at);
	if (!last)
		return;
	last->number = 0;
	barrier();
	last->exit_ns = slot->exit_ns;
	last->end_ns = end_ns;
	last->code = slot->last_code;
	last->qualifier = slot->qualifier;
	last->rip = slot->rip;
	last->returns = slot->last_returns;
	last->traits = slot->traits;
	last->qualifier_state = slot->qualifier_state;
	barrier();
	number++;
	last->number = number;
	slot->last_number = number;
}

/* KVM_RUN returns, with the exit open: maybe for the last time. */
static __always_inline void note_last_return(struct kvm_vcpu *vcpu, struct kvmscope_slot *slot,
					     s32 kind)
{
	if (slot->open < KVMSCOPE_OPEN_DROPPED)
		return;
	if (knobs.know_qualifier && slot->open >= KVMSCOPE_FIRST_CELL)
		settle_qualifier(vcpu, slot);
	slot->last_returns = (u64)kind << 32 | (u32)(slot->last_returns + 1);
}

#endif
