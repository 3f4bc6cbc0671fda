/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Pairing: kvm_exit to kvm_entry of one vCPU, and every unusual sequence.
 *
 *   exit, entry    the usual: counted at the exit, timed at the entry
 *   exit, exit     fast path of kernels up to 5.15: the first is counted, not timed
 *   entry, entry   a VM entry that failed: only that is counted
 *   exit, nothing  stays open: the vCPU is halted, stopped or gone
 *
 * The time is read last at the exit and first at the entry, so that the handling
 * time does not include what the tracer itself costs.
 */
#ifndef KVMSCOPE_PAIRING_BPF_H
#define KVMSCOPE_PAIRING_BPF_H

#include "arch.bpf.h"
#include "cells.bpf.h"
#include "last.bpf.h"
#include "qualifier.bpf.h"
#include "rounds.bpf.h"
#include "slots.bpf.h"
#include "waiting.bpf.h"
#include "wallclock.bpf.h"

static __always_inline bool is_unwanted(u64 code, u32 index, u32 level)
{
	bool named = false;
	u32 i;

	if (knobs.level && knobs.level != level)
		return true;
	if (knobs.reasons == KVMSCOPE_REASONS_ALL)
		return false;
	if (index < KVMSCOPE_REASON_INDEX_ODD) {
		named = knobs.reason_bits[(index / 64) & 3] >> (index % 64) & 1;
	} else {
		for (i = 0; i < KVMSCOPE_MAX_ODD_REASONS && i < knobs.odd_reason_count; i++)
			if (knobs.odd_reasons[i] == code)
				named = true;
	}
	return named != (knobs.reasons == KVMSCOPE_REASONS_ONLY);
}

static __always_inline void report_parts(struct kvmscope_slow *event, struct kvmscope_slot *slot,
					 struct task_struct *task)
{
	u32 i;

	for (i = 0; i < KVMSCOPE_PARTS; i++)
		event->parts[i] = slot->parts[i];
	if (knobs.want_who)
		settle_wait(slot, run_delay(task), (u32)bpf_get_current_pid_tgid());
	if (knobs.want_who && slot->longest_wait_ns) {
		event->ran_pid = slot->longest_pid;
		__builtin_memcpy(event->ran_comm, slot->longest_comm, KVMSCOPE_COMM_LENGTH);
	}
}

static __noinline int report_slow(struct kvmscope_slot *slot, struct kvmscope_cell *cell,
				  u64 end_ns, u64 ns)
{
	struct kvmscope_slow *event;

	if (!slot || !cell)
		return 0;
	event = bpf_ringbuf_reserve(&slow_exits, sizeof(*event), 0);
	if (!event) {
		slot->lost_events++;
		return 0;
	}
	__builtin_memset(event, 0, sizeof(*event));
	event->end_ns = end_ns;
	event->duration_ns = ns;
	event->code = cell->code;
	event->slot = cell->slot;
	event->tgid = slot->tgid;
	event->tid = (u32)bpf_get_current_pid_tgid();
	event->vcpu_id = slot->vcpu_id;
	event->cpu = bpf_get_smp_processor_id();
	event->isa = cell->isa;
	event->level = cell->level;
	if (knobs.know_qualifier && slot->qualifier_state == KVMSCOPE_QUALIFIER_KNOWN) {
		event->qualifier_state = KVMSCOPE_QUALIFIER_KNOWN;
		event->qualifier = slot->qualifier;
	}
	if (knobs.want_split) {
		event->rip = slot->rip;
		event->exit_cpu = slot->exit_cpu;
		report_parts(event, slot, (void *)bpf_get_current_task());
	}
	bpf_ringbuf_submit(event, 0);
	return 0;
}

/* Whether the exit, or the part of it that was chosen, took long enough to be reported. */
static __always_inline bool is_slow(struct kvmscope_slot *slot, u64 ns, bool more)
{
	u64 others = 0;
	u32 i;

	if (!more || !knobs.want_split || knobs.slow_part == KVMSCOPE_PART_ALL)
		return ns >= knobs.slow_ns;
	if (knobs.slow_part < KVMSCOPE_PARTS)
		return slot->parts[knobs.slow_part] >= knobs.slow_ns;
	if (knobs.slow_part == KVMSCOPE_PART_AWAKE)
		others = slot->parts[KVMSCOPE_PART_HALT] + slot->parts[KVMSCOPE_PART_POLL];
	else
		for (i = 0; i < KVMSCOPE_PARTS; i++)
			others += slot->parts[i];
	return ns > others && ns - others >= knobs.slow_ns;
}

/* Where a slow exit came from, as far as it is known at the exit. */
static __always_inline void note_origin(struct kvmscope_slot *slot)
{
	slot->exit_cpu = bpf_get_smp_processor_id();
	if (knobs.want_who)
		forget_waits(slot);
}

static __noinline int note_return(struct kvm_vcpu *vcpu, struct kvmscope_slot *slot,
				  struct kvmscope_cell *cell)
{
	if (!slot || !vcpu || !cell)
		return 0;
	if (slot->rip)
		return 0;
	slot->rip = rip_at_entry(vcpu, cell->isa, cell->level);
	return 0;
}

/*
 * The open exit ends in this cell, until finish_end(). The end begins while the exit is still
 * open: in between a reader would count it in neither.
 */
static __always_inline void close_exit(struct kvmscope_slot *slot, struct kvmscope_cell *cell)
{
	begin_end(cell);
	slot->open = KVMSCOPE_OPEN_RUNNING;
	barrier();
}

/* The open exit is followed by another: it was an exit, and has no end to measure. */
static __noinline int end_untimed(struct kvmscope_slot *slot)
{
	struct kvmscope_cell *cell;

	if (!slot)
		return 0;
	/* What is known only at the end is lost with it. */
	if (knobs.last_count)
		end_last(slot, 0);
	cell = cell_of_key(slot, slot->open);
	if (cell) {
		close_exit(slot, cell);
		cell->untimed++;
		finish_end(cell);
	}
	slot->unpaired_exits++;
	if (knobs.want_split)
		continue_guest(slot);
	if (knobs.want_nested && !(slot->traits & KVMSCOPE_TRAIT_L2) && slot->round_cell)
		slot->round_exits++;
	return 0;
}

/*
 * The open exit is followed by an entry at `now`. `more` is a compile-time constant, as `direct`
 * is: whether anything except counts and times may be wanted.
 */
static __always_inline void end_timed(struct kvm_vcpu *vcpu, struct kvmscope_slot *slot,
				      struct kvmscope_cell *cell, u64 now, bool more)
{
	s64 ns;

	close_exit(slot, cell);
	/* Nobody asks `last` for sums. */
	if (!knobs.want_time || (more && knobs.last_count)) {
		finish_end(cell);
		return;
	}
	ns = now - slot->exit_ns;
	if (ns < 0)
		ns = 0;
	add_duration(cell, ns);
	if (more && knobs.want_split && slot->changed)
		add_parts(slot, cell, ns);
	finish_end(cell);
	if (knobs.slow_ns && is_slow(slot, ns, more)) {
		if (more && knobs.want_split)
			note_return(vcpu, slot, cell);
		report_slow(slot, cell, now, ns);
	}
}

/* No cell yet for this reason, a rare reason, or no cell left. Returns the cell number or 0. */
static __noinline u32 rare_cell(struct kvmscope_slot *slot, u64 code, u32 slot_number, u32 isa_l2)
{
	struct cell_key key = {};

	if (!slot)
		return 0;
	key.code = code;
	key.slot = slot_number;
	key.reason_index = reason_index(code);
	key.isa = code == UNREAD_CODE ? KVMSCOPE_ISA_NONE : isa_l2 >> 1;
	key.l2 = isa_l2 & 1;
	return find_cell(slot, &key);
}

/*
 * The exit is open from now on. Its time is written before: a reader that finds both unchanged
 * knows how long this exit has been open.
 */
static __always_inline void open_exit(struct kvmscope_slot *slot, u32 number)
{
	barrier();
	slot->open = number;
}

/* kvm_exit, where more than counts and times is wanted. */
static __always_inline int more_at_exit(struct kvm_vcpu *vcpu, struct kvmscope_slot *slot,
					u32 number, u64 code, u32 index, u32 isa_l2, bool direct)
{
	u32 traits = isa_l2; /* as kvmscope_trait has both */
	u64 now;

	if (number >= KVMSCOPE_OPEN_DROPPED &&
	    (knobs.want_rips || knobs.last_count || (knobs.want_split && knobs.slow_ns)))
		traits |= take_rip(vcpu, slot, isa_l2 >> 1, direct);
	if (number >= KVMSCOPE_FIRST_CELL) {
		if (knobs.want_keys)
			take_key(vcpu, slot, index, code, traits, direct);
		if (knobs.know_qualifier && !knobs.want_qualifiers)
			take_qualifier(vcpu, slot, index, code, isa_l2 & 1, direct);
		if (knobs.want_split && knobs.slow_ns)
			note_origin(slot);
	}
	slot->traits = traits;
	if (knobs.last_count)
		begin_last(slot, number, code);
	now = bpf_ktime_get_ns();
	if (knobs.want_split)
		leave_guest(slot, now);
	else
		slot->exit_ns = now;
	open_exit(slot, number);
	return 0;
}

/* `ctx`: the tracepoint's arguments; `older`: as kernels up to 5.15 have them. */
static __always_inline int handle_exit(struct kvm_vcpu *vcpu, u64 *ctx, bool older, bool direct,
				       bool more)
{
	u32 number, slot_number, index, l2;
	struct kvmscope_slot *slot;
	u64 code;

	if (knobs.filter_vcpus && is_foreign(vcpu, direct))
		return 0;
	slot = slot_of(vcpu, direct, MAKE_AT_EXIT, &slot_number);
	if (!slot)
		return 0;
	if (slot->open >= KVMSCOPE_FIRST_CELL)
		end_untimed(slot);
	else if (more && knobs.last_count && slot->open == KVMSCOPE_OPEN_DROPPED)
		end_last(slot, 0);

	l2 = vcpu_in_l2(vcpu, direct);
	barrier_var(l2); /* else what it is made of is kept too */
	code = exit_code(vcpu, slot, ctx, l2, older);
	index = reason_index(code);
	if (knobs.filter_exits && is_unwanted(code, index, 1 + l2)) {
		number = KVMSCOPE_OPEN_SKIPPED;
		if (more)
			goto out;
		slot->open = number;
		return 0;
	}
	number = *index_at(slot, l2, index);
	if (number < KVMSCOPE_FIRST_CELL || index == KVMSCOPE_REASON_INDEX_ODD) {
		number = rare_cell(slot, code, slot_number, exit_isa(ctx, older) << 1 | l2);
		if (!number) {
			slot->dropped_exits++;
			number = KVMSCOPE_OPEN_DROPPED;
		}
	}
out:
	if (more)
		return more_at_exit(vcpu, slot, number, code, index, exit_isa(ctx, older) << 1 | l2,
				    direct);
	if (knobs.want_time)
		slot->exit_ns = bpf_ktime_get_ns();
	open_exit(slot, number);
	return 0;
}

/* kvm_entry of a vCPU that has a slot; `more`: see end_timed(). */
static __always_inline int enter_guest(struct kvm_vcpu *vcpu, struct kvmscope_slot *slot, u64 now,
				       bool direct, bool more)
{
	struct kvmscope_cell *cell;
	u32 open = slot->open;

	if (more && knobs.want_nested)
		follow_round(slot, now, vcpu_in_l2(vcpu, direct));
	if (open < KVMSCOPE_FIRST_CELL) {
		if (more && knobs.last_count && open == KVMSCOPE_OPEN_DROPPED)
			end_last(slot, now);
		slot->open = KVMSCOPE_OPEN_RUNNING;
		if (open == KVMSCOPE_OPEN_RUNNING)
			slot->unpaired_entries++;
	} else {
		if (more && knobs.know_qualifier)
			settle_qualifier(vcpu, slot);
		if (more && knobs.last_count)
			end_last(slot, now);
		cell = more ? cell_of_key(slot, open) : cell_at(open);
		if (!cell)
			return 0;
		end_timed(vcpu, slot, cell, now, more);
	}
	if (more && knobs.want_split)
		slot->entry_ns = now;
	return 0;
}

static __always_inline int handle_entry(struct kvm_vcpu *vcpu, bool direct, bool more)
{
	u64 now = knobs.want_time ? bpf_ktime_get_ns() : 0;
	struct kvmscope_slot *slot;
	u32 slot_number;

	if (knobs.filter_vcpus && is_foreign(vcpu, direct))
		return 0;
	slot = slot_of(vcpu, direct, MAKE_NONE, &slot_number);
	if (!slot)
		return 0;
	return enter_guest(vcpu, slot, now, direct, more);
}

#endif
