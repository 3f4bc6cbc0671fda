/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What an architecture provides to the shared part. Below kernel_types.h, kvm_compat.bpf.h
 * and maps.bpf.h, which stand without it:
 *
 *   is_blocking()       is the vCPU halted
 *   vcpu_in_l2()        1 while a nested guest runs
 *   exit_isa()          kvmscope_isa, from the tracepoint's arguments
 *   exit_code()         the raw code, from the arguments or the vCPU
 *   reason_index()      where the code is in a slot's index
 *   read_rip(), rip_at_entry()
 *   read_qualifier(), late_qualifier(), read_page(), MMIO_KIND, MMIO_ACCESS
 *
 * Besides, outside of this header: its kernel_types.h, a part of ../kernel_types.h, and its
 * programs.bpf.h, the programs whose arguments differ, on top of everything.
 */
#ifndef KVMSCOPE_ARCH_BPF_H
#define KVMSCOPE_ARCH_BPF_H

#if defined(__TARGET_ARCH_x86)
#include "x86/qualifier.bpf.h"
#elif defined(__TARGET_ARCH_arm64)
#include "arm64/qualifier.bpf.h"
#elif defined(__TARGET_ARCH_riscv)
#include "riscv64/qualifier.bpf.h"
#endif

#endif
