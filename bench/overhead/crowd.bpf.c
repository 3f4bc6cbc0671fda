// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Uses all 38 places (BPF_MAX_TRAMP_LINKS, linux/bpf.h) that a function has for
 * fentry programs, so that the end of vCPUs cannot be hooked: the only way to
 * measure, on a kernel with fentry, what kvmscope costs without that hook.
 */
#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define PLACE(n)                            \
	SEC("fentry/kvm_arch_vcpu_destroy") \
	int crowd_##n(__u64 *ctx)           \
	{                                   \
		return 0;                   \
	}
#define SIX(n) PLACE(n##0) PLACE(n##1) PLACE(n##2) PLACE(n##3) PLACE(n##4) PLACE(n##5)

SIX(a)
SIX(b)
SIX(c)
SIX(d)
SIX(e)
SIX(f)
PLACE(g0)
PLACE(g1)
