/* See vm.h. */
#define _GNU_SOURCE
#include "vm.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096u

extern const char guest_begin[], guest_end[];

struct vm {
	int kvm;
	int fd;
	char *memory;
	size_t size;
};

struct vcpu {
	pthread_t thread;
	int fd;
	struct kvm_run *run;
	int failed;
};

static int failed(const char *what)
{
	fprintf(stderr, "vm: %s: %s\n", what, strerror(errno));
	return -1;
}

static int set_core(int vcpu, __u64 offset, __u64 value)
{
	struct kvm_one_reg reg = {
	    .id = KVM_REG_RISCV | KVM_REG_SIZE_U64 | KVM_REG_RISCV_CORE | offset / sizeof(long),
	    .addr = (uintptr_t)&value,
	};

	return ioctl(vcpu, KVM_SET_ONE_REG, &reg) ? failed("KVM_SET_ONE_REG") : 0;
}

#define CORE(field) __builtin_offsetof(struct kvm_riscv_core, field)

/* Each vCPU has a code page and pages to touch of its own, in a block of the memory. */
static size_t block_size(const struct plan *plan)
{
	return (1 + (size_t)plan->count[WORK_TOUCH]) * PAGE;
}

static void fill_block(char *block, const struct plan *plan)
{
	__u64 *list = (__u64 *)(block + (guest_end - guest_begin));
	int work;

	memcpy(block, guest_begin, guest_end - guest_begin);
	for (work = WORK_BASE; work < WORKS; work++) {
		if (!plan->count[work])
			continue;
		*list++ = work;
		*list++ = plan->count[work];
	}
	*list = WORK_NONE;
}

static int make_vm(struct vm *vm, unsigned int vcpus, const struct plan *plan)
{
	struct kvm_userspace_memory_region region = {.guest_phys_addr = CODE_PAGE};
	struct kvm_ioeventfd kick = {.addr = KICK_PAGE, .len = 4};
	unsigned int i;

	vm->kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (vm->kvm < 0)
		return failed("/dev/kvm");
	vm->fd = ioctl(vm->kvm, KVM_CREATE_VM, 0);
	if (vm->fd < 0)
		return failed("KVM_CREATE_VM");
	vm->size = block_size(plan) * vcpus;
	vm->memory =
	    mmap(NULL, vm->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (vm->memory == MAP_FAILED)
		return failed("mmap");
	/* A fault maps one page, and not all around it. */
	if (madvise(vm->memory, vm->size, MADV_NOHUGEPAGE) && errno != EINVAL)
		return failed("madvise");
	/* Each page is there and writable, so that one fault is enough. */
	memset(vm->memory, 0, vm->size);
	for (i = 0; i < vcpus; i++)
		fill_block(vm->memory + i * block_size(plan), plan);
	region.memory_size = vm->size;
	region.userspace_addr = (uintptr_t)vm->memory;
	if (ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION, &region))
		return failed("KVM_SET_USER_MEMORY_REGION");
	kick.fd = eventfd(0, EFD_CLOEXEC);
	if (kick.fd < 0 || ioctl(vm->fd, KVM_IOEVENTFD, &kick))
		return failed("KVM_IOEVENTFD");
	close(kick.fd);
	return 0;
}

static int make_vcpu(struct vm *vm, struct vcpu *vcpu, unsigned int id, const struct plan *plan)
{
	__u64 block = CODE_PAGE + id * block_size(plan);
	__u64 list = block + (guest_end - guest_begin);
	struct kvm_mp_state state = {.mp_state = KVM_MP_STATE_RUNNABLE};
	int size = ioctl(vm->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);

	vcpu->fd = ioctl(vm->fd, KVM_CREATE_VCPU, id);
	if (vcpu->fd < 0 || size < 0)
		return failed("KVM_CREATE_VCPU");
	vcpu->run = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu->fd, 0);
	if (vcpu->run == MAP_FAILED)
		return failed("mmap of kvm_run");
	if (ioctl(vcpu->fd, KVM_SET_MP_STATE, &state))
		return failed("KVM_SET_MP_STATE");
	if (set_core(vcpu->fd, CORE(regs.pc), block) || set_core(vcpu->fd, CORE(regs.a0), list) ||
	    set_core(vcpu->fd, CORE(regs.a1), block + PAGE))
		return -1;
	return 0;
}

static void *run_vcpu(void *argument)
{
	struct vcpu *vcpu = argument;
	struct kvm_run *run = vcpu->run;

	vcpu->failed = 1;
	for (;;) {
		if (ioctl(vcpu->fd, KVM_RUN, 0)) {
			if (errno == EINTR)
				continue;
			failed("KVM_RUN");
			return NULL;
		}
		switch (run->exit_reason) {
		case KVM_EXIT_MMIO:
			if (run->mmio.phys_addr == END_PAGE) {
				vcpu->failed = 0;
				return NULL;
			}
			break;
		case KVM_EXIT_RISCV_SBI:
			run->riscv_sbi.ret[0] = run->riscv_sbi.ret[1] = 0;
			break;
		default:
			fprintf(stderr, "vm: KVM_RUN returned with %u\n", run->exit_reason);
			return NULL;
		}
	}
}

static void do_nothing(int signal)
{
	(void)signal;
}

/*
 * Waits for the thread, and ends a WFI that lasts: KVM under QEMU 7.2 misses the guest's timer in
 * one of some thousand cases, on 6.12 and 7.2, traced or not. The vCPU goes on behind its WFI.
 */
static void join_vcpu(struct vcpu *vcpu)
{
	while (pthread_tryjoin_np(vcpu->thread, NULL) == EBUSY) {
		usleep(50000);
		pthread_kill(vcpu->thread, SIGUSR1);
	}
}

/* The binary statistics of a vCPU (Documentation/virt/kvm/api.rst, KVM_GET_STATS_FD). */
static int read_counts(int vcpu, struct kernel_counts *counts)
{
	struct kvm_stats_header header;
	struct kvm_stats_desc *desc;
	size_t size, i;
	int fd = ioctl(vcpu, KVM_GET_STATS_FD, NULL);
	__u64 value;

	memset(counts, 0, sizeof(*counts));
	counts->exits = UINT64_MAX;
	if (fd < 0 || pread(fd, &header, sizeof(header), 0) != sizeof(header))
		return failed("KVM_GET_STATS_FD");
	size = sizeof(*desc) + header.name_size;
	desc = calloc(1, size);
	for (i = 0; desc && i < header.num_desc; i++) {
		if (pread(fd, desc, size, header.desc_offset + i * size) != (ssize_t)size ||
		    pread(fd, &value, sizeof(value), header.data_offset + desc->offset) !=
			sizeof(value))
			break;
		if (!strcmp(desc->name, "exits"))
			counts->exits = value;
		else if (!strcmp(desc->name, "ecall_exit_stat"))
			counts->ecalls = value;
		else if (!strcmp(desc->name, "wfi_exit_stat"))
			counts->waits = value;
		else if (!strcmp(desc->name, "mmio_exit_user"))
			counts->mmio_user = value;
		else if (!strcmp(desc->name, "mmio_exit_kernel"))
			counts->mmio_kernel = value;
		else if (!strcmp(desc->name, "csr_exit_kernel") ||
			 !strcmp(desc->name, "csr_exit_user"))
			counts->csr += value;
	}
	free(desc);
	close(fd);
	return counts->exits == UINT64_MAX ? failed("KVM does not say how many exits there were")
					   : 0;
}

int run_vm(unsigned int vcpus, const struct plan *plan, struct kernel_counts counts[MAX_VCPUS])
{
	struct vcpu vcpu[MAX_VCPUS] = {};
	struct vm vm = {};
	unsigned int i;
	int result = 0;

	sigaction(SIGUSR1, &(struct sigaction){.sa_handler = do_nothing}, NULL);
	if (make_vm(&vm, vcpus, plan))
		return -1;
	for (i = 0; i < vcpus; i++)
		if (make_vcpu(&vm, &vcpu[i], i, plan))
			return -1;
	for (i = 0; i < vcpus; i++)
		if (pthread_create(&vcpu[i].thread, NULL, run_vcpu, &vcpu[i]))
			return failed("pthread_create");
	for (i = 0; i < vcpus; i++) {
		join_vcpu(&vcpu[i]);
		result |= vcpu[i].failed || read_counts(vcpu[i].fd, &counts[i]);
		munmap(vcpu[i].run, ioctl(vm.kvm, KVM_GET_VCPU_MMAP_SIZE, 0));
		close(vcpu[i].fd);
	}
	close(vm.fd);
	munmap(vm.memory, vm.size);
	close(vm.kvm);
	return result ? -1 : 0;
}
