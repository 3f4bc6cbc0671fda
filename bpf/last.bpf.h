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

/* The newest entry of the vCPU; NULL where there is none. */
static __always_inline struct kvmscope_last *newest_last(struct kvmscope_slot *slot)
{
	u32 at = slot->last_at;
	struct kvmscope_last *last;

	last = bpf_map_lookup_elem(&last_exits, &at);
	return last && last->number && last->number == slot->last_number ? last : NULL;
}

/* An entry is written between these two, so that a reader can tell what belongs together. */
static __always_inline void open_last(struct kvmscope_last *last)
{
	last->version++;
	barrier();
}

static __always_inline void close_last(struct kvmscope_last *last)
{
	barrier();
	last->version++;
}

static __always_inline void copy_qualifier(struct kvmscope_last *last, struct kvmscope_slot *slot)
{
	if (slot->qualifier_state != KVMSCOPE_QUALIFIER_KNOWN)
		return;
	last->qualifier = slot->qualifier;
	last->qualifier_state = KVMSCOPE_QUALIFIER_KNOWN;
}

/* kvm_exit: the oldest entry becomes this exit's, until begin_last_time(). */
static __always_inline struct kvmscope_last *
begin_last(struct kvm_vcpu *vcpu, struct kvmscope_slot *slot, u64 code, u32 isa_l2, bool direct)
{
	/* slot_of() has noted the slot's number there. */
	u32 slot_number = hints[bpf_get_smp_processor_id() & (KVMSCOPE_HINTS - 1)].slot;
	u32 first = slot_number * knobs.last_count, at = slot->last_at + 1;
	struct kvmscope_last *last;
	u64 rip = 0;

	if (!slot->last_number || at >= first + knobs.last_count)
		at = first;
	last = bpf_map_lookup_elem(&last_exits, &at);
	if (!last)
		return NULL;
	open_last(last);
	slot->last_at = at;
	slot->last_number++;
	last->number = slot->last_number;
	last->end_ns = 0;
	last->code = code;
	last->rip_state = read_rip(vcpu, isa_l2 >> 1, direct, &rip) ? KVMSCOPE_QUALIFIER_KNOWN
								    : KVMSCOPE_QUALIFIER_NONE;
	last->rip = rip;
	last->returns = 0;
	last->isa = code == UNREAD_CODE ? KVMSCOPE_ISA_NONE : isa_l2 >> 1;
	last->level = 1 + (isa_l2 & 1);
	last->qualifier_state = KVMSCOPE_QUALIFIER_NONE;
	return last;
}

/* The time of the exit is the last that is known. */
static __always_inline void begin_last_time(struct kvmscope_last *last, u64 now)
{
	last->exit_ns = now;
	close_last(last);
}

/* What was known of the exit's qualifier only when KVM had handled it. */
static __noinline int fill_last(struct kvmscope_last *last, struct kvmscope_slot *slot)
{
	if (!last || !slot)
		return 0;
	open_last(last);
	copy_qualifier(last, slot);
	close_last(last);
	return 0;
}

/*
 * kvm_entry at `now`, once the qualifier is settled: the exit in cell `open` ends. Its time is one
 * store, so a reader has it or not.
 */
static __always_inline void end_last(struct kvmscope_slot *slot, u32 open, u64 now)
{
	u32 at = slot->last_at;
	struct kvmscope_last *last;

	last = bpf_map_lookup_elem(&last_exits, &at);
	if (!last)
		return;
	last->end_ns = now;
	if (open >= KVMSCOPE_FIRST_CELL && last->qualifier_state != slot->qualifier_state)
		fill_last(last, slot);
}

/* KVM_RUN returns, with the exit open: maybe for the last time. */
static __always_inline void note_last_return(struct kvm_vcpu *vcpu, struct kvmscope_slot *slot,
					     s32 kind)
{
	struct kvmscope_last *last;

	if (slot->open != KVMSCOPE_OPEN_DROPPED && slot->open < KVMSCOPE_FIRST_CELL)
		return;
	last = newest_last(slot);
	if (!last)
		return;
	if (knobs.know_qualifier && slot->open >= KVMSCOPE_FIRST_CELL)
		settle_qualifier(vcpu, slot, last->code, last->isa);
	open_last(last);
	last->return_kind = kind;
	last->returns++;
	if (slot->open >= KVMSCOPE_FIRST_CELL)
		copy_qualifier(last, slot);
	close_last(last);
}

#endif
