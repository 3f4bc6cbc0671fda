/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The contract between the BPF program and its C# side.
 *
 * Everything that both sides see is here and only here: limits, the layout of
 * the mapped tables, of events and of free-list entries. The C# mirror
 * (src/Kvmscope.Host/Contract/Contract.g.cs) is generated from the BTF of the
 * compiled object by eng/ContractGen, and a check fails when the two drift.
 *
 * Widths are fixed, padding is explicit, and nothing here assumes x86: a reason
 * is an ISA and a raw 64-bit code.
 */
#ifndef KVMSCOPE_CONTRACT_H
#define KVMSCOPE_CONTRACT_H

#include <linux/types.h>

enum kvmscope_limits {
	/* Histogram: one bin below 2^MIN, 2^SUB bins per octave, one bin from 2^MAX on. */
	KVMSCOPE_HIST_MIN_SHIFT = 6,
	KVMSCOPE_HIST_MAX_SHIFT = 40,
	KVMSCOPE_HIST_SUB_SHIFT = 2,
	KVMSCOPE_HIST_BINS = 138,

	KVMSCOPE_LEVELS = 2,
	/*
	 * The reason index of a code. The usual codes have one each; the rare ones (flags
	 * set, vendor extensions) share the last ones. A slot has a cell number per level
	 * and reason index.
	 */
	KVMSCOPE_REASON_INDEXES = 256,
	KVMSCOPE_REASON_INDEX_HIGH = 0xe0, /* codes 0x400 to 0x407 (SVM: NPF, AVIC, VMGEXIT) */
	KVMSCOPE_REASON_INDEX_ODD = 0xe8,  /* all others, searched */
	KVMSCOPE_REASON_INDEXES_ODD = 24,

	/* Hints from CPU to slot. More CPUs than this share them: slower, and still exact. */
	KVMSCOPE_HINTS = 1024,

	KVMSCOPE_MAX_TGIDS = 64,
	KVMSCOPE_MAX_VCPU_ID = 4096,
	KVMSCOPE_MAX_ODD_REASONS = 16,

	/*
	 * Keys of a vCPU, reason and level that get cells of their own as they come. Whatever
	 * makes 1 % of a reason's exits is among 100 keys: of a full share some are always cold.
	 */
	KVMSCOPE_SHARE = 128,
	/* Counters of a sketch, a power of two above 100: see kvmscope_sketch. */
	KVMSCOPE_SKETCH_KEYS = 128,
	KVMSCOPE_SKETCH_BUCKETS = 256,

	KVMSCOPE_RECENT = 32, /* a power of two */
	KVMSCOPE_COMM_LENGTH = 16,
	KVMSCOPE_KIND_SHIFT = 30, /* fewer cells than that: 65536 vCPUs times 178 */

	/* vCPUs without a slot that are remembered, so that each is counted once. */
	KVMSCOPE_MAX_UNTRACKED = 1024,

	KVMSCOPE_RETURN_KINDS = 24, /* per vCPU: what KVM_RUN returned with */
	KVMSCOPE_MAX_LAST = 256,    /* exits that are kept per vCPU */
};

/* What a slot's `open` says, below the first cell number: the vCPU's last event. */
enum kvmscope_open {
	KVMSCOPE_OPEN_FRESH = 0,   /* none yet */
	KVMSCOPE_OPEN_RUNNING = 1, /* kvm_entry: the guest runs */
	KVMSCOPE_OPEN_SKIPPED = 2, /* kvm_exit that a filter excludes */
	KVMSCOPE_OPEN_DROPPED = 3, /* kvm_exit that found no cell */
	KVMSCOPE_FIRST_CELL = 4,   /* from here on: kvm_exit, counted in the cell of this number */
};

/* What a slot's index says, below the first cell number. */
enum kvmscope_index_entry {
	KVMSCOPE_INDEX_EMPTY = 0,
	KVMSCOPE_INDEX_DROPPED = 1, /* there was no free cell */
};

/* What kvmscope_vmm's `open` says, below KVMSCOPE_FIRST_CELL: where the vCPU is. */
enum kvmscope_vmm_open {
	KVMSCOPE_VMM_FRESH = 0,	  /* not known yet */
	KVMSCOPE_VMM_RUN = 1,	  /* in KVM_RUN */
	KVMSCOPE_VMM_OUT = 2,	  /* in the VMM; the return is counted in no cell */
	KVMSCOPE_VMM_DROPPED = 3, /* the same, as there was none left */
};

/* What a vCPU that was there before the trace was found to be doing, before its first event. */
enum kvmscope_seen {
	KVMSCOPE_SEEN_NOTHING = 0, /* not known */
	KVMSCOPE_SEEN_USER = 1,	   /* its thread is in user space, or it has none yet */
	KVMSCOPE_SEEN_HALT = 2,	   /* halted, asleep */
	KVMSCOPE_SEEN_GUEST = 3,   /* the guest runs */
};

enum kvmscope_reason_filter {
	KVMSCOPE_REASONS_ALL = 0,
	KVMSCOPE_REASONS_ONLY = 1,
	KVMSCOPE_REASONS_EXCEPT = 2,
};

enum kvmscope_isa {
	KVMSCOPE_ISA_NONE = 0, /* the reason could not be read */
	KVMSCOPE_ISA_VMX = 1,  /* KVM_ISA_VMX */
	KVMSCOPE_ISA_SVM = 2,  /* KVM_ISA_SVM */
	KVMSCOPE_ISA_ARM64 = 3,
	KVMSCOPE_ISA_RISCV64 = 4,
};

/* Parts of an exit's handling time that are kept; KVM's own is the rest. */
enum kvmscope_part {
	KVMSCOPE_PART_VMM = 0,	 /* in user space */
	KVMSCOPE_PART_RUNQ = 1,	 /* runnable, waited for a CPU */
	KVMSCOPE_PART_HALT = 2,	 /* halted, asleep */
	KVMSCOPE_PART_POLL = 3,	 /* halted, KVM polls */
	KVMSCOPE_PART_SLEEP = 4, /* asleep in the kernel for another reason */
	KVMSCOPE_PARTS = 5,
	KVMSCOPE_PART_KVM = 5, /* only in knobs.slow_part */
	KVMSCOPE_PART_ALL = 6,
	KVMSCOPE_PART_AWAKE = 7, /* only in knobs.slow_part: all but HALT and POLL */
};

/* What a cell holds. */
enum kvmscope_cell_kind {
	KVMSCOPE_CELL_REASON = 0,    /* exits of a reason; with qualifiers, those without one */
	KVMSCOPE_CELL_QUALIFIED = 1, /* exits of a reason with one key */
	KVMSCOPE_CELL_OTHER = 2,     /* exits of a reason whose keys found no cell */
	KVMSCOPE_CELL_ROUND = 3,     /* reflected exits of L2: durations until L2 runs again */
};

/* What `parts` of a KVMSCOPE_CELL_ROUND are. */
enum kvmscope_round {
	KVMSCOPE_ROUND_REFLECTED = 0, /* exits, whether or not the round has ended */
	KVMSCOPE_ROUND_L1_EXITS = 1,  /* of the rounds that ended */
	KVMSCOPE_ROUND_HANDLING =
	    2, /* of the rounds that ended, ns: handling of all exits in them */
};

/* What is known of the open exit's qualifier. */
enum kvmscope_qualifier_state {
	KVMSCOPE_QUALIFIER_NONE = 0,
	KVMSCOPE_QUALIFIER_KNOWN = 1,
	KVMSCOPE_QUALIFIER_LATE = 2,  /* KVM will report it while it handles the exit */
	KVMSCOPE_QUALIFIER_GUESS = 3, /* known, and KVM may report a better one */
};

/* What an exit is, apart from its reason: bits. */
enum kvmscope_trait {
	KVMSCOPE_TRAIT_L2 = 1,
	KVMSCOPE_TRAIT_ISA = 1, /* the shift of its kvmscope_isa */
	KVMSCOPE_TRAIT_ISA_MASK = 0x7f,
	KVMSCOPE_TRAIT_RIP = 0x100, /* the instruction is known */
};

/*
 * A key: what exits of one reason are kept apart by. For each part, what is known of it, in two
 * bits of a kvmscope_cell's or a slot's `states`; the value is 0 where that is not KNOWN.
 */
enum kvmscope_key_part {
	KVMSCOPE_KEY_QUALIFIER = 0, /* the shift of its bits */
	KVMSCOPE_KEY_PAGE = 2,	    /* guest-physical address of the page */
	KVMSCOPE_KEY_RIP = 4,	    /* the guest's instruction pointer */
};

enum kvmscope_key_state {
	KVMSCOPE_KEY_NONE = 0,
	KVMSCOPE_KEY_KNOWN = 1,
	KVMSCOPE_KEY_OTHER = 2, /* known, and there was no room to keep it apart */
	KVMSCOPE_KEY_MASK = 3,
};

/* How a reason's argument is packed: QualifierKind of the C# side. */
enum kvmscope_qualifier_kind {
	KVMSCOPE_KIND_NONE = 0,
	KVMSCOPE_KIND_MSR = 1,
	KVMSCOPE_KIND_CPUID = 2,
	KVMSCOPE_KIND_HYPERCALL = 3,
	KVMSCOPE_KIND_PORT = 4,
	KVMSCOPE_KIND_MEMORY = 5,
	KVMSCOPE_KIND_INTERRUPT = 6,
	KVMSCOPE_KIND_EXCEPTION = 7,
	KVMSCOPE_KIND_CR = 8,
	KVMSCOPE_KIND_DR = 9,
	KVMSCOPE_KIND_APIC = 10,
	KVMSCOPE_KIND_EOI = 11,
	KVMSCOPE_KIND_SYSTEM = 12,
	KVMSCOPE_KIND_WAIT = 13,
	KVMSCOPE_KIND_FIRMWARE = 14,
	KVMSCOPE_KIND_ABORT = 15,
	KVMSCOPE_KIND_SBI = 16,
	KVMSCOPE_KIND_INSTRUCTION = 17,
};

/* What to trace. Constants for the verifier, which removes the code that they turn off. */
struct kvmscope_knobs {
	__u64 slow_ns; /* 0: no slow exits */
	__u32 want_time;
	__u32 filter_vcpus;   /* by tgids or vcpu_bits: what needs no state */
	__u32 filter_exits;   /* by level or reasons */
	__u32 check_identity; /* at every event: there is no hook for vCPUs that end */
	__u32 level;	      /* 0: both */
	__u32 reasons;	      /* kvmscope_reason_filter */
	__u32 odd_reason_count;
	__u32 vcpu_id_count; /* 0: all */
	__u32 tgid_count;    /* 0: all */
	/* Only programs that do more than count and time look at the following. */
	__u32 want_split;
	__u32 want_qualifiers;
	__u32 want_nested;
	__u32 want_who;
	__u32 want_pages;
	__u32 want_rips;
	__u32 want_keys;      /* any of qualifiers, pages, rips */
	__u32 know_qualifier; /* qualifiers are read; want_qualifiers: and kept apart */
	__u32 want_returns;   /* returns of KVM_RUN are followed */
	__u32 count_returns;  /* and counted and timed by what KVM_RUN returned with */
	__u32 last_count;     /* exits that are kept per vCPU: a power of two, or 0 */
	__u32 slow_part;      /* kvmscope_part that slow_ns is about */
	__u32 pad;
	__u64 page_mask; /* the bits of an address that say which page it is in */
	__u64 page_bits[KVMSCOPE_REASON_INDEXES / 64]; /* reasons that are about a page, by index */
	__u64 reason_bits[KVMSCOPE_REASON_INDEXES / 64]; /* by reason index */
	__u64 odd_reasons[KVMSCOPE_MAX_ODD_REASONS];
	__u64 vcpu_bits[KVMSCOPE_MAX_VCPU_ID / 64];
	__u32 tgids[KVMSCOPE_MAX_TGIDS];
	__u8 kinds[KVMSCOPE_REASON_INDEXES]; /* kvmscope_qualifier_kind by reason index */
};

/* What user space tells the programs while they are attached. */
struct kvmscope_control {
	/* Counts up when slots and cells were given back: only then is it worth asking again. */
	__u32 free_round;
	__u32 sketch_round; /* counts up when user space has read the sketches: they begin anew */
	__u32 returns_on;   /* returns are counted: all programs are attached */
	/* Whether what vCPUs do is noted (note_vcpu()): events would tell when it ends. */
	__u32 note_states;
	__u64 since_ns; /* the begin of the trace, for vCPUs that are there already */
};

/*
 * One vCPU, one reason, one level. Written only by the vCPU's own thread, so no
 * atomics; read by user space while it is written: all of total_ns, max_ns and
 * bins belong together where `begun`, read last, equals `ended`, read first.
 *
 * Exits seen = ended + 1 if the slot's `open` is this cell: nothing is
 * written here at the exit itself, which saves a look-up and a cache line.
 */
struct kvmscope_cell {
	__u64 code; /* raw, see kvmscope_isa */
	__u32 slot;
	__u8 isa;
	__u8 level;	    /* 1 or 2 */
	__u8 kind;	    /* kvmscope_cell_kind */
	__u8 dropped_kinds; /* in a reason's own cell: bits of the kinds that found no cell */
	__u64 untimed;	    /* of `ended`, those followed by another exit: no end to measure */
	__u64 begun;	    /* ends that began to be written */
	__u64 ended;	    /* ends that are written; except `untimed`, with a duration */
	__u64 total_ns;	    /* their sum */
	__u64 max_ns;	    /* the largest; user space may exchange it for 0 */
	/* Of cells that the slot's index does not name: */
	__u64 qualifier;
	__u64 page;
	__u64 rip;
	__u32 next;   /* the slot's next; 0: the last */
	__u32 head;   /* the reason's own cell; 0 while user space takes the cell from a key */
	__u32 states; /* kvmscope_key_state, by kvmscope_key_part */
	/* Of a reason's own cell: */
	__u32 kept;	    /* KVMSCOPE_CELL_QUALIFIED that were made of free cells */
	__u32 given;	    /* of those, what user space has given to other reasons */
	__u32 sketch;	    /* of keys that found no cell; 0: none yet */
	__u32 sketch_asked; /* free_round + 1 when no sketch was left */
	__u32 pad;
	__u64 parts[KVMSCOPE_PARTS]; /* by kvmscope_part, of total_ns; or by kvmscope_round */
	__u64 bins[KVMSCOPE_HIST_BINS];
};

/* One vCPU. The first 64 bytes are what an ordinary exit touches. */
struct kvmscope_slot {
	__u64 vcpu;    /* struct kvm_vcpu, 0 while free; never leaves the process */
	__u64 kvm;     /* struct kvm; tells the VMs of one process apart */
	__u64 code_at; /* SVM: where vmcb01 keeps exit_code; riscv64: the trap of the exit */
	__u64 exit_ns; /* ktime of the open exit */
	__u32 open;    /* kvmscope_open, or the cell of the open exit */
	__u32 tid;     /* thread that ran the vCPU last */
	__u32 tgid;
	__u32 vcpu_id;
	__u64 unpaired_exits;
	__u64 unpaired_entries;
	__u64 lost_events;   /* slow exits for which the ring buffer was full */
	__u64 dropped_exits; /* those of dropped_cells */
	__u32 dropped_cells; /* (reason, level) that found no free cell, or none of another kind */
	__u32 ended;	     /* the vCPU is gone, or another has its address now */
	__u32 extra;	     /* the first of its cells that the index does not name */
	__u32 changed;	     /* `parts` has something */
	__u32 exit_cpu;	     /* of the open exit */
	__u16 seen;	     /* kvmscope_seen: as long as there was no event */
	__u16 touched;	     /* there was an event other than kvm_exit and kvm_entry */
	__u64 other_exits;   /* exits whose key found no cell */
	char comm[KVMSCOPE_COMM_LENGTH]; /* the process's, when the vCPU was first seen */

	/* The wall clock, ktime in ns, where it is wanted. */
	__u64 born_ns;		       /* known since */
	__u64 ended_ns;		       /* the end of the vCPU, 0 while it lives; always kept */
	__u64 entry_ns;		       /* the guest runs since; 0 while it does not */
	__u64 guest_ns;		       /* how long it ran, up to its last exit */
	__u64 outside[KVMSCOPE_PARTS]; /* in no exit: before the first, or after a failed entry */
	__u64 user_ns;		       /* in user space since; 0 while it is not */
	__u64 out_ns;		       /* off the CPU since; 0 while it is not */
	__u64 out_delay;	       /* the thread's run_delay at that time */
	__u64 user_delay;	       /* the same, of user_ns */
	__u64 poll_ns;		       /* the vCPU's halt polling so far, as KVM counts it */
	__u64 seen_ns;		       /* it does what `seen` says since */
	__u64 seen_delay;	       /* the thread's run_delay at that time, for SEEN_HALT */
	__u64 made_ns; /* when it got the slot: tells VMs apart that had one address in turn */
	__u64 parts[KVMSCOPE_PARTS]; /* of the open exit so far, by kvmscope_part */
	__u32 out_part;		     /* what it is off the CPU for: kvmscope_part */
	__u32 user_tid;		     /* the thread that went to user space */

	/* The open exit, where it is wanted. */
	__u64 qualifier;
	__u64 page;
	__u64 rip; /* 0: not known */
	__u32 qualifier_state;
	__u16 qualifier_kind;
	__u16 page_state; /* kvmscope_qualifier_state */
	__u32 states;	  /* the exit's key, when it ends */
	__u32 traits;	  /* kvmscope_trait */

	/* The round that a reflected exit of L2 began. */
	__u64 round_ns;
	__u64 round_handling_ns;
	__u32 round_cell; /* 0: none */
	__u32 round_exits;

	/* Which task ran while the thread waited for a CPU. */
	__u64 wait_delay;  /* run_delay before the wait that ended last */
	__u64 wait_end_ns; /* when that ended; 0: none did */
	__u64 longest_wait_ns;
	__u32 longest_pid;
	__u32 last_first; /* the first of its last exits */
	char longest_comm[KVMSCOPE_COMM_LENGTH];
	__u64 last_number;  /* how many of them have ended */
	__u64 last_code;    /* of the open one */
	__u64 last_returns; /* to the VMM in it: how many, and in the upper half the last one's kind
			     */

	/* Cells of recent keys, by hash: saves a look-up in `extras`. The cell says whose it is. */
	__u32 recent_cell[KVMSCOPE_RECENT];

	/* Cell numbers, or kvmscope_index_entry, by reason index; L1's, then L2's. */
	__u32 index[KVMSCOPE_LEVELS * KVMSCOPE_REASON_INDEXES];
};

/* A run of free slots or cells, as handed out by the free lists. */
struct kvmscope_run {
	__u32 first;
	__u32 count;
};

/* What a CPU has cached of a free list of cells. */
struct kvmscope_free_cache {
	struct kvmscope_run run;
	__u32 empty; /* free_round + 1 when the list was empty; not asked again in that round */
	__u32 pad;
};

/* What was lost before there was a slot to count it in, and cached free cells; one per CPU. */
struct kvmscope_losses {
	__u64 dropped_vcpus;
	__u64 dropped_exits;
	__u64 lost_returns; /* of threads whose vCPU was not known */
	__u64 pad;
	struct kvmscope_free_cache reasons;
	struct kvmscope_free_cache shared;
	struct kvmscope_free_cache qualified;
};

/* A slow exit. */
struct kvmscope_slow {
	__u64 end_ns; /* ktime (CLOCK_MONOTONIC) of the kvm_entry */
	__u64 duration_ns;
	__u64 code;
	__u32 slot;
	__u32 tgid;
	__u32 tid;
	__u32 vcpu_id;
	__u32 cpu;
	__u8 isa;
	__u8 level;
	__u8 qualifier_state; /* NONE or KNOWN */
	__u8 pad;
	__u64 qualifier;
	__u64 rip;
	__u64 parts[KVMSCOPE_PARTS];
	__u32 exit_cpu;
	__u32 ran_pid; /* the task that ran instead, if ran_comm is not empty */
	char ran_comm[KVMSCOPE_COMM_LENGTH];
};

/*
 * How KVM_RUN of one vCPU returns, by the number of its slot. Written only by the vCPU's own
 * thread, within KVM_RUN. What it returned with is a `kind`: KVM_EXIT_*, or a negative errno;
 * -EINTR is KVM_EXIT_INTR, as KVM does not always say so in kvm_run.
 */
struct kvmscope_vmm {
	__u64 since_ns;	     /* ktime of the last return or begin of KVM_RUN */
	__u32 open;	     /* kvmscope_vmm_open, or KVMSCOPE_FIRST_CELL + the place in `kinds` */
	__u32 used;	     /* of `kinds` */
	__u64 lost;	     /* returns that were not seen, or found no room in `kinds` */
	__u64 return_ns;     /* ktime of the last return, 0: none yet */
	__u64 return_detail; /* the first of kvm_run's data for that reason */
	__s32 return_kind;
	__u32 pad;
	__s32 kinds[KVMSCOPE_RETURN_KINDS];
};

/*
 * One of a vCPU's last exits that ended. A copy is whole if `number` is the same before and after
 * it, and not 0.
 */
struct kvmscope_last {
	__u64 number;  /* which of its vCPU's exits, from 1; 0: none yet, or it is being written */
	__u64 exit_ns; /* ktime */
	__u64 end_ns;  /* the kvm_entry after it; 0: none */
	__u64 code;
	__u64 qualifier;
	__u64 rip;
	__u64 returns; /* as the slot has them */
	__u32 traits;
	__u32 qualifier_state;
};

/* Where a reason's cell for a key, or of another kvmscope_cell_kind, is found in `extras`. */
struct kvmscope_extra {
	__u32 head; /* the reason's own, and the kind in the bits from KVMSCOPE_KIND_SHIFT on */
	__u32 states;
	__u64 qualifier;
	__u64 page;
	__u64 rip;
};

/*
 * Which keys of a reason (of one vCPU and level) are frequent among those that found no cell:
 * Misra and Gries' summary. Each counter has a key; an exit whose key has none takes a counter that
 * is 0, and where there is none, takes one from all. So a key whose exits are more than 1 in
 * KVMSCOPE_SKETCH_KEYS + 1 of all has a counter at the end. "Takes one from all" is `floor` going
 * up: a counter is as much as it is above the floor. Looking for a counter that is 0 costs a step
 * per exit on average, because a round through all of them without finding one ends with that.
 *
 * Written by the vCPU's thread. User space reads it as it is written: a key that is half of one
 * and half of another gets a cell in which nothing is counted.
 */
struct kvmscope_sketch {
	__u32 round; /* control.sketch_round to which it belongs */
	__u32 next;  /* the counter to look at next */
	__u32 done;  /* how many were looked at since the floor went up */
	__u32 pad;
	__u64 floor;
	__u64 began; /* the floor at the begin of the round */
	__u64 top;   /* the largest count so far */
	__u64 count[KVMSCOPE_SKETCH_KEYS];
	__u64 qualifier[KVMSCOPE_SKETCH_KEYS];
	__u64 page[KVMSCOPE_SKETCH_KEYS];
	__u64 rip[KVMSCOPE_SKETCH_KEYS];
	__u8 states[KVMSCOPE_SKETCH_KEYS];
	__u8 follower[KVMSCOPE_SKETCH_KEYS]; /* 1 + the next in the bucket; 0: the last */
	__u8 bucket[KVMSCOPE_SKETCH_KEYS];
	__u8 first[KVMSCOPE_SKETCH_BUCKETS]; /* 1 + the first of keys with this hash */
};

_Static_assert(sizeof(struct kvmscope_cell) == 152 + 8 * KVMSCOPE_HIST_BINS, "cell layout");
_Static_assert(sizeof(struct kvmscope_slot) ==
		   448 + 4 * KVMSCOPE_RECENT + 4 * KVMSCOPE_LEVELS * KVMSCOPE_REASON_INDEXES,
	       "slot layout");
_Static_assert(sizeof(struct kvmscope_losses) == 80, "losses layout");
_Static_assert(sizeof(struct kvmscope_slow) == 128, "slow layout");
_Static_assert(KVMSCOPE_HIST_BINS == ((KVMSCOPE_HIST_MAX_SHIFT - KVMSCOPE_HIST_MIN_SHIFT)
				      << KVMSCOPE_HIST_SUB_SHIFT) +
					 2,
	       "histogram layout");
_Static_assert(KVMSCOPE_REASON_INDEX_ODD + KVMSCOPE_REASON_INDEXES_ODD == KVMSCOPE_REASON_INDEXES,
	       "index layout");

#endif
