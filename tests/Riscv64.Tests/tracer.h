/*
 * kvmscope's BPF program, loaded as the C# side loads it (ProgramLoader, Knobs, TableSizes,
 * FreeLists), for an architecture that .NET has no compiler for.
 */
#ifndef KVMSCOPE_RISCV64_TRACER_H
#define KVMSCOPE_RISCV64_TRACER_H

#include "contract.h"
#include <bpf/libbpf.h>

/* reason_index() of bpf/riscv64/reason.h. */
#define INTERRUPT      (1ull << 63)
#define INDEX_OF(code) ((code)&INTERRUPT ? 0x70 + (unsigned int)(code) : (unsigned int)(code))

enum {
	MAX_SLOTS = 17,
	REASON_CELLS = 800,
	SHARED_CELLS = 256,
	QUALIFIED_CELLS = 1536,
	SKETCHES = 96
};
enum { CELLS = KVMSCOPE_FIRST_CELL + REASON_CELLS + SHARED_CELLS + QUALIFIED_CELLS };

struct tracer {
	struct bpf_object *object;
	struct bpf_link *links[8];
	struct kvmscope_knobs *knobs; /* to be filled before load */
	struct kvmscope_cell *cells;  /* mapped after load */
	struct kvmscope_slot *slots;
};

/* Parses the object, and sets the default options: counts and times of everything. 0 or -1. */
int tracer_open(struct tracer *tracer, const char *path);

/* Loads and attaches the programs, in this order; the names end with NULL. 0 or -1. */
int tracer_start(struct tracer *tracer, const char *const *programs);

/* The same, but attaches none. */
int tracer_load(struct tracer *tracer, const char *const *programs);

void tracer_close(struct tracer *tracer);

/* What was counted, of one slot or of all (0): exits with this code, whose keys `is_wanted`. */
struct sums {
	__u64 exits; /* open ones included */
	__u64 timed;
	__u64 untimed;
	__u64 total_ns;
	__u64 max_ns;
	__u64 in_bins;
	__u64 parts[KVMSCOPE_PARTS];
};

typedef int key_filter(const struct kvmscope_cell *cell, const void *argument);

#define ANY_CODE (~0ull)

struct sums tracer_sum(const struct tracer *tracer, unsigned int slot, __u64 code,
		       key_filter *wants, const void *argument);

/* Everything that was lost or could not be counted. */
__u64 tracer_losses(const struct tracer *tracer);

#endif
