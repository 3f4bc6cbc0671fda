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
	if (knobs.want_vcpus) {
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
	event->tid = slot->tid;
	event->vcpu_id = slot->vcpu_id;
	event->cpu = bpf_get_smp_processor_id();
	event->isa = cell->isa;
	event->level = cell->level;
	event->pad = 0;
	bpf_ringbuf_submit(event, 0);
}

/* `code` is the tracepoint's own argument where `from_arg`, else it is read. */
static __always_inline int handle_exit(struct kvm_vcpu *vcpu, u32 isa, u64 code, bool from_arg,
				       bool direct)
{
	u32 number, slot_number, place, level;
	struct kvmscope_slot *slot;
	struct kvmscope_cell *cell;

	if (is_foreign(vcpu, direct))
		return 0;
	slot = slot_of(vcpu, direct, true, &slot_number);
	if (!slot)
		return 0;

	if (slot->open >= KVMSCOPE_FIRST_CELL)
		slot->unpaired_exits++;

	level = vcpu_in_l2(vcpu, direct) ? 2 : 1;
	if (!from_arg)
		code = vcpu_code(vcpu, slot, isa, level == 2);
	if (code == UNREAD_CODE)
		isa = KVMSCOPE_ISA_NONE;

	place = usual_place(code);
	if (is_unwanted(code, place, level)) {
		slot->open = KVMSCOPE_OPEN_SKIPPED;
		return 0;
	}
	if (place == KVMSCOPE_PLACE_ODD)
		place = odd_place(slot, code, isa << 8 | level);

	number = *index_at(slot, level, place);
	if (number < KVMSCOPE_FIRST_CELL) {
		if (number == KVMSCOPE_PLACE_EMPTY && (place || !code))
			number = new_cell(slot, slot_number, code, isa << 8 | level, place);
		if (number < KVMSCOPE_FIRST_CELL) {
			slot->dropped_exits++;
			slot->open = KVMSCOPE_OPEN_DROPPED;
			return 0;
		}
	}
	cell = cell_at(number);
	if (!cell)
		return 0;
	cell->count++;
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

	if (is_foreign(vcpu, direct))
		return 0;
	slot = slot_of(vcpu, direct, false, &slot_number);
	if (!slot)
		return 0;

	open = slot->open;
	slot->open = KVMSCOPE_OPEN_RUNNING;
	if (open < KVMSCOPE_FIRST_CELL) {
		if (open == KVMSCOPE_OPEN_RUNNING)
			slot->unpaired_entries++;
		return 0;
	}
	cell = cell_at(open);
	if (!cell)
		return 0;
	if (!knobs.want_time) {
		cell->begun++;
		cell->timed++;
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
