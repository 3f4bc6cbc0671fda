/*
 * suite test --kvmscope OBJECT --only CASE...
 * The cases of the riscv64 machine, run inside the lab: a guest with known exits is traced with
 * kvmscope's BPF program for riscv64, and what that counted is compared with what the guest did and
 * with what KVM counted. One line per case: "ok CASE" or "not ok CASE: why"; the status is 1 if one
 * failed. tests/Lab.Tests/run reads the names of the cases from the table below.
 */
#include "tracer.h"
#include "vm.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Causes (arch/riscv/include/asm/csr.h). */
enum { SBI = 10, FETCH_FAULT = 20, LOAD_FAULT = 21, VIRTUAL_INSTRUCTION = 22, STORE_FAULT = 23 };

static const struct {
	__u64 code;
	const char *name;
} reasons[] = {
    {SBI, "SUPERVISOR_SYSCALL"},
    {FETCH_FAULT, "INST_GUEST_PAGE_FAULT"},
    {LOAD_FAULT, "LOAD_GUEST_PAGE_FAULT"},
    {VIRTUAL_INSTRUCTION, "VIRTUAL_INST_FAULT"},
    {STORE_FAULT, "STORE_GUEST_PAGE_FAULT"},
};

enum { REASONS = sizeof(reasons) / sizeof(reasons[0]) };

static const struct plan usual = {
    .count = {[WORK_BASE] = 1009,
	      [WORK_PUTCHAR] = 53,
	      [WORK_STORE] = 743,
	      [WORK_LOAD] = 211,
	      [WORK_KICK] = 83,
	      [WORK_WAIT] = 61,
	      [WORK_CSR] = 127,
	      [WORK_TOUCH] = 97},
};

static const char *const typed[] = {"destroy_fentry", "entry_btf", "exit_btf", NULL};
/* These kernels refuse kprobes at the begin of functions that ftrace knows. */
static const char *const untyped[] = {"entry_raw", "exit_raw", NULL};
static const char *const typed_more[] = {"destroy_fentry", "entry_btf_more", "exit_btf_more", NULL};
static const char *const untyped_more[] = {"entry_raw_more", "exit_raw_more", NULL};
/* The hooks of the split in the order of Hooks.cs. */
static const char *const split[] = {
    "cpu_out_fentry", "cpu_in_fentry",	"load_fentry",	 "put_fentry",
    "vcpu_wakeup",    "entry_btf_more", "exit_btf_more", NULL};

/* Why the case fails: what is said first. */
static char why[400];

static void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void fail(const char *format, ...)
{
	va_list arguments;

	if (why[0])
		return;
	va_start(arguments, format);
	vsnprintf(why, sizeof(why), format, arguments);
	va_end(arguments);
}

static void check_equal(const char *what, __u64 expected, __u64 seen)
{
	if (expected != seen)
		fail("%s: %" PRIu64 " expected, %" PRIu64 " seen", what, (uint64_t)expected,
		     (uint64_t)seen);
}

/* Exits of a vCPU that runs the plan; its last is the write that ends it. */
static __u64 expected_of(const struct plan *plan, __u64 code)
{
	const unsigned int *count = plan->count;

	switch (code) {
	case SBI:
		return count[WORK_BASE] + count[WORK_PUTCHAR] + count[WORK_WAIT];
	case FETCH_FAULT:
		return 1; /* its code */
	case LOAD_FAULT:
		return count[WORK_LOAD];
	case VIRTUAL_INSTRUCTION:
		return count[WORK_WAIT] + count[WORK_CSR];
	case STORE_FAULT:
		return count[WORK_STORE] + count[WORK_KICK] + count[WORK_TOUCH] + 1;
	default:
		return 0;
	}
}

static int is_interrupt(const struct kvmscope_cell *cell, const void *argument)
{
	(void)argument;
	return cell->code & INTERRUPT ? 1 : 0;
}

static int is_other_isa(const struct kvmscope_cell *cell, const void *argument)
{
	(void)argument;
	return cell->isa != KVMSCOPE_ISA_RISCV64 || cell->level != 1;
}

/* The slot of a vCPU; 0 after a failure. */
static unsigned int slot_of(const struct tracer *tracer, unsigned int vcpu)
{
	unsigned int slot, found = 0;

	for (slot = 1; slot < MAX_SLOTS; slot++) {
		if (!tracer->slots[slot].tgid || tracer->slots[slot].vcpu_id != vcpu)
			continue;
		if (found)
			fail("vCPU %u has two slots", vcpu);
		found = slot;
	}
	if (!found)
		fail("vCPU %u has no slot", vcpu);
	return found;
}

/* What KVM counted itself is what the guest did. */
static void check_kernel(const struct kernel_counts *kernel, const struct plan *plan)
{
	const unsigned int *count = plan->count;

	/* Kernels that have this counter and do not count leave it at 0. */
	if (kernel->ecalls)
		check_equal("KVM's ecall_exit_stat", expected_of(plan, SBI), kernel->ecalls);
	check_equal("KVM's wfi_exit_stat", count[WORK_WAIT], kernel->waits);
	check_equal("KVM's mmio_exit_user", count[WORK_STORE] + count[WORK_LOAD] + 1,
		    kernel->mmio_user);
	check_equal("KVM's mmio_exit_kernel", count[WORK_KICK], kernel->mmio_kernel);
}

/* Every reason's count of one vCPU, their sum, and their times. */
static void check_vcpu(const struct tracer *tracer, unsigned int vcpu, const struct plan *plan,
		       const struct kernel_counts *kernel)
{
	unsigned int slot = slot_of(tracer, vcpu), i;
	struct sums sums, all, interrupts;
	__u64 known = 0;

	if (!slot)
		return;
	for (i = 0; i < REASONS; i++) {
		sums = tracer_sum(tracer, slot, reasons[i].code, NULL, NULL);
		check_equal(reasons[i].name, expected_of(plan, reasons[i].code), sums.exits);
		if (sums.timed && (!sums.total_ns || sums.max_ns > sums.total_ns || !sums.max_ns))
			fail("%s: no handling time", reasons[i].name);
		known += sums.exits;
	}
	all = tracer_sum(tracer, slot, ANY_CODE, NULL, NULL);
	interrupts = tracer_sum(tracer, slot, ANY_CODE, is_interrupt, NULL);
	check_equal("exits that are neither the guest's nor interrupts", 0,
		    all.exits - known - interrupts.exits);
	check_equal("KVM's own exits", kernel->exits, all.exits);
	check_equal("exits without a duration", 0, all.untimed);
	check_equal("exits with one: all but the last", all.exits - 1, all.timed);
	check_equal("the histogram", all.timed, all.in_bins);
	check_equal("another ISA or level", 0,
		    tracer_sum(tracer, slot, ANY_CODE, is_other_isa, NULL).exits);
	if (tracer->slots[slot].open < KVMSCOPE_FIRST_CELL)
		fail("the last exit of vCPU %u is not open", vcpu);
	check_kernel(kernel, plan);
}

static void print_table(const struct tracer *tracer, const struct plan *plan, __u64 kernel)
{
	unsigned int i;

	printf("%-24s guest did  kvmscope saw\n", "Reason");
	for (i = 0; i < REASONS; i++)
		printf("%-24s %9" PRIu64 "  %12" PRIu64 "\n", reasons[i].name,
		       (uint64_t)expected_of(plan, reasons[i].code),
		       (uint64_t)tracer_sum(tracer, 0, reasons[i].code, NULL, NULL).exits);
	printf("%-24s %9s  %12" PRIu64 "\n", "interrupts", "-",
	       (uint64_t)tracer_sum(tracer, 0, ANY_CODE, is_interrupt, NULL).exits);
	printf("%-24s %9" PRIu64 "  %12" PRIu64 "\n", "KVM's own counter", (uint64_t)kernel,
	       (uint64_t)tracer_sum(tracer, 0, ANY_CODE, NULL, NULL).exits);
}

/* Starts the tracer and runs the VM under it. 0, or -1 after fail(). */
static int trace(struct tracer *tracer, const char *const *programs, unsigned int vcpus,
		 const struct plan *plan, struct kernel_counts counts[MAX_VCPUS])
{
	if (tracer_start(tracer, programs)) {
		fail("%s and the like cannot be attached: see above", programs[0]);
		return -1;
	}
	if (run_vm(vcpus, plan, counts)) {
		fail("the guest did not run: see above");
		return -1;
	}
	check_equal("losses", 0, tracer_losses(tracer));
	return 0;
}

/* With tp_btf, and the hook at the end of vCPUs. */
static void count_typed(struct tracer *tracer, unsigned int vcpus)
{
	struct kernel_counts counts[MAX_VCPUS];
	unsigned int i;

	if (trace(tracer, typed, vcpus, &usual, counts))
		return;
	for (i = 0; i < vcpus; i++) {
		check_vcpu(tracer, i, &usual, &counts[i]);
		if (!tracer->slots[slot_of(tracer, i)].ended)
			fail("vCPU %u has not ended", i);
	}
	if (vcpus == 1)
		print_table(tracer, &usual, counts[0].exits);
}

static void counts_case(struct tracer *tracer)
{
	count_typed(tracer, 1);
}

static void two_vcpus_case(struct tracer *tracer)
{
	count_typed(tracer, 2);
}

/* Without that hook: the identity of vCPUs is checked at each event. */
static void count_by_identity(struct tracer *tracer, const char *const *programs)
{
	struct kernel_counts counts[MAX_VCPUS];

	tracer->knobs->check_identity = 1;
	if (!trace(tracer, programs, 1, &usual, counts))
		check_vcpu(tracer, 0, &usual, &counts[0]);
}

static void identity_case(struct tracer *tracer)
{
	count_by_identity(tracer, typed + 1);
}

static void raw_case(struct tracer *tracer)
{
	count_by_identity(tracer, untyped);
}

/* Only SBI calls and the timer's interrupts. */
static void filter_case(struct tracer *tracer)
{
	struct kernel_counts counts[MAX_VCPUS];
	const __u64 wanted[] = {SBI, INTERRUPT | 5};
	unsigned int i, index;
	__u64 timer;

	tracer->knobs->filter_exits = 1;
	tracer->knobs->reasons = KVMSCOPE_REASONS_ONLY;
	for (i = 0; i < 2; i++) {
		index = INDEX_OF(wanted[i]);
		tracer->knobs->reason_bits[index / 64] |= 1ull << index % 64;
	}
	if (trace(tracer, typed, 1, &usual, counts))
		return;
	timer = tracer_sum(tracer, 0, INTERRUPT | 5, NULL, NULL).exits;
	check_equal("SBI calls", expected_of(&usual, SBI),
		    tracer_sum(tracer, 0, SBI, NULL, NULL).exits);
	check_equal("all", expected_of(&usual, SBI) + timer,
		    tracer_sum(tracer, 0, ANY_CODE, NULL, NULL).exits);
	if (!timer)
		fail("no interrupt of the timer in the whole run");
}

static int has_qualifier(const struct kvmscope_cell *cell, const void *argument)
{
	return (cell->states & KVMSCOPE_KEY_MASK) == KVMSCOPE_KEY_KNOWN &&
	       cell->qualifier == *(const __u64 *)argument;
}

static int has_page(const struct kvmscope_cell *cell, const void *argument)
{
	return (cell->states >> KVMSCOPE_KEY_PAGE & KVMSCOPE_KEY_MASK) == KVMSCOPE_KEY_KNOWN &&
	       cell->page == *(const __u64 *)argument;
}

static int has_no_key(const struct kvmscope_cell *cell, const void *argument)
{
	(void)argument;
	return !cell->states;
}

/* As Knobs.cs fills it from Riscv64Info.QualifierOf(). */
static void set_kinds(struct kvmscope_knobs *knobs)
{
	knobs->kinds[SBI] = KVMSCOPE_KIND_SBI;
	knobs->kinds[VIRTUAL_INSTRUCTION] = KVMSCOPE_KIND_INSTRUCTION;
	knobs->kinds[FETCH_FAULT] = KVMSCOPE_KIND_MEMORY;
	knobs->kinds[LOAD_FAULT] = KVMSCOPE_KIND_MEMORY;
	knobs->kinds[STORE_FAULT] = KVMSCOPE_KIND_MEMORY;
	knobs->know_qualifier = 1;
	knobs->want_qualifiers = 1;
	knobs->want_keys = 1;
}

static void qualifiers_with(struct tracer *tracer, const char *const *programs)
{
	const unsigned int *count = usual.count;
	const struct {
		__u64 code;
		__u64 qualifier;
		__u64 exits;
		const char *name;
	} expected[] = {
	    {SBI, 0x10, count[WORK_BASE], "BASE_GET_SPEC_VERSION"},
	    {SBI, 1, count[WORK_PUTCHAR], "LEGACY_CONSOLE_PUTCHAR"},
	    {SBI, 0x54494d45, count[WORK_WAIT], "TIME_SET_TIMER"},
	    {VIRTUAL_INSTRUCTION, 0x10500073, count[WORK_WAIT], "WFI"},
	    {VIRTUAL_INSTRUCTION, 1ull << 32 | 0xc00, count[WORK_CSR], "CYCLE read"},
	    {FETCH_FAULT, 4, 1, "fetch"},
	    {LOAD_FAULT, MMIO_PAGE | 0x101, count[WORK_LOAD], "MMIO read"},
	    {STORE_FAULT, MMIO_PAGE | 0x102, count[WORK_STORE], "MMIO write"},
	    {STORE_FAULT, KICK_PAGE | 0x102, count[WORK_KICK], "MMIO write in KVM"},
	    {STORE_FAULT, 2, count[WORK_TOUCH], "write to memory"},
	};
	struct kernel_counts counts[MAX_VCPUS];
	size_t i;

	set_kinds(tracer->knobs);
	if (trace(tracer, programs, 1, &usual, counts))
		return;
	check_vcpu(tracer, 0, &usual, &counts[0]);
	for (i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		check_equal(
		    expected[i].name, expected[i].exits,
		    tracer_sum(tracer, 0, expected[i].code, has_qualifier, &expected[i].qualifier)
			.exits);
	/* The one that is open has no key yet. */
	for (i = 0; i < REASONS; i++)
		check_equal("exits without a qualifier", reasons[i].code == STORE_FAULT,
			    tracer_sum(tracer, 0, reasons[i].code, has_no_key, NULL).exits);
}

static void qualifiers_case(struct tracer *tracer)
{
	qualifiers_with(tracer, typed_more);
}

static void qualifiers_raw_case(struct tracer *tracer)
{
	tracer->knobs->check_identity = 1;
	qualifiers_with(tracer, untyped_more);
}

static void pages_case(struct tracer *tracer)
{
	struct kernel_counts counts[MAX_VCPUS];
	const __u64 mmio = MMIO_PAGE, code = CODE_PAGE;
	unsigned int i;
	__u64 page;

	tracer->knobs->want_pages = 1;
	tracer->knobs->want_keys = 1;
	tracer->knobs->page_mask = ~0xfffull;
	tracer->knobs->page_bits[0] =
	    1ull << FETCH_FAULT | 1ull << LOAD_FAULT | 1ull << STORE_FAULT;
	if (trace(tracer, typed_more, 1, &usual, counts))
		return;
	check_vcpu(tracer, 0, &usual, &counts[0]);
	check_equal("the page of code", 1,
		    tracer_sum(tracer, 0, FETCH_FAULT, has_page, &code).exits);
	check_equal("reads of MMIO", usual.count[WORK_LOAD],
		    tracer_sum(tracer, 0, LOAD_FAULT, has_page, &mmio).exits);
	check_equal("writes to MMIO", usual.count[WORK_STORE],
		    tracer_sum(tracer, 0, STORE_FAULT, has_page, &mmio).exits);
	for (i = 0; i < usual.count[WORK_TOUCH]; i++) {
		page = TOUCH_PAGES + i * 0x1000ull;
		check_equal("a page of memory", 1,
			    tracer_sum(tracer, 0, STORE_FAULT, has_page, &page).exits);
	}
}

/* Where the time went: WFI halts, what the VMM answers is in the VMM. */
static void split_case(struct tracer *tracer)
{
	struct kernel_counts counts[MAX_VCPUS];
	struct sums sums;
	__u64 parts;
	unsigned int i;

	tracer->knobs->want_split = 1;
	tracer->knobs->check_identity = 1;
	if (trace(tracer, split, 1, &usual, counts))
		return;
	check_vcpu(tracer, 0, &usual, &counts[0]);
	sums = tracer_sum(tracer, 0, ANY_CODE, NULL, NULL);
	for (i = 0, parts = 0; i < KVMSCOPE_PARTS; i++)
		parts += sums.parts[i];
	if (parts > sums.total_ns)
		fail("the parts are more than the whole");
	sums = tracer_sum(tracer, 0, VIRTUAL_INSTRUCTION, NULL, NULL);
	/* Each lasts 2 ms, of which KVM polls 0.5 at most, unless join_vcpu() ends it. */
	if (sums.parts[KVMSCOPE_PART_HALT] < usual.count[WORK_WAIT] / 2 * 1000000ull)
		fail("WFI: halted for %" PRIu64 " ns", (uint64_t)sums.parts[KVMSCOPE_PART_HALT]);
	sums = tracer_sum(tracer, 0, LOAD_FAULT, NULL, NULL);
	if (!sums.parts[KVMSCOPE_PART_VMM] || sums.parts[KVMSCOPE_PART_HALT])
		fail("reads of MMIO: no time in the VMM, or a halt");
}

/* The verifier accepts every program with everything turned on. */
static void programs_case(struct tracer *tracer)
{
	static const char *names[64];
	struct bpf_program *program;
	size_t count = 0;

	set_kinds(tracer->knobs);
	tracer->knobs->want_split = tracer->knobs->want_nested = tracer->knobs->want_who = 1;
	tracer->knobs->want_pages = tracer->knobs->want_rips = 1;
	tracer->knobs->want_returns = tracer->knobs->count_returns = 1;
	tracer->knobs->last_count = 1;
	tracer->knobs->slow_ns = 1000;
	tracer->knobs->filter_vcpus = tracer->knobs->tgid_count = 1;
	tracer->knobs->filter_exits = tracer->knobs->level = 1;
	bpf_object__for_each_program(program, tracer->object) names[count++] =
	    bpf_program__name(program);
	if (tracer_load(tracer, names))
		fail("not all %zu programs are accepted: see above", count);
}

static const struct {
	const char *name;
	void (*run)(struct tracer *tracer);
} cases[] = {
    {"riscv64/counts", counts_case},
    {"riscv64/counts-raw-tp", raw_case},
    {"riscv64/counts-by-identity", identity_case},
    {"riscv64/two-vcpus", two_vcpus_case},
    {"riscv64/filter", filter_case},
    {"riscv64/qualifiers", qualifiers_case},
    {"riscv64/qualifiers-raw-tp", qualifiers_raw_case},
    {"riscv64/pages", pages_case},
    {"riscv64/split", split_case},
    {"riscv64/every-program", programs_case},
};

enum { CASES = sizeof(cases) / sizeof(cases[0]) };

/* Whether it passed. */
static int run_case(size_t number, const char *object)
{
	struct tracer tracer;

	why[0] = '\0';
	if (tracer_open(&tracer, object))
		fail("%s cannot be opened: see above", object);
	else
		cases[number].run(&tracer);
	if (tracer.object)
		tracer_close(&tracer);
	if (why[0])
		printf("not ok %s: %s\n", cases[number].name, why);
	else
		printf("ok %s\n", cases[number].name);
	fflush(stdout);
	return !why[0];
}

/* Debian's kernels for riscv64 have the JIT off, and 7.2 refuses the programs without it. */
static void turn_on_jit(void)
{
	FILE *file = fopen("/proc/sys/net/core/bpf_jit_enable", "w");

	if (!file || fputs("1\n", file) < 0 || fclose(file))
		perror("suite: net.core.bpf_jit_enable");
}

static int usage(void)
{
	fprintf(stderr, "usage: suite test --kvmscope OBJECT --only CASE...\n");
	return 2;
}

int main(int argc, char **argv)
{
	const char *object = NULL;
	int i, failures = 0;
	size_t number;

	if (argc < 3 || strcmp(argv[1], "test"))
		return usage();
	turn_on_jit();
	for (i = 2; i < argc; i++) {
		if (i + 1 >= argc) {
			return usage();
		} else if (!strcmp(argv[i], "--kvmscope")) {
			object = argv[++i];
		} else if (!strcmp(argv[i], "--only") && object) {
			i++;
			for (number = 0; number < CASES && strcmp(cases[number].name, argv[i]);
			     number++)
				;
			if (number == CASES)
				printf("not ok %s: there is no such case\n", argv[i]);
			failures += number == CASES || !run_case(number, object);
		} else {
			return usage();
		}
	}
	return failures ? 1 : 0;
}
