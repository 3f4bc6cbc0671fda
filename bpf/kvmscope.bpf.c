// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * kvmscope's kernel side: every VM exit is counted, and timed until the next VM
 * entry, in the cell of its vCPU, reason and level.
 *
 * Layers: each header includes what it uses, and uses only what is above it here.
 *
 *   contract.h        what user space sees
 *   kernel_types.h    what is read of the kernel; a part of it is in x86/ and so on
 *   kvm_compat.bpf.h  one getter per difference between kernels
 *   maps.bpf.h        knobs and maps
 *   arch.bpf.h        what an architecture provides: x86/, arm64/, riscv64/
 *   slots.bpf.h       the state of a vCPU
 *   cells.bpf.h       counters and histograms
 *   wallclock.bpf.h   where the handling time went
 *   known.bpf.h       vCPUs that were there before the trace
 *   keys.bpf.h        cells by key: the reason's argument, the page, the instruction
 *   qualifier.bpf.h   what the key of an exit is
 *   rounds.bpf.h      reflected exits of L2, until L2 runs again
 *   waiting.bpf.h     which task has the CPU meanwhile
 *   last.bpf.h        the last exits of each vCPU
 *   pairing.bpf.h     exit to entry
 *   returns.bpf.h     KVM_RUN: what it returns with, until it is called again
 *   programs.bpf.h    the programs whose arguments differ: x86/ and so on
 *
 * There is one object per architecture. User space loads one of the pairs in its
 * programs.bpf.h: tp_btf where KVM has BTF for it, else raw_tp.
 */
#include "pairing.bpf.h"
#include "known.bpf.h"
#include "returns.bpf.h"
#include <bpf/bpf_tracing.h>
#if defined(__TARGET_ARCH_x86)
#include "x86/programs.bpf.h"
#elif defined(__TARGET_ARCH_arm64)
#include "arm64/programs.bpf.h"
#elif defined(__TARGET_ARCH_riscv)
#include "riscv64/programs.bpf.h"
#endif

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Keeps in BTF what no map names, for the generator of the C# mirror. */
struct kvmscope_contract {
	enum kvmscope_limits limits;
	enum kvmscope_open open;
	enum kvmscope_index_entry index_entry;
	enum kvmscope_vmm_open vmm_open;
	enum kvmscope_reason_filter reason_filter;
	enum kvmscope_isa isa;
	struct kvmscope_slow slow;
	enum kvmscope_part part;
	enum kvmscope_cell_kind cell_kind;
	enum kvmscope_round round;
	enum kvmscope_qualifier_state qualifier_state;
	enum kvmscope_qualifier_kind qualifier_kind;
	enum kvmscope_trait trait;
	enum kvmscope_key_part key_part;
	enum kvmscope_key_state key_state;
	enum kvmscope_seen seen;
	struct kvmscope_extra extra;
} * contract;

/*
 * Exit and entry, each twice: with counts and times, which is what most ask for, and with more.
 * What more needs in registers would else be paid by all.
 */
SEC("tp_btf/kvm_exit")
int exit_btf(u64 *ctx)
{
	return exit_typed(ctx, false);
}

SEC("tp_btf/kvm_exit")
int exit_btf_more(u64 *ctx)
{
	return exit_typed(ctx, true);
}

SEC("tp_btf/kvm_entry")
int entry_btf(u64 *ctx)
{
	return entry_typed(ctx, false);
}

SEC("tp_btf/kvm_entry")
int entry_btf_more(u64 *ctx)
{
	return entry_typed(ctx, true);
}

SEC("raw_tp/kvm_exit")
int exit_raw(u64 *ctx)
{
	return exit_untyped(ctx, false);
}

SEC("raw_tp/kvm_exit")
int exit_raw_more(u64 *ctx)
{
	return exit_untyped(ctx, true);
}

SEC("raw_tp/kvm_entry")
int entry_raw(u64 *ctx)
{
	return entry_untyped(ctx, false);
}

SEC("raw_tp/kvm_entry")
int entry_raw_more(u64 *ctx)
{
	return entry_untyped(ctx, true);
}

/* The last call for every vCPU, whatever ended it (virt/kvm/kvm_main.c). */
SEC("fentry/kvm_arch_vcpu_destroy")
int destroy_fentry(u64 *ctx)
{
	forget_vcpu(ctx[0]);
	return 0;
}

SEC("kprobe/kvm_arch_vcpu_destroy")
int destroy_kprobe(struct pt_regs *ctx)
{
	forget_vcpu(PT_REGS_PARM1_CORE(ctx));
	return 0;
}

/*
 * The wall clock. kvm_sched_out() and kvm_sched_in() are what KVM's preempt
 * notifier calls (virt/kvm/kvm_main.c): no other task switch of the host pays.
 */
static __always_inline void *vcpu_of(u64 notifier)
{
	return (void *)(notifier - bpf_core_field_offset(struct kvm_vcpu, preempt_notifier));
}

SEC("fentry/kvm_sched_out")
int cpu_out_fentry(u64 *ctx)
{
	return leave_cpu(vcpu_of(ctx[0]));
}

SEC("kprobe/kvm_sched_out")
int cpu_out_kprobe(struct pt_regs *ctx)
{
	return leave_cpu(vcpu_of(PT_REGS_PARM1_CORE(ctx)));
}

static __always_inline int run_again(struct kvm_vcpu *vcpu)
{
	if (knobs.want_returns)
		meet_vcpu(vcpu);
	return knobs.want_split ? take_cpu(vcpu) : 0;
}

SEC("fentry/kvm_sched_in")
int cpu_in_fentry(u64 *ctx)
{
	return run_again(vcpu_of(ctx[0]));
}

SEC("kprobe/kvm_sched_in")
int cpu_in_kprobe(struct pt_regs *ctx)
{
	return run_again(vcpu_of(PT_REGS_PARM1_CORE(ctx)));
}

SEC("fentry/kvm_arch_vcpu_load")
int load_fentry(u64 *ctx)
{
	return load_vcpu((void *)ctx[0]);
}

SEC("kprobe/kvm_arch_vcpu_load")
int load_kprobe(struct pt_regs *ctx)
{
	return load_vcpu((void *)PT_REGS_PARM1_CORE(ctx));
}

SEC("fentry/kvm_arch_vcpu_put")
int put_fentry(u64 *ctx)
{
	return put_vcpu((void *)ctx[0]);
}

SEC("kprobe/kvm_arch_vcpu_put")
int put_kprobe(struct pt_regs *ctx)
{
	return put_vcpu((void *)PT_REGS_PARM1_CORE(ctx));
}

/*
 * KVM_RUN, from its begin (arch/.../kvm) to its return (virt/kvm/kvm_main.c). Both are where the
 * kernel may preempt: there fentry and raw_tp are skipped while another thread is preempted in the
 * same program on that CPU. kprobes, and events through perf, run with preemption off: they cost
 * more, and are taken where the kernel preempts itself (KernelPreemption.cs).
 */
SEC("fentry/kvm_arch_vcpu_ioctl_run")
int run_fentry(u64 *ctx)
{
	return begin_run((void *)ctx[0]);
}

SEC("kprobe/kvm_arch_vcpu_ioctl_run")
int run_kprobe(struct pt_regs *ctx)
{
	return begin_run((void *)PT_REGS_PARM1_CORE(ctx));
}

SEC("raw_tp/kvm_userspace_exit")
int userspace_exit(u64 *ctx)
{
	return end_run(ctx[0], ctx[1]);
}

/* The event as tracefs describes it (include/trace/events/kvm.h). */
struct userspace_exit_event {
	u64 common;
	u32 reason;
	s32 error;
};

SEC("tracepoint/kvm/kvm_userspace_exit")
int user_exit_perf(struct userspace_exit_event *ctx)
{
	return end_run(ctx->reason, ctx->error);
}

/*
 * The vCPUs that are there when the trace begins, whether or not they ever exit: their files. The
 * first program runs before anything is attached, so that no other makes slots meanwhile; the
 * second when only kvm_exit is not attached yet.
 */
SEC("iter/task_file")
int known_vcpus(u64 *ctx)
{
	return meet_vcpu_of((void *)ctx[1], (void *)ctx[3]);
}

SEC("iter/task_file")
int vcpu_states(u64 *ctx)
{
	return note_vcpu_of((void *)ctx[1], (void *)ctx[3]);
}

SEC("raw_tp/kvm_vcpu_wakeup")
int vcpu_wakeup(u64 *ctx)
{
	struct kvm_vcpu *vcpu = loaded_vcpu(false);

	return vcpu ? wake_up(vcpu) : 0;
}

/* Qualifiers and pages that only KVM knows, from its events on the vCPU's thread. */
SEC("raw_tp/kvm_mmio")
int mmio(u64 *ctx)
{
	say_page(ctx[2]);
	return say_qualifier(MMIO_KIND, PAGE_OF(ctx[2]) | MEMORY_MMIO | MMIO_ACCESS(ctx[0]));
}

SEC("raw_tp/kvm_fast_mmio")
int fast_mmio(u64 *ctx)
{
	say_page(ctx[0]);
	return say_qualifier(MMIO_KIND, PAGE_OF(ctx[0]) | MEMORY_MMIO);
}

SEC("raw_tp/sched_switch")
int task_switch(u64 *ctx)
{
	return switch_tasks((void *)ctx[1], (void *)ctx[2]);
}
