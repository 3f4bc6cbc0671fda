/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Keys: what exits of one reason are kept apart by (kvmscope_key_part), and who gets a cell.
 *
 * A key gets a free cell when it comes first, up to a share per vCPU, reason and level. Exits of
 * keys that came later are counted as `other`, and their keys in the reason's sketch. User space
 * reads the sketches, takes the cells of keys that are rare now, and gives them to those that are
 * frequent (CellExchange.cs, which says why that is safe while these programs run).
 */
#ifndef KVMSCOPE_KEYS_BPF_H
#define KVMSCOPE_KEYS_BPF_H

#include "cells.bpf.h"
#include "slots.bpf.h"

#define SKETCH_AT(at) ((at) & (KVMSCOPE_SKETCH_KEYS - 1))

/* The reason's sketch, in the present round; NULL where none is left. */
static __always_inline struct kvmscope_sketch *sketch_of(struct kvmscope_cell *cell)
{
	u32 free_round = control.free_round + 1, round = control.sketch_round;
	struct kvmscope_sketch *sketch;
	struct kvmscope_run run = {};

	if (!cell->sketch) {
		if (cell->sketch_asked == free_round)
			return NULL;
		if (bpf_map_pop_elem(&free_sketches, &run)) {
			cell->sketch_asked = free_round;
			return NULL;
		}
		cell->sketch = run.first;
	}
	run.first = cell->sketch;
	sketch = bpf_map_lookup_elem(&sketches, &run.first);
	if (sketch && sketch->round != round) {
		/* All counters are 0 again. */
		sketch->floor = sketch->top;
		sketch->began = sketch->top;
		sketch->done = 0;
		sketch->round = round;
	}
	return sketch;
}

/* The slot's instruction, if it is a part of the key; slow exits note it too. */
static __always_inline u64 rip_of_key(struct kvmscope_slot *slot)
{
	return knobs.want_rips ? slot->rip : 0;
}

/* One branch for all parts: the verifier goes through each branch of a loop each time. */
static __always_inline bool is_counter_of(struct kvmscope_sketch *sketch, u32 at,
					  struct kvmscope_slot *slot)
{
	at = SKETCH_AT(at);
	return !((sketch->states[at] ^ slot->states) | (sketch->rip[at] ^ rip_of_key(slot)) |
		 (sketch->page[at] ^ slot->page) | (sketch->qualifier[at] ^ slot->qualifier));
}

/* Counts the exit for the counter `at`. One that was 0 begins anew. */
static __always_inline void count_in(struct kvmscope_sketch *sketch, u32 at)
{
	u64 count;

	at = SKETCH_AT(at);
	count = sketch->count[at];
	if (count < sketch->floor)
		count = sketch->floor;
	count++;
	sketch->count[at] = count;
	if (count > sketch->top)
		sketch->top = count;
}

/* The counter `at` is no longer its key's. */
static __noinline int unlink_counter(struct kvmscope_sketch *sketch, u32 at)
{
	u32 i, step, next;
	u8 *first;

	if (!sketch)
		return 0;
	at = SKETCH_AT(at);
	first = &sketch->first[sketch->bucket[at]];
	if (*first == at + 1) {
		*first = sketch->follower[at];
		return 0;
	}
	step = *first;
	for (i = 0; i < KVMSCOPE_SKETCH_KEYS && step; i++) {
		next = sketch->follower[SKETCH_AT(step - 1)];
		if (next == at + 1) {
			sketch->follower[SKETCH_AT(step - 1)] = sketch->follower[at];
			break;
		}
		step = next;
	}
	return 0;
}

static __always_inline void give_counter(struct kvmscope_sketch *sketch, u32 at,
					 struct kvmscope_slot *slot, u32 bucket)
{
	/* A counter that never had a key is in no bucket. */
	unlink_counter(sketch, at);
	at = SKETCH_AT(at);
	sketch->states[at] = slot->states;
	sketch->qualifier[at] = slot->qualifier;
	sketch->page[at] = slot->page;
	sketch->rip[at] = rip_of_key(slot);
	sketch->bucket[at] = bucket;
	sketch->follower[at] = sketch->first[bucket & (KVMSCOPE_SKETCH_BUCKETS - 1)];
	sketch->first[bucket & (KVMSCOPE_SKETCH_BUCKETS - 1)] = at + 1;
	count_in(sketch, at);
}

/*
 * An exit of the reason's own cell, number `head`, whose key, the slot's, has no cell. Not static:
 * so the verifier goes through it once, and not with all that its callers may know.
 */
__noinline int count_in_sketch(u32 head)
{
	struct kvmscope_cell *cell = cell_at(head);
	struct kvmscope_slot *slot = cell ? slot_at(cell->slot) : NULL;
	struct kvmscope_sketch *sketch;
	u32 i, at = 0, bucket, step;
	bool found = false;

	if (!slot)
		return 0;
	sketch = sketch_of(cell);
	if (!sketch)
		return 0;
	/* Fibonacci hashing: the upper bits of the product are mixed best. */
	bucket =
	    ((slot->qualifier ^ slot->page >> 12 ^ rip_of_key(slot)) * 0x9e3779b97f4a7c15ull) >> 56;
	step = sketch->first[bucket & (KVMSCOPE_SKETCH_BUCKETS - 1)];
	for (i = 0; i < KVMSCOPE_SKETCH_KEYS && step; i++) {
		if (is_counter_of(sketch, step - 1, slot)) {
			count_in(sketch, step - 1);
			return 0;
		}
		step = sketch->follower[SKETCH_AT(step - 1)];
	}
	for (i = 0; i < KVMSCOPE_SKETCH_KEYS && sketch->done < KVMSCOPE_SKETCH_KEYS; i++) {
		at = SKETCH_AT(sketch->next);
		sketch->next++;
		sketch->done++;
		if (sketch->count[at] <= sketch->floor) {
			found = true;
			break;
		}
	}
	if (found) {
		give_counter(sketch, at, slot, bucket);
		return 0;
	}
	/* None was 0 when it was looked at, and none has become 0 since: the floor is the same. */
	sketch->floor++;
	sketch->done = 0;
	return 0;
}

/* The key is the cell's. A cell that user space is taking from its key has no head. */
static __always_inline bool is_cell_of(struct kvmscope_cell *cell, struct kvmscope_slot *slot,
				       u32 head)
{
	return cell->head == head && cell->states == slot->states &&
	       (!knobs.want_qualifiers || cell->qualifier == slot->qualifier) &&
	       (!knobs.want_pages || cell->page == slot->page) &&
	       (!knobs.want_rips || cell->rip == slot->rip);
}

/*
 * The number of the cell for a key that is not among the recent ones. Where the key has none and
 * gets none, its exits are with those of the same qualifier, if that is a part of it, else with all
 * others of the reason.
 */
__noinline u32 find_key(u32 head, u32 at)
{
	struct kvmscope_cell *cell = cell_at(head);
	struct kvmscope_slot *slot = cell ? slot_at(cell->slot) : NULL;
	u32 number, states, others;

	if (!slot)
		return 0;
	states = slot->states;
	number = find_extra(slot, cell, head, states, KVMSCOPE_CELL_QUALIFIED);
	if (number) {
		slot->recent_cell[at & (KVMSCOPE_RECENT - 1)] = number;
		return number;
	}
	count_in_sketch(head);
	slot->other_exits++;
	others = states * KVMSCOPE_KEY_OTHER; /* each part was NONE or KNOWN */
	if (is_part_known(states, KVMSCOPE_KEY_QUALIFIER) && states >> KVMSCOPE_KEY_PAGE) {
		number = find_extra(slot, cell, head,
				    (others & ~(u32)KVMSCOPE_KEY_MASK) | KVMSCOPE_KEY_KNOWN,
				    KVMSCOPE_CELL_QUALIFIED);
		if (number)
			return number;
	}
	return find_extra(slot, cell, head, others, KVMSCOPE_CELL_OTHER);
}

/*
 * The cell for the exit that ends with the slot's key: its reason's own, number `head`, where
 * nothing of its key is known, else its key's, or where that found no room, the reason's other.
 */
static __always_inline struct kvmscope_cell *keyed_cell(struct kvmscope_slot *slot, u32 head)
{
	struct kvmscope_cell *found;
	u32 number, at = head;

	if (!slot->states)
		return cell_at(head);
	if (knobs.want_qualifiers) /* directions are in bit 32, pages of MMIO from bit 12 on */
		at ^= slot->qualifier ^ slot->qualifier >> 12 ^ slot->qualifier >> 32;
	if (knobs.want_pages)
		at ^= slot->page >> 12 ^ slot->page >> 21;
	if (knobs.want_rips)
		at ^= slot->rip ^ slot->rip >> 5;
	at &= KVMSCOPE_RECENT - 1;
	number = slot->recent_cell[at];
	found = cell_at(number);
	if (found && is_cell_of(found, slot, head))
		return found;
	number = find_key(head, at);
	return cell_at(number ? number : head);
}

#endif
