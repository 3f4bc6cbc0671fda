/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * vCPUs that were there before the trace, found by their files (anon_inode:kvm-vcpu, as 'list'
 * finds them): a VM that is paused or halted makes no event, and its wall clock counts too.
 */
#ifndef KVMSCOPE_KNOWN_BPF_H
#define KVMSCOPE_KNOWN_BPF_H

#include "arch.bpf.h"
#include "slots.bpf.h"
#include "wallclock.bpf.h"

#define ANON_INODE_FS_MAGIC 0x09041934
#define IN_GUEST_MODE	    1
#define VCPU_FILE	    0x757063762d6d766bull /* "kvm-vcpu", the begin of its name */

/*
 * The vCPU that a process has open; NULL where the file is something else, or the process cannot
 * run the vCPU (it inherited the file). Only the kernel names anonymous inodes.
 */
static __always_inline struct kvm_vcpu *vcpu_of_file(struct task_struct *task, struct file *file)
{
	const unsigned char *name;
	struct kvm_vcpu *vcpu;
	u64 begin = 0;

	if (!task || !file)
		return NULL;
	if (BPF_CORE_READ(file, f_inode, i_sb, s_magic) != ANON_INODE_FS_MAGIC)
		return NULL;
	name = BPF_CORE_READ(file, f_path.dentry, d_name.name);
	bpf_probe_read_kernel(&begin, sizeof(begin), name);
	if (begin != VCPU_FILE)
		return NULL;
	vcpu = BPF_CORE_READ(file, private_data);
	if (!vcpu || BPF_CORE_READ(vcpu, kvm, mm) != BPF_CORE_READ(task, mm))
		return NULL;
	return vcpu;
}

/* Makes the vCPU's slot. */
static __always_inline int meet_vcpu_of(struct task_struct *task, struct file *file)
{
	struct kvm_vcpu *vcpu = vcpu_of_file(task, file);
	struct vcpu_identity id = {};
	struct task_struct *leader;
	struct kvmscope_slot *slot;
	u32 number;

	if (!vcpu)
		return 0;
	id.kvm = vcpu_kvm(vcpu, false);
	id.vcpu_id = vcpu_id(vcpu, false);
	id.tgid = BPF_CORE_READ(task, tgid);
	id.poll_ns = halt_poll_ns(vcpu);
	if (knobs.tgid_count && is_foreign_process(id.tgid))
		return 0;
	if (knobs.vcpu_id_count && is_foreign_id(id.vcpu_id))
		return 0;
	number = find_identity((u64)vcpu, &id, MAKE_SILENTLY);
	slot = number ? slot_at(number) : NULL;
	if (!slot)
		return 0;
	leader = BPF_CORE_READ(task, group_leader);
	bpf_core_read(slot->comm, KVMSCOPE_COMM_LENGTH, &leader->comm);
	return 0;
}

/* The thread on which the vCPU is loaded, from its preempt notifier; NULL where it is not. */
static __always_inline struct task_struct *thread_of(struct kvm_vcpu *vcpu)
{
	u64 link = (u64)vcpu + bpf_core_field_offset(struct kvm_vcpu, preempt_notifier.link);
	u64 at = (u64)BPF_CORE_READ(vcpu, preempt_notifier.link.pprev), first = 0;

	/* Of one that is removed it is a poison, which cannot be read. */
	if (!at || bpf_probe_read_kernel(&first, sizeof(first), (void *)at) || first != link)
		return NULL;
	return (void *)(at - bpf_core_field_offset(struct task_struct, preempt_notifiers.first));
}

static __always_inline void note_state(struct kvm_vcpu *vcpu, struct kvmscope_slot *slot)
{
	struct task_struct *thread = thread_of(vcpu);
	u32 seen = KVMSCOPE_SEEN_NOTHING;

	if (!thread) {
		seen = KVMSCOPE_SEEN_USER;
	} else if (BPF_CORE_READ(vcpu, mode) == IN_GUEST_MODE) {
		seen = KVMSCOPE_SEEN_GUEST;
	} else if (!is_runnable(thread) && is_blocking(vcpu)) {
		seen = KVMSCOPE_SEEN_HALT;
		slot->seen_delay = run_delay(thread);
	}
	slot->seen_ns = control.since_ns;
	barrier();
	slot->seen = seen;
}

/*
 * The vCPU's wall clock begins with the trace. The programs for every event except kvm_exit have
 * been attached since before control.since_ns: where none has touched the slot, the vCPU has been
 * doing since then what it does now. Should one come while this looks, what is written here has no
 * effect: it is used only while there was no event.
 */
static __always_inline int note_vcpu_of(struct task_struct *task, struct file *file)
{
	struct kvm_vcpu *vcpu = vcpu_of_file(task, file);
	struct kvmscope_slot *slot;
	u64 address = (u64)vcpu;
	u32 *number;

	if (!vcpu)
		return 0;
	number = bpf_map_lookup_elem(&vcpu_to_slot, &address);
	slot = number ? slot_at(*number) : NULL;
	if (!slot || slot->vcpu != address || slot->tgid != (u32)BPF_CORE_READ(task, tgid))
		return 0;
	if (!slot->born_ns)
		slot->born_ns = control.since_ns;
	if (control.note_states && is_as_seen(slot))
		note_state(vcpu, slot);
	return 0;
}

#endif
