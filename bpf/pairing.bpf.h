/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Pairing: kvm_exit to kvm_entry of one vCPU, and every odd sequence between.
 *
 *   exit, entry    the usual: counted at the exit, timed at the entry
 *   exit, exit     fast path of kernels up to 5.15: the first is counted, not timed
 *   entry, entry   a VM entry that failed: nothing to count but itself
 *   exit, nothing  stays open: the vCPU is halted, stopped or gone
 *
 * The timestamp is taken last at the exit and first at the entry, so that what
 * the tracer itself costs is not in the handling time.
 */
#ifndef KVMSCOPE_PAIRING_BPF_H
#define KVMSCOPE_PAIRING_BPF_H

#include "cells.bpf.h"
#include "slots.bpf.h"

/* Filters that need no state: before anything is paid for. */
static __always_inline bool is_foreign(struct kvm_vcpu *vcpu, bool direct)
{
	u32 i, tgid, id;

	if (knobs.tgid_count) {
		tgid = current_tgid(direct);
		for (i = 0; i < KVMSCOPE_MAX_TGIDS; i++) {
			if (i >= knobs.tgid_count)
				return true;
			if (knobs.tgids[i] == tgid)
				break;
		}
		if (i == KVMSCOPE_MAX_TGIDS)
			return true;
	}
	if (knobs.vcpu_id_count) {
		id = vcpu_id(vcpu, direct);
		if (id >= KVMSCOPE_MAX_VCPU_ID || !(knobs.vcpu_bits[id / 64] >> (id % 64) & 1))
			return true;
	}
	return false;
}

static __always_inline bool is_unwanted(u64 code, u32 place, u32 level)
{
	bool named = false;
	u32 i;

	if (knobs.level && knobs.level != level)
		return true;
	if (knobs.reasons == KVMSCOPE_REASONS_ALL)
		return false;
	if (place < KVMSCOPE_PLACE_ODD) {
		named = knobs.reason_bits[(place / 64) & 3] >> (place % 64) & 1;
	} else {
		for (i = 0; i < KVMSCOPE_MAX_ODD_REASONS && i < knobs.odd_reason_count; i++)
			if (knobs.odd_reasons[i] == code)
				named = true;
	}
	return named != (knobs.reasons == KVMSCOPE_REASONS_ONLY);
}

static __always_inline void report_slow(struct kvmscope_slot *slot, struct kvmscope_cell *cell,
					u64 end_ns, u64 ns)
{
	struct kvmscope_slow *event;

	event = bpf_ringbuf_reserve(&slow_exits, sizeof(*event), 0);
	if (!event) {
		slot->lost_events++;
		return;
	}
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
	event->pad = 0;
	bpf_ringbuf_submit(event, 0);
}

/* The open exit is followed by another: it was an exit, and has no end to measure. */
static __noinline int close_untimed(struct kvmscope_slot *slot)
{
	struct kvmscope_cell *cell;

	if (!slot)
		return 0;
	cell = cell_at(slot->open);
	if (cell) {
		cell->begun = cell->ended + 1;
		barrier();
		slot->open = KVMSCOPE_OPEN_RUNNING;
		cell->untimed++;
		barrier();
		cell->ended++;
	}
	slot->unpaired_exits++;
	return 0;
}

/* No cell yet for this reason, a rare reason, or no cell left. Returns the cell number or 0. */
static __noinline u32 rare_cell(struct kvmscope_slot *slot, u64 code, u32 slot_number, u32 isa_l2)
{
	struct cell_key key = {};

	if (!slot)
		return 0;
	key.code = code;
	key.slot = slot_number;
	key.place = usual_place(code);
	key.isa = code == UNREAD_CODE ? KVMSCOPE_ISA_NONE : isa_l2 >> 1;
	key.l2 = isa_l2 & 1;
	return find_cell(slot, &key);
}

/*
 * `ctx` and `isa_at`: the tracepoint's arguments, and which of them is the ISA;
 * the reason is the first where `from_arg`, else it is read from the vCPU.
 */
static __always_inline int handle_exit(struct kvm_vcpu *vcpu, u64 *ctx, u32 isa_at, bool from_arg,
				       bool direct)
{
	u32 number, slot_number, place, l2;
	struct kvmscope_slot *slot;
	u64 code;

	if (knobs.filter_vcpus && is_foreign(vcpu, direct))
		return 0;
	slot = slot_of(vcpu, direct, true, &slot_number);
	if (!slot)
		return 0;
	if (slot->open >= KVMSCOPE_FIRST_CELL)
		close_untimed(slot);

	l2 = vcpu_in_l2(vcpu, direct);
	if (!from_arg)
		code = vcpu_code(vcpu, slot, ctx, l2);
	else if ((u32)ctx[isa_at] == KVMSCOPE_ISA_VMX)
		code = (u32)ctx[0] & VMX_REASON_MASK;
	else
		code = (u32)ctx[0];

	place = usual_place(code);
	if (knobs.filter_exits && is_unwanted(code, place, 1 + l2)) {
		slot->open = KVMSCOPE_OPEN_SKIPPED;
		return 0;
	}
	number = *index_at(slot, l2, place);
	if (number < KVMSCOPE_FIRST_CELL || place == KVMSCOPE_PLACE_ODD) {
		number = rare_cell(slot, code, slot_number, (u32)ctx[isa_at] << 1 | l2);
		if (!number) {
			slot->dropped_exits++;
			slot->open = KVMSCOPE_OPEN_DROPPED;
			return 0;
		}
	}
	slot->open = number;
	if (knobs.want_time)
		slot->exit_ns = bpf_ktime_get_ns();
	return 0;
}

static __always_inline int handle_entry(struct kvm_vcpu *vcpu, bool direct)
{
	u64 now = knobs.want_time ? bpf_ktime_get_ns() : 0;
	struct kvmscope_slot *slot;
	struct kvmscope_cell *cell;
	u32 open, slot_number;
	s64 ns;

	if (knobs.filter_vcpus && is_foreign(vcpu, direct))
		return 0;
	slot = slot_of(vcpu, direct, false, &slot_number);
	if (!slot)
		return 0;

	open = slot->open;
	if (open < KVMSCOPE_FIRST_CELL) {
		slot->open = KVMSCOPE_OPEN_RUNNING;
		if (open == KVMSCOPE_OPEN_RUNNING)
			slot->unpaired_entries++;
		return 0;
	}
	cell = cell_at(open);
	if (!cell)
		return 0;
	/* Begun while it is open still: between the two a reader would count it in neither. */
	cell->begun = cell->ended + 1;
	barrier();
	slot->open = KVMSCOPE_OPEN_RUNNING;
	barrier();
	if (!knobs.want_time) {
		cell->ended++;
		return 0;
	}
	ns = now - slot->exit_ns;
	if (ns < 0)
		ns = 0;
	add_duration(cell, ns);
	if (knobs.slow_ns && (u64)ns >= knobs.slow_ns)
		report_slow(slot, cell, now, ns);
	return 0;
}

#endif
