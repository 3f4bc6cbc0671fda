/* A VM whose exits are known: guest.S in one page, run by a small VMM. */
#ifndef KVMSCOPE_RISCV64_VM_H
#define KVMSCOPE_RISCV64_VM_H

#include <linux/types.h>

/* What the guest does: the operations of guest.S, each with the exits that it makes. */
enum work {
	WORK_NONE,
	WORK_BASE,    /* an SBI call that KVM answers: BASE_GET_SPEC_VERSION */
	WORK_PUTCHAR, /* an SBI call that the VMM answers: LEGACY_CONSOLE_PUTCHAR */
	WORK_STORE,   /* a write to MMIO of the VMM */
	WORK_LOAD,    /* a read of it */
	WORK_KICK,    /* a write to MMIO that KVM handles: an ioeventfd */
	WORK_WAIT,    /* an SBI call (TIME_SET_TIMER), and WFI until that timer */
	WORK_CSR,     /* a read of the CSR `cycle` */
	WORK_TOUCH,   /* the first write to a page of memory */
	WORKS,
};

/* Guest-physical addresses. */
#define MMIO_PAGE   0x10000000ull
#define END_PAGE    0x10001000ull /* a write to it ends the guest */
#define KICK_PAGE   0x10002000ull
#define CODE_PAGE   0x80000000ull
#define TOUCH_PAGES 0x80001000ull

/* How often the guest does each; by enum work. */
struct plan {
	unsigned int count[WORKS];
};

/* What KVM itself counted of a vCPU (kvm_vcpu.stat); UINT64_MAX where it does not say. */
struct kernel_counts {
	__u64 exits;
	__u64 ecalls;
	__u64 waits;
	__u64 mmio_user;
	__u64 mmio_kernel;
	__u64 csr;
};

enum { MAX_VCPUS = 4 };

/* Runs a VM of `vcpus` vCPUs, each in a thread of its own, to the end. 0, or -1 after a message. */
int run_vm(unsigned int vcpus, const struct plan *plan, struct kernel_counts counts[MAX_VCPUS]);

#endif
