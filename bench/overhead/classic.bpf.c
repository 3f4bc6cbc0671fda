// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Count and average by reason as scripts do it: classic tracepoints,
 * the open exit in a hash by thread, the sums in a hash by reason.
 */
#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* events/kvm/kvm_exit/format: the first field after the common ones. */
struct exit_record {
	__u64 common;
	__u32 exit_reason;
};

struct open_exit {
	__u64 at;
	__u64 reason;
};

struct sums {
	__u64 count;
	__u64 total_ns;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 10240);
	__type(key, __u32);
	__type(value, struct open_exit);
} open_exits SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 10240);
	__type(key, __u64);
	__type(value, struct sums);
} reasons SEC(".maps");

SEC("tracepoint/kvm/kvm_exit")
int classic_exit(struct exit_record *record)
{
	__u32 tid = bpf_get_current_pid_tgid();
	struct open_exit open = {};

	open.reason = record->exit_reason;
	open.at = bpf_ktime_get_ns();
	bpf_map_update_elem(&open_exits, &tid, &open, BPF_ANY);
	return 0;
}

SEC("tracepoint/kvm/kvm_entry")
int classic_entry(void *record)
{
	__u64 now = bpf_ktime_get_ns();
	__u32 tid = bpf_get_current_pid_tgid();
	struct open_exit *open = bpf_map_lookup_elem(&open_exits, &tid);
	struct sums *sums, first = {};
	__u64 reason;

	if (!open)
		return 0;
	reason = open->reason;
	first.count = 1;
	first.total_ns = now - open->at;
	sums = bpf_map_lookup_elem(&reasons, &reason);
	if (sums) {
		__sync_fetch_and_add(&sums->count, 1);
		__sync_fetch_and_add(&sums->total_ns, first.total_ns);
	} else {
		bpf_map_update_elem(&reasons, &reason, &first, BPF_NOEXIST);
	}
	bpf_map_delete_elem(&open_exits, &tid);
	return 0;
}
