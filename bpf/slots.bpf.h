/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Slots: the state of a vCPU. */
#ifndef KVMSCOPE_SLOTS_BPF_H
#define KVMSCOPE_SLOTS_BPF_H

#include "maps.bpf.h"
#include "kvm_compat.bpf.h"

static __always_inline struct kvmscope_slot *slot_at(u32 number)
{
	return bpf_map_lookup_elem(&slots, &number);
}

/*
 * Is this slot the vCPU's? The slab allocator reuses the address of a vCPU that is gone. Where a
 * hook reports that (forget_vcpu()), the address is enough; otherwise VM and thread are compared
 * each time. find_slot() handles another thread of the same process.
 */
static __always_inline bool is_slot_of(struct kvmscope_slot *slot, struct kvm_vcpu *vcpu,
				       bool direct)
{
	if (slot->vcpu != (u64)vcpu)
		return false;
	if (!knobs.check_identity)
		return true;
	return slot->tid == current_tid(direct) && slot->kvm == vcpu_kvm(vcpu, direct);
}

/* Filters that need no state: tested before anything else is done. */
static __always_inline bool is_foreign_process(u32 tgid)
{
	u32 i;

	for (i = 0; i < KVMSCOPE_MAX_TGIDS; i++) {
		if (i >= knobs.tgid_count)
			return true;
		if (knobs.tgids[i] == tgid)
			return false;
	}
	return true;
}

static __always_inline bool is_foreign_id(u32 id)
{
	u32 at = id / 64;

	/* As in index_at(): of an id on the stack, another copy is compared than is shifted. */
	barrier_var(at);
	if (id >= KVMSCOPE_MAX_VCPU_ID)
		return true;
	return !(knobs.vcpu_bits[at & (KVMSCOPE_MAX_VCPU_ID / 64 - 1)] >> (id % 64) & 1);
}

static __always_inline bool is_foreign(struct kvm_vcpu *vcpu, bool direct)
{
	if (knobs.tgid_count && is_foreign_process(current_tgid(direct)))
		return true;
	return knobs.vcpu_id_count && is_foreign_id(vcpu_id(vcpu, direct));
}

/* Whether find_slot() makes a slot for a vCPU that has none. */
enum make_slot {
	MAKE_NONE,
	MAKE_AT_EXIT, /* an exit that finds none is counted as dropped */
	MAKE_SILENTLY,
};

/*
 * Counts an exit of a vCPU without a slot. `known` is what is remembered of the vCPU; from now on
 * that is `round`. A vCPU that cannot be remembered is not counted itself: each of its exits would
 * count it again.
 */
static __always_inline void count_untracked(u64 vcpu, u32 *known, u32 round, u32 make)
{
	struct kvmscope_losses *own;
	bool is_new = false;
	u32 zero = 0;

	if (known)
		*known = round;
	else
		is_new = !bpf_map_update_elem(&untracked, &vcpu, &round, BPF_NOEXIST);
	own = bpf_map_lookup_elem(&losses, &zero);
	if (!own)
		return;
	if (make == MAKE_AT_EXIT)
		own->dropped_exits++;
	if (is_new)
		own->dropped_vcpus++;
}

/* What `threads` has for a slot: its number, and since when it is its vCPU's. */
static __always_inline u64 thread_entry(struct kvmscope_slot *slot, u32 number)
{
	return slot->made_ns << 32 | number;
}

/*
 * The thread now runs this vCPU: for events that know only the thread. The vCPU that it ran before
 * must be noted again when it runs that one again.
 */
static __always_inline void note_thread(struct kvmscope_slot *slot, u32 tid, u32 number)
{
	u64 entry = thread_entry(slot, number), *known;
	struct kvmscope_slot *before;

	if (!knobs.want_who && !knobs.want_returns)
		return;
	known = bpf_map_lookup_elem(&threads, &tid);
	if (known && *known == entry)
		return;
	before = known && knobs.want_returns ? slot_at((u32)*known) : NULL;
	if (before && before != slot && before->tid == tid)
		before->tid = 0;
	bpf_map_update_elem(&threads, &tid, &entry, BPF_ANY);
}

/* A slot for a vCPU that has none; 0 where none is left. */
static __always_inline u32 new_slot(u64 vcpu, struct vcpu_identity *id, u32 make)
{
	/* Read before the list: what is given back meanwhile is found in the next round. */
	u32 round = control.free_round + 1;
	struct kvmscope_run run = {};
	struct kvmscope_slot *slot;
	u32 *known;

	known = bpf_map_lookup_elem(&untracked, &vcpu);
	if ((known && *known == round) || bpf_map_pop_elem(&free_slots, &run)) {
		count_untracked(vcpu, known, round, make);
		return 0;
	}
	slot = slot_at(run.first);
	if (!slot)
		return 0;
	if (bpf_map_update_elem(&vcpu_to_slot, &vcpu, &run.first, BPF_ANY)) {
		/* Only this CPU's hint would lead to the slot: another CPU would take another. */
		if (bpf_map_push_elem(&free_slots, &run, 0)) {
			slot->ended = 1; /* given back by user space */
			slot->tgid = id->tgid;
		}
		count_untracked(vcpu, known, 0, make);
		return 0;
	}
	if (known)
		bpf_map_delete_elem(&untracked, &vcpu);
	slot->kvm = id->kvm;
	slot->vcpu_id = id->vcpu_id;
	slot->tid = id->tid;
	slot->poll_ns = id->poll_ns;
	slot->last_first = run.first * knobs.last_count;
	slot->made_ns = bpf_ktime_get_ns();
	current_process_comm(slot->comm);
	barrier(); /* user space looks at slots with a `tgid` */
	slot->tgid = id->tgid;
	slot->vcpu = vcpu;
	if (id->tid)
		note_thread(slot, id->tid, run.first);
	return run.first;
}

static __always_inline void end_slot(struct kvmscope_slot *slot)
{
	slot->ended_ns = bpf_ktime_get_ns();
	slot->vcpu = 0;
	slot->ended = 1;
}

/* The slot number of an address and identity; see find_slot(). */
static __noinline u32 find_identity(u64 vcpu, struct vcpu_identity *id, u32 make)
{
	struct kvmscope_slot *slot;
	u32 *number;

	if (!id)
		return 0;
	number = bpf_map_lookup_elem(&vcpu_to_slot, &vcpu);
	if (!number)
		return make ? new_slot(vcpu, id, make) : 0;
	slot = slot_at(*number);
	if (!slot)
		return 0;
	if (slot->vcpu == vcpu && slot->kvm == id->kvm && slot->vcpu_id == id->vcpu_id &&
	    slot->tgid == id->tgid) {
		slot->tid = id->tid;
		note_thread(slot, id->tid, *number);
		return *number;
	}
	/* The address has a new owner: an exit that the old one left open stays open. */
	if (!make)
		return 0;
	if (slot->vcpu == vcpu)
		end_slot(slot);
	bpf_map_delete_elem(&vcpu_to_slot, &vcpu);
	return new_slot(vcpu, id, make);
}

/*
 * The slot number of a vCPU that is new on this CPU; 0 if there is none and none
 * can be made. No slot is made at kvm_entry: a vCPU's state begins with its first exit, or with its
 * first KVM_RUN where returns are followed.
 */
static __always_inline u32 find_slot(struct kvm_vcpu *vcpu, bool direct, u32 make)
{
	struct vcpu_identity id = {};

	id.kvm = vcpu_kvm(vcpu, direct);
	id.vcpu_id = vcpu_id(vcpu, direct);
	id.tid = current_tid(direct);
	id.tgid = current_tgid(direct);
	if (knobs.want_split && make)
		id.poll_ns = halt_poll_ns(vcpu);
	return find_identity((u64)vcpu, &id, make);
}

static __noinline u32 find_slot_direct(struct kvm_vcpu *vcpu, u32 make)
{
	return find_slot(vcpu, true, make);
}

static __noinline u32 find_slot_raw(struct kvm_vcpu *vcpu, u32 make)
{
	return find_slot(vcpu, false, make);
}

/* This vCPU's slot, through the CPU's hint; *number is its number. */
static __always_inline struct kvmscope_slot *slot_of(struct kvm_vcpu *vcpu, bool direct, u32 make,
						     u32 *number)
{
	struct hint *hint = &hints[bpf_get_smp_processor_id() & (KVMSCOPE_HINTS - 1)];
	struct kvmscope_slot *slot;

	*number = hint->slot;
	slot = slot_at(*number);
	if (slot && is_slot_of(slot, vcpu, direct))
		return slot;

	*number = direct ? find_slot_direct(vcpu, make) : find_slot_raw(vcpu, make);
	if (!*number)
		return NULL;
	hint->slot = *number;
	return slot_at(*number);
}

/* The vCPU is being destroyed: its address may be reused from now on. */
static __always_inline void forget_vcpu(u64 vcpu)
{
	struct kvmscope_slot *slot;
	u32 *number;

	bpf_map_delete_elem(&untracked, &vcpu);
	number = bpf_map_lookup_elem(&vcpu_to_slot, &vcpu);
	if (!number)
		return;
	slot = slot_at(*number);
	if (slot && slot->vcpu == vcpu)
		end_slot(slot);
	bpf_map_delete_elem(&vcpu_to_slot, &vcpu);
}

#endif
