/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The few kernel types that are read, each with only the fields that are read.
 * CO-RE finds the real offsets in the running kernel's BTF when the object is
 * loaded, so no vmlinux.h is needed to build. A flavour (name___flavour) is the
 * same type in another kernel version.
 */
#ifndef KVMSCOPE_KERNEL_TYPES_H
#define KVMSCOPE_KERNEL_TYPES_H

#define __VMLINUX_H__ /* bpf_tracing.h: registers have the kernel's names */
#include <linux/bpf.h>
#include <linux/types.h>
#include <stdbool.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s32 s32;
typedef __s64 s64;

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct sched_info {
	unsigned long long run_delay; /* ns on a run queue, waiting; with CONFIG_SCHED_INFO */
};

struct sched_entity {
	unsigned char sched_delayed; /* asleep, yet kept on the queue for its lag; since 6.12 */
};

struct hlist_node {
	struct hlist_node *next;
	struct hlist_node **pprev;
};

struct hlist_head {
	struct hlist_node *first;
};

struct task_struct {
	int pid;
	int tgid;
	int on_rq;
	char comm[16];
	struct task_struct *group_leader;
	struct sched_entity se;
	struct sched_info sched_info;
	struct hlist_head preempt_notifiers;
	struct mm_struct *mm;
};

struct super_block {
	unsigned long s_magic;
};

struct inode {
	struct super_block *i_sb;
};

struct qstr {
	const unsigned char *name;
};

struct dentry {
	struct qstr d_name;
};

struct path {
	struct dentry *dentry;
};

struct file {
	struct path f_path;
	struct inode *f_inode;
	void *private_data;
};

struct kvm_vcpu_stat_generic { /* since 5.14 */
	u64 halt_poll_success_ns;
	u64 halt_poll_fail_ns;
	u64 blocking; /* 1 in kvm_vcpu_block(); since 5.16 */
};

struct preempt_notifier {
	struct hlist_node link;
};

#pragma clang attribute pop

/* What differs per architecture: kvm_arch, kvm_vcpu_arch, kvm_vcpu_stat and more. */
#if defined(__TARGET_ARCH_x86)
#include "x86/kernel_types.h"
#elif defined(__TARGET_ARCH_arm64)
#include "arm64/kernel_types.h"
#elif defined(__TARGET_ARCH_riscv)
#include "riscv64/kernel_types.h"
#else
#error "no such architecture"
#endif

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct kvm {
	struct mm_struct *mm; /* of the process that made the VM: only that can run it */
	struct kvm_arch arch;
};

struct kvm_run;

struct kvm_vcpu {
	struct kvm *kvm;
	struct kvm_run *run;
	struct preempt_notifier preempt_notifier;
	int cpu;
	int vcpu_id;
	int mode; /* 1: IN_GUEST_MODE */
	struct kvm_vcpu_arch arch;
	struct kvm_vcpu_stat stat;
};

struct kvm_vcpu_stat___flat { /* up to 5.13 */
	u64 halt_poll_success_ns;
	u64 halt_poll_fail_ns;
};

struct kvm_vcpu___flat {
	struct kvm_vcpu_stat___flat stat;
};

#pragma clang attribute pop

#endif
