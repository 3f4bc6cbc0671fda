/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* How qualifiers are packed, where more than one kind or architecture does the same:
 * QualifierKind.cs. */
#ifndef KVMSCOPE_QUALIFIER_VALUES_H
#define KVMSCOPE_QUALIFIER_VALUES_H

#define FIRST_WAY      (1ull << 32) /* read, in */
#define SECOND_WAY     (2ull << 32) /* write, out */
#define UNKNOWN_WAY    (3ull << 32)
#define MEMORY_WRITE   2
#define MEMORY_READ    1
#define MEMORY_FETCH   4
#define MEMORY_PRESENT 8
#define MEMORY_MMIO    0x100
#define PAGE_OF(gpa)   ((gpa) & ~0xfffull)

#endif
