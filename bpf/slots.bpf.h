/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Slots: where a vCPU's state is. */
#ifndef KVMSCOPE_SLOTS_BPF_H
#define KVMSCOPE_SLOTS_BPF_H

#include "maps.bpf.h"
#include "kvm_compat.bpf.h"

static __always_inline struct kvmscope_slot *slot_at(u32 number)
{
	return bpf_map_lookup_elem(&slots, &number);
}

/*
 * Is this slot the vCPU's? The slab hands an address out again when a vCPU is
 * gone. Where a hook tells when that happens (forget_vcpu), the address is
 * enough; else process, VM and thread are looked at each time. Another thread of
 * the same process is settled in find_slot().
 */
static __always_inline bool is_home(struct kvmscope_slot *slot, struct kvm_vcpu *vcpu, bool direct)
{
	if (slot->vcpu != (u64)vcpu)
		return false;
	if (!knobs.check_identity)
		return true;
	return slot->tid == current_tid(direct) && slot->kvm == vcpu_kvm(vcpu, direct);
}

static __always_inline void count_lost_vcpu(bool is_new)
{
	struct kvmscope_losses *own;
	u32 zero = 0;

	own = bpf_map_lookup_elem(&losses, &zero);
	if (!own)
		return;
	own->dropped_exits++;
	if (is_new)
		own->dropped_vcpus++;
}

/* The thread runs this vCPU now: for events that know only the thread. */
static __always_inline void note_thread(u32 tid, u32 number)
{
	u32 *known;

	if (!knobs.want_who)
		return;
	known = bpf_map_lookup_elem(&threads, &tid);
	if (!known || *known != number)
		bpf_map_update_elem(&threads, &tid, &number, BPF_ANY);
}

/* A slot for a vCPU that has none; 0 where none is left. */
static __always_inline u32 new_slot(u64 vcpu, struct vcpu_identity *id, bool is_new)
{
	struct kvmscope_home home = {};
	struct kvmscope_slot *slot = NULL;
	struct kvmscope_run run = {};

	if (!bpf_map_pop_elem(&free_slots, &run))
		slot = slot_at(run.first);
	if (slot) {
		slot->kvm = id->kvm;
		slot->vcpu_id = id->vcpu_id;
		slot->tgid = id->tgid;
		slot->tid = id->tid;
		slot->poll_ns = id->poll_ns;
		slot->vcpu = vcpu;
		home.slot = run.first;
		note_thread(id->tid, run.first);
	} else {
		count_lost_vcpu(is_new);
	}
	home.round = control.free_round;
	bpf_map_update_elem(&homes, &vcpu, &home, BPF_ANY);
	return home.slot;
}

static __always_inline void end_slot(struct kvmscope_slot *slot)
{
	if (knobs.want_split)
		slot->ended_ns = bpf_ktime_get_ns();
	slot->vcpu = 0;
	slot->ended = 1;
}

/* The slot number of an address and identity; see find_slot(). */
static __noinline u32 find_identity(u64 vcpu, struct vcpu_identity *id, bool make)
{
	struct kvmscope_home *home;
	struct kvmscope_slot *slot;

	if (!id)
		return 0;
	home = bpf_map_lookup_elem(&homes, &vcpu);
	if (!home)
		return make ? new_slot(vcpu, id, true) : 0;
	if (!home->slot) {
		if (!make)
			return 0;
		if (home->round != control.free_round)
			return new_slot(vcpu, id, false);
		count_lost_vcpu(false);
		return 0;
	}
	slot = slot_at(home->slot);
	if (!slot)
		return 0;
	if (slot->vcpu == vcpu && slot->kvm == id->kvm && slot->vcpu_id == id->vcpu_id &&
	    slot->tgid == id->tgid) {
		slot->tid = id->tid;
		note_thread(id->tid, home->slot);
		return home->slot;
	}
	/* The address has a new owner: what the old one left open stays open. */
	if (!make)
		return 0;
	if (slot->vcpu == vcpu)
		end_slot(slot);
	return new_slot(vcpu, id, true);
}

/*
 * The slot number of a vCPU that is new on this CPU; 0 where there is none and
 * none can be made. `make` is false at kvm_entry: a vCPU's state begins with its
 * first exit.
 */
static __always_inline u32 find_slot(struct kvm_vcpu *vcpu, bool direct, bool make)
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

static __noinline u32 find_slot_direct(struct kvm_vcpu *vcpu, bool make)
{
	return find_slot(vcpu, true, make);
}

static __noinline u32 find_slot_raw(struct kvm_vcpu *vcpu, bool make)
{
	return find_slot(vcpu, false, make);
}

/* This vCPU's slot, through the CPU's hint; *number is its number. */
static __always_inline struct kvmscope_slot *slot_of(struct kvm_vcpu *vcpu, bool direct, bool make,
						     u32 *number)
{
	struct hint *hint = &hints[bpf_get_smp_processor_id() & (KVMSCOPE_HINTS - 1)];
	struct kvmscope_slot *slot;

	*number = hint->slot;
	slot = slot_at(*number);
	if (slot && is_home(slot, vcpu, direct))
		return slot;

	*number = direct ? find_slot_direct(vcpu, make) : find_slot_raw(vcpu, make);
	if (!*number)
		return NULL;
	hint->slot = *number;
	return slot_at(*number);
}

/* The vCPU is being destroyed: its address may be handed out again from now on. */
static __always_inline void forget_vcpu(u64 vcpu)
{
	struct kvmscope_home *home;
	struct kvmscope_slot *slot;

	home = bpf_map_lookup_elem(&homes, &vcpu);
	if (!home)
		return;
	slot = home->slot ? slot_at(home->slot) : NULL;
	if (slot && slot->vcpu == vcpu)
		end_slot(slot);
	bpf_map_delete_elem(&homes, &vcpu);
}

#endif
