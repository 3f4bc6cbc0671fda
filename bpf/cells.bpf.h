/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Cells: where exits are counted and timed. */
#ifndef KVMSCOPE_CELLS_BPF_H
#define KVMSCOPE_CELLS_BPF_H

#include "maps.bpf.h"

/*
 * Bin within six octaves, by the eight leading bits: v is the duration shifted so
 * that 4 <= v < 256. A table beats the shifts and compares of a logarithm.
 */
static const u8 bin_in_six[256] = {
    [4] = 0,
    [5] = 1,
    [6] = 2,
    [7] = 3,
    [8 ... 9] = 4,
    [10 ... 11] = 5,
    [12 ... 13] = 6,
    [14 ... 15] = 7,
    [16 ... 19] = 8,
    [20 ... 23] = 9,
    [24 ... 27] = 10,
    [28 ... 31] = 11,
    [32 ... 39] = 12,
    [40 ... 47] = 13,
    [48 ... 55] = 14,
    [56 ... 63] = 15,
    [64 ... 79] = 16,
    [80 ... 95] = 17,
    [96 ... 111] = 18,
    [112 ... 127] = 19,
    [128 ... 159] = 20,
    [160 ... 191] = 21,
    [192 ... 223] = 22,
    [224 ... 255] = 23,
};

static __always_inline u32 bin_of(u64 ns)
{
	if (ns < 1ull << 6)
		return 0;
	if (ns < 1ull << 12)
		return 1 + bin_in_six[ns >> 4];
	if (ns < 1ull << 18)
		return 25 + bin_in_six[ns >> 10];
	if (ns < 1ull << 24)
		return 49 + bin_in_six[ns >> 16];
	if (ns < 1ull << 30)
		return 73 + bin_in_six[ns >> 22];
	if (ns < 1ull << 36)
		return 97 + bin_in_six[ns >> 28];
	if (ns < 1ull << 40)
		return 121 + bin_in_six[ns >> 34];
	return KVMSCOPE_HIST_BINS - 1;
}

static __always_inline struct kvmscope_cell *cell_at(u32 number)
{
	return bpf_map_lookup_elem(&cells, &number);
}

/*
 * Where a slot's index has the cell of a reason and level. The mask is for the verifier; the
 * barrier keeps the compiler, which knows that it changes nothing, from removing it.
 */
static __always_inline u32 *index_at(struct kvmscope_slot *slot, u32 l2, u32 reason_index)
{
	u32 at = l2 << 8 | reason_index;

	barrier_var(at);
	return &slot->index[at & (KVMSCOPE_LEVELS * KVMSCOPE_REASON_INDEXES - 1)];
}

/*
 * The number of a free cell, from what this CPU has cached of a free list or from the list's next
 * run; 0 where none is left. The cell is all zeros: so user space gives it back.
 *
 * Who may call it, and return_cell(): only what runs at kvm_exit and kvm_entry. The cache is the
 * CPU's and is changed with plain loads and stores. That is enough because both events run with
 * preemption off until the program returns (up to 6.12 every tracepoint does; later kernels fire
 * them with IRQs off on x86 and with preemption off on arm64), and no interrupt handler fires
 * them. A program at an event that can be preempted, or in an interrupt, must not take a cell.
 */
static __always_inline u32 take_from(struct kvmscope_free_cache *cache, void *list)
{
	/* Read before the list: what is given back meanwhile is found in the next round. */
	u32 round = control.free_round + 1;
	struct kvmscope_run run = {};

	if (!cache->run.count) {
		if (cache->empty == round)
			return 0;
		if (bpf_map_pop_elem(list, &run)) {
			cache->empty = round;
			return 0;
		}
		cache->run = run;
	}
	cache->run.count--;
	return cache->run.first++;
}

/* A free cell for a kind; 0 where none is left. See take_from(). */
static __always_inline u32 take_cell(u32 kind)
{
	struct kvmscope_losses *own;
	u32 zero = 0;

	own = bpf_map_lookup_elem(&losses, &zero);
	if (!own)
		return 0;
	if (kind == KVMSCOPE_CELL_REASON)
		return take_from(&own->reasons, &free_reasons);
	if (kind == KVMSCOPE_CELL_QUALIFIED)
		return take_from(&own->qualified, &free_qualified);
	return take_from(&own->shared, &free_shared);
}

/*
 * Takes back what take_cell() handed out last for this kind, which is not KVMSCOPE_CELL_REASON:
 * in the same run of the program, with nothing taken since, and before anything is written to the
 * cell. take_from() says why nothing else can have taken one in between.
 */
static __always_inline void return_cell(u32 kind)
{
	struct kvmscope_losses *own;
	struct kvmscope_free_cache *cache;
	u32 zero = 0;

	own = bpf_map_lookup_elem(&losses, &zero);
	if (!own)
		return;
	cache = kind == KVMSCOPE_CELL_QUALIFIED ? &own->qualified : &own->shared;
	cache->run.first--;
	cache->run.count++;
}

/* What a new cell is for. */
struct cell_key {
	u64 code;
	u32 slot;
	u32 reason_index;
	u8 isa;
	u8 l2;
};

/*
 * Takes a free cell for a reason index of the slot; returns its number, or 0 if none is free.
 * Tried again at each of the reason's exits.
 */
static __always_inline u32 new_cell(struct kvmscope_slot *slot, struct cell_key *key)
{
	u32 number = take_cell(KVMSCOPE_CELL_REASON);
	struct kvmscope_cell *cell = number ? cell_at(number) : NULL;

	if (!cell) {
		if (*index_at(slot, key->l2, key->reason_index) == KVMSCOPE_INDEX_DROPPED)
			return 0;
		*index_at(slot, key->l2, key->reason_index) = KVMSCOPE_INDEX_DROPPED;
		slot->dropped_cells++;
		return 0;
	}
	cell->code = key->code;
	cell->slot = key->slot;
	cell->isa = key->isa;
	cell->level = 1 + key->l2;
	barrier();
	*index_at(slot, key->l2, key->reason_index) = number;
	return number;
}

/*
 * The cell of a code that is new to this vCPU and level, or rare: the rare ones share the last
 * reason indexes and are searched. 0 where there is no cell.
 */
static __noinline u32 find_cell(struct kvmscope_slot *slot, struct cell_key *key)
{
	struct kvmscope_cell *cell;
	u32 i, number;

	if (!slot || !key)
		return 0;
	if (key->reason_index < KVMSCOPE_REASON_INDEX_ODD) {
		number = *index_at(slot, key->l2, key->reason_index);
		return number < KVMSCOPE_FIRST_CELL ? new_cell(slot, key) : 0;
	}
	for (i = KVMSCOPE_REASON_INDEX_ODD; i < KVMSCOPE_REASON_INDEXES; i++) {
		number = *index_at(slot, key->l2, i);
		if (number < KVMSCOPE_FIRST_CELL) {
			key->reason_index = i;
			return new_cell(slot, key);
		}
		cell = cell_at(number);
		if (cell && cell->code == key->code && cell->isa == key->isa)
			return number;
	}
	return 0;
}

/*
 * There is no free cell of this kind for the exits of a reason's own cell. A key's exits are
 * counted among the reason's other ones then; each other kind is counted once as dropped.
 */
static __always_inline u32 drop_kind(struct kvmscope_slot *slot, struct kvmscope_cell *cell,
				     u32 kind)
{
	if (kind == KVMSCOPE_CELL_QUALIFIED || cell->dropped_kinds >> kind & 1)
		return 0;
	cell->dropped_kinds |= 1 << kind;
	slot->dropped_cells++;
	return 0;
}

static __always_inline bool is_part_known(u32 states, u32 part)
{
	return (states >> part & KVMSCOPE_KEY_MASK) == KVMSCOPE_KEY_KNOWN;
}

static __always_inline bool has_other(u32 states)
{
	return states &
	       (KVMSCOPE_KEY_OTHER << KVMSCOPE_KEY_QUALIFIER |
		KVMSCOPE_KEY_OTHER << KVMSCOPE_KEY_PAGE | KVMSCOPE_KEY_OTHER << KVMSCOPE_KEY_RIP);
}

/*
 * A cell that is not in the slot's index: for exits of the reason's own cell (`cell`, number
 * `head`) with one key, or for another kind. The key is the slot's, as far as `states` says that
 * it is known. 0 where no cell is left, or the reason has its share.
 */
static __noinline u32 find_extra(struct kvmscope_slot *slot, struct kvmscope_cell *cell, u32 head,
				 u32 states, u32 kind)
{
	struct kvmscope_extra key = {};
	struct kvmscope_cell *made;
	u32 number, *known;
	s32 share;

	if (!slot || !cell)
		return 0;
	key.head = head | kind << KVMSCOPE_KIND_SHIFT;
	key.states = states;
	if (is_part_known(states, KVMSCOPE_KEY_QUALIFIER))
		key.qualifier = slot->qualifier;
	if (is_part_known(states, KVMSCOPE_KEY_PAGE))
		key.page = slot->page;
	if (is_part_known(states, KVMSCOPE_KEY_RIP))
		key.rip = slot->rip;
	known = bpf_map_lookup_elem(&extras, &key);
	if (known)
		return *known;
	/* What stands for several keys has a share of its own: without it they would be `other`. */
	share = has_other(states) ? 2 * KVMSCOPE_SHARE : KVMSCOPE_SHARE;
	if (kind == KVMSCOPE_CELL_QUALIFIED && (s32)(cell->kept - cell->given) >= share)
		return 0;
	number = take_cell(kind);
	made = number ? cell_at(number) : NULL;
	if (!made)
		return drop_kind(slot, cell, kind);
	if (bpf_map_update_elem(&extras, &key, &number, BPF_NOEXIST)) {
		return_cell(kind);
		return drop_kind(slot, cell, kind);
	}
	made->code = cell->code;
	made->slot = cell->slot;
	made->isa = cell->isa;
	made->level = cell->level;
	made->kind = kind;
	made->states = states;
	made->qualifier = key.qualifier;
	made->page = key.page;
	made->rip = key.rip;
	made->head = head;
	made->next = slot->extra;
	barrier();
	slot->extra = number;
	if (kind == KVMSCOPE_CELL_QUALIFIED)
		cell->kept++;
	return number;
}

/*
 * One more end in a cell is noted between these two, so that a reader can tell what belongs
 * together; see kvmscope_cell.
 */
static __always_inline void begin_end(struct kvmscope_cell *cell)
{
	cell->begun = cell->ended + 1;
	barrier();
}

static __always_inline void finish_end(struct kvmscope_cell *cell)
{
	barrier();
	cell->ended++;
	barrier(); /* keeps the compiler from merging this with what follows, which costs more */
}

static __always_inline void add_duration(struct kvmscope_cell *cell, u64 ns)
{
	u32 bin = bin_of(ns);

	cell->total_ns += ns;
	if (ns > cell->max_ns)
		cell->max_ns = ns;
	if (bin < KVMSCOPE_HIST_BINS)
		cell->bins[bin]++;
}

#endif
