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
 * Is this slot the vCPU's? The address alone is not enough: the slab hands it
 * out again when a vCPU is gone. The thread stands for the process here, as it
 * is one load; another thread of the same process is settled in find_slot().
 */
static __always_inline bool is_home(struct kvmscope_slot *slot, struct kvm_vcpu *vcpu, bool direct)
{
	return slot->vcpu == (u64)vcpu && slot->tid == current_tid(direct) &&
	       slot->kvm == vcpu_kvm(vcpu, direct);
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
		slot->vcpu = vcpu;
		home.slot = run.first;
	} else {
		count_lost_vcpu(is_new);
	}
	home.round = control.free_round;
	bpf_map_update_elem(&homes, &vcpu, &home, BPF_ANY);
	return home.slot;
}

/*
 * The slot number of a vCPU that is new on this CPU, by address and identity;
 * 0 where there is none and none can be made. `make` is false at kvm_entry: a
 * vCPU's state begins with its first exit.
 */
static __noinline u32 find_slot(u64 vcpu, struct vcpu_identity *id, bool make)
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
		return home->slot;
	}
	/* The address has a new owner: what the old one left open stays open. */
	if (!make)
		return 0;
	if (slot->vcpu == vcpu) {
		slot->vcpu = 0;
		slot->ended = 1;
	}
	return new_slot(vcpu, id, true);
}

/* This vCPU's slot, through the CPU's hint; *number is its number. */
static __always_inline struct kvmscope_slot *slot_of(struct kvm_vcpu *vcpu, bool direct, bool make,
						     u32 *number)
{
	struct vcpu_identity id = {};
	struct kvmscope_slot *slot;
	struct hint *hint;

	/* vcpu->cpu is this CPU while the vCPU is loaded, and a wrong hint does no harm. */
	hint = &hints[(direct ? (u32)vcpu->cpu : bpf_get_smp_processor_id()) &
		      (KVMSCOPE_HINTS - 1)];
	*number = hint->slot;
	slot = slot_at(*number);
	if (slot && is_home(slot, vcpu, direct))
		return slot;

	id.kvm = vcpu_kvm(vcpu, direct);
	id.vcpu_id = vcpu_id(vcpu, direct);
	id.tid = current_tid(direct);
	id.tgid = current_tgid(direct);
	*number = find_slot((u64)vcpu, &id, make);
	if (!*number)
		return NULL;
	hint->slot = *number;
	return slot_at(*number);
}

#endif
