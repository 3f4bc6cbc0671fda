/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * From riscv64's scause to a reason index, and from an instruction to its qualifier: pure, so that
 * a test can call it. Isa.Riscv64 on the C# side. u32, u64 and contract.h come before: a test has
 * no kernel_types.h.
 */
#ifndef KVMSCOPE_RISCV64_REASON_H
#define KVMSCOPE_RISCV64_REASON_H

#include "../qualifier_values.h"

/* A code is scause: bit 63 says that it is an interrupt. */
#define CAUSE_INTERRUPT (1ull << 63)

/* Indexes of interrupts, after those of exceptions. */
#define INDEX_INTERRUPT 0x70

/* Where a usual code is in a slot's index; KVMSCOPE_REASON_INDEX_ODD for the rest. */
static inline __attribute__((always_inline)) u32 reason_index(u64 code)
{
	if (code < INDEX_INTERRUPT)
		return code;
	if ((code ^ CAUSE_INTERRUPT) < KVMSCOPE_REASON_INDEX_ODD - INDEX_INTERRUPT)
		return INDEX_INTERRUPT + (u32)code;
	return KVMSCOPE_REASON_INDEX_ODD;
}

/* SYSTEM instructions that access a CSR, whose number is in bits 31:20 (unprivileged, Zicsr). */
#define INSN_OPCODE(insn) ((insn)&0x7f)
#define INSN_FUNCT3(insn) ((insn) >> 12 & 7)
#define INSN_RS1(insn)	  ((insn) >> 15 & 0x1f)
#define INSN_CSR(insn)	  ((insn) >> 20 & 0xfff)
#define OPCODE_SYSTEM	  0x73

/*
 * KVMSCOPE_KIND_INSTRUCTION: registers do not matter, so each CSR has two values. CSRRS and CSRRC
 * (funct3 2, 3, 6, 7) with rs1 or the immediate 0 write nothing.
 */
static inline __attribute__((always_inline)) u64 instruction_of(u32 insn)
{
	u32 funct3 = INSN_FUNCT3(insn);

	if (INSN_OPCODE(insn) != OPCODE_SYSTEM || !(funct3 & 3))
		return insn;
	return INSN_CSR(insn) | (funct3 & 2 && !INSN_RS1(insn) ? FIRST_WAY : SECOND_WAY);
}

#endif
