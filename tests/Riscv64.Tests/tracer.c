/* See tracer.h. */
#include "tracer.h"
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/*
 * Debian's libelf.a 0.192 lacks these two, which elf_getdata_rawchunk() alone needs: libbpf does
 * not call that. A libelf.a that has them wins.
 */
__attribute__((weak)) void eu_search_tree_init(void *tree, void *compare)
{
	(void)tree, (void)compare;
}

__attribute__((weak)) void eu_search_tree_fini(void *tree, void *free_node)
{
	(void)tree, (void)free_node;
}

static int failed(const char *what, const char *which)
{
	fprintf(stderr, "tracer: %s %s: %s\n", what, which, strerror(errno));
	return -1;
}

static struct bpf_map *map_of(const struct tracer *tracer, const char *name)
{
	struct bpf_map *map = bpf_object__find_map_by_name(tracer->object, name);

	if (!map)
		failed("no map", name);
	return map;
}

static int set_sizes(struct tracer *tracer)
{
	static const struct {
		const char *map;
		__u32 entries;
	} sizes[] = {
	    {"cells", CELLS},
	    {"slots", MAX_SLOTS},
	    {"sketches", SKETCHES + 1},
	    {"vcpu_to_slot", 2 * MAX_SLOTS},
	    {"free_slots", MAX_SLOTS - 1},
	    {"free_reasons", REASON_CELLS},
	    {"free_shared", SHARED_CELLS},
	    {"free_qualified", QUALIFIED_CELLS},
	    {"free_sketches", SKETCHES + 1},
	    {"slow_exits", 256 << 10},
	    {"extras", SHARED_CELLS + QUALIFIED_CELLS},
	    {"threads", 1024},
	    {"vmms", MAX_SLOTS},
	    {"return_cells", MAX_SLOTS * KVMSCOPE_RETURN_KINDS},
	    {"last_exits", MAX_SLOTS},
	};
	struct bpf_map *map;
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		map = map_of(tracer, sizes[i].map);
		if (!map || bpf_map__set_max_entries(map, sizes[i].entries))
			return failed("no size for", sizes[i].map);
	}
	return 0;
}

int tracer_open(struct tracer *tracer, const char *path)
{
	struct bpf_map *rodata;
	size_t size = 0;

	memset(tracer, 0, sizeof(*tracer));
	tracer->object = bpf_object__open(path);
	if (!tracer->object)
		return failed("cannot open", path);
	rodata = map_of(tracer, ".rodata.knobs");
	tracer->knobs = rodata ? bpf_map__initial_value(rodata, &size) : NULL;
	if (!tracer->knobs || size != sizeof(*tracer->knobs))
		return failed("another layout in", ".rodata.knobs");
	memset(tracer->knobs, 0, sizeof(*tracer->knobs));
	tracer->knobs->want_time = 1;
	return set_sizes(tracer);
}

static int push_runs(struct tracer *tracer, const char *list, __u32 first, __u32 end, __u32 step)
{
	struct bpf_map *map = map_of(tracer, list);
	struct kvmscope_run run;

	for (; map && first < end; first += step) {
		run.first = first;
		run.count = end - first < step ? end - first : step;
		if (bpf_map_update_elem(bpf_map__fd(map), NULL, &run, 0))
			return failed("cannot fill", list);
	}
	return map ? 0 : -1;
}

static void *map_table(struct tracer *tracer, const char *name, size_t size)
{
	void *at = mmap(NULL, size, PROT_READ, MAP_SHARED, bpf_map__fd(map_of(tracer, name)), 0);

	if (at != MAP_FAILED)
		return at;
	failed("cannot map", name);
	return NULL;
}

static int is_named(const char *const *names, const char *name)
{
	for (; *names; names++)
		if (!strcmp(*names, name))
			return 1;
	return 0;
}

int tracer_load(struct tracer *tracer, const char *const *programs)
{
	const __u32 shared = KVMSCOPE_FIRST_CELL + REASON_CELLS, qualified = shared + SHARED_CELLS;
	struct bpf_program *program;

	bpf_object__for_each_program(program, tracer->object)
	    bpf_program__set_autoload(program, is_named(programs, bpf_program__name(program)));
	if (bpf_object__load(tracer->object))
		return failed("the kernel refuses", programs[0]);
	if (push_runs(tracer, "free_slots", 1, MAX_SLOTS, 1) ||
	    push_runs(tracer, "free_sketches", 1, SKETCHES + 1, 1) ||
	    push_runs(tracer, "free_reasons", KVMSCOPE_FIRST_CELL, shared, 64) ||
	    push_runs(tracer, "free_shared", shared, qualified, 16) ||
	    push_runs(tracer, "free_qualified", qualified, CELLS, 64))
		return -1;
	tracer->cells = map_table(tracer, "cells", sizeof(*tracer->cells) * CELLS);
	tracer->slots = map_table(tracer, "slots", sizeof(*tracer->slots) * MAX_SLOTS);
	return tracer->cells && tracer->slots ? 0 : -1;
}

int tracer_start(struct tracer *tracer, const char *const *programs)
{
	struct bpf_program *program;
	int i;

	if (tracer_load(tracer, programs))
		return -1;
	for (i = 0; programs[i]; i++) {
		program = bpf_object__find_program_by_name(tracer->object, programs[i]);
		tracer->links[i] = program ? bpf_program__attach(program) : NULL;
		if (!tracer->links[i])
			return failed("cannot attach", programs[i]);
	}
	return 0;
}

void tracer_close(struct tracer *tracer)
{
	size_t i;

	for (i = 0; i < sizeof(tracer->links) / sizeof(tracer->links[0]); i++)
		bpf_link__destroy(tracer->links[i]);
	if (tracer->cells)
		munmap(tracer->cells, sizeof(*tracer->cells) * CELLS);
	if (tracer->slots)
		munmap(tracer->slots, sizeof(*tracer->slots) * MAX_SLOTS);
	bpf_object__close(tracer->object);
	memset(tracer, 0, sizeof(*tracer));
}

struct sums tracer_sum(const struct tracer *tracer, unsigned int slot, __u64 code,
		       key_filter *wants, const void *argument)
{
	const struct kvmscope_cell *cell;
	struct sums sums = {};
	unsigned int i, at;

	for (at = KVMSCOPE_FIRST_CELL; at < CELLS; at++) {
		cell = &tracer->cells[at];
		if (!cell->slot || (slot && cell->slot != slot) ||
		    (code != ANY_CODE && cell->code != code) || (wants && !wants(cell, argument)))
			continue;
		sums.exits += cell->ended + (tracer->slots[cell->slot].open == at);
		sums.timed += cell->ended - cell->untimed;
		sums.untimed += cell->untimed;
		sums.total_ns += cell->total_ns;
		if (cell->max_ns > sums.max_ns)
			sums.max_ns = cell->max_ns;
		for (i = 0; i < KVMSCOPE_HIST_BINS; i++)
			sums.in_bins += cell->bins[i];
		for (i = 0; i < KVMSCOPE_PARTS; i++)
			sums.parts[i] += cell->parts[i];
	}
	return sums;
}

__u64 tracer_losses(const struct tracer *tracer)
{
	int cpus = libbpf_num_possible_cpus(), i;
	struct bpf_map *map = map_of(tracer, "losses");
	struct kvmscope_losses *losses;
	__u32 zero = 0;
	__u64 sum = 0;

	for (i = 1; i < MAX_SLOTS; i++)
		sum += tracer->slots[i].unpaired_exits + tracer->slots[i].unpaired_entries +
		       tracer->slots[i].dropped_exits + tracer->slots[i].lost_events;
	losses = cpus > 0 ? calloc(cpus, sizeof(*losses)) : NULL;
	if (!losses || !map || bpf_map_lookup_elem(bpf_map__fd(map), &zero, losses))
		return ~0ull;
	for (i = 0; i < cpus; i++)
		sum += losses[i].dropped_vcpus + losses[i].dropped_exits;
	free(losses);
	return sum;
}
