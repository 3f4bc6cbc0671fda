/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Rounds: an exit flagged L2 whose entry is not was reflected to L1, and the
 * round lasts until the vCPU enters L2 again.
 */
#ifndef KVMSCOPE_ROUNDS_BPF_H
#define KVMSCOPE_ROUNDS_BPF_H

#include "cells.bpf.h"

static __always_inline void begin_round(struct kvmscope_slot *slot, u64 handling)
{
	struct kvmscope_cell *cell = cell_at(slot->open);
	u32 number;

	if (!cell)
		return;
	number = find_extra(slot, cell, slot->open, 0, KVMSCOPE_CELL_ROUND);
	cell = number ? cell_at(number) : NULL;
	if (!cell)
		return;
	cell->parts[KVMSCOPE_ROUND_REFLECTED]++;
	slot->round_cell = number;
	slot->round_ns = slot->exit_ns;
	slot->round_handling_ns = handling;
	slot->round_exits = 0;
}

static __always_inline void end_round(struct kvmscope_slot *slot, u64 now)
{
	struct kvmscope_cell *cell = cell_at(slot->round_cell);

	slot->round_cell = 0;
	if (!cell || now < slot->round_ns)
		return;
	begin_end(cell);
	cell->parts[KVMSCOPE_ROUND_L1_EXITS] += slot->round_exits;
	cell->parts[KVMSCOPE_ROUND_HANDLING] += slot->round_handling_ns;
	add_duration(cell, now - slot->round_ns);
	finish_end(cell);
}

/* kvm_entry: does the exit that ends belong to a round, start one, or end one? */
static __noinline int follow_round(struct kvmscope_slot *slot, u64 now, u32 enters_l2)
{
	u64 handling;

	if (!slot || slot->open == KVMSCOPE_OPEN_FRESH || slot->open == KVMSCOPE_OPEN_RUNNING)
		return 0;
	handling = now > slot->exit_ns ? now - slot->exit_ns : 0;
	if (slot->traits & KVMSCOPE_TRAIT_L2) {
		slot->round_cell = 0;
		if (!enters_l2 && slot->open >= KVMSCOPE_FIRST_CELL)
			begin_round(slot, handling);
		return 0;
	}
	if (!slot->round_cell)
		return 0;
	slot->round_exits++;
	slot->round_handling_ns += handling;
	if (enters_l2)
		end_round(slot, now);
	return 0;
}

#endif
