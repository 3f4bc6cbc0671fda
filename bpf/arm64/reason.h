/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * From the arguments of arm64's kvm_exit to a code and its reason index: pure, so that a test can
 * call it. Isa.Arm64 on the C# side. u32, u64 and contract.h come before: a test has no
 * kernel_types.h.
 */
#ifndef KVMSCOPE_ARM64_REASON_H
#define KVMSCOPE_ARM64_REASON_H

/* arch/arm64/include/asm/kvm_asm.h: what the switch code returned. */
#define ARM_EXIT_WITH_SERROR_BIT (1u << 31)
#define ARM_EXCEPTION_TRAP	 2

/* A code is the return value, and for traps the exception class below it. */
#define RET_SHIFT  8
#define EC_MASK	   0x3f
#define TRAP_CODES (ARM_EXCEPTION_TRAP << RET_SHIFT)

/* Indexes of the return values that are not traps, after those of the classes. */
#define INDEX_RET 64

/*
 * Bit 31 says that an SError is pending, besides the reason. The class is stale unless
 * the return value says trap (arch/arm64/kvm/trace_arm.h).
 */
static inline __attribute__((always_inline)) u64 reason_code(u64 ret, u64 esr_ec)
{
	ret = (u32)ret & ~ARM_EXIT_WITH_SERROR_BIT;
	if (ret == ARM_EXCEPTION_TRAP)
		return TRAP_CODES | (esr_ec & EC_MASK);
	return ret << RET_SHIFT;
}

/* Where a usual code is in a slot's index; KVMSCOPE_REASON_INDEX_ODD for the rest. */
static inline __attribute__((always_inline)) u32 reason_index(u64 code)
{
	if (code - TRAP_CODES <= EC_MASK)
		return code - TRAP_CODES;
	if (code >> RET_SHIFT < KVMSCOPE_REASON_INDEX_HIGH - INDEX_RET)
		return INDEX_RET + (code >> RET_SHIFT);
	return KVMSCOPE_REASON_INDEX_ODD;
}

#endif
