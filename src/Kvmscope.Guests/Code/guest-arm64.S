/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The built-in guest of arm64: reads a plan, does what it says, and makes no other VM exit.
 *
 * EL1, MMU off, interrupts masked, no vectors. Every vCPU has its own 2 MB block of guest memory, laid out as on x86
 * (GuestLayout.cs); x0 is its address at the start. The code is position independent: it is assembled, not linked.
 *
 * Registers: x19 the block, x20 next plan entry, w21 the remaining count of the current one, w22 and w23 its arguments.
 */
	.set PLAN,          0x5000
	.set P_COST_NEXT,   0x4038
	.set P_FAULT_NEXT,  0x4048
	.set PSCI_VERSION,  0x84000000

	.text
base:
	.word	start - base

start:
	mov	x19, x0
	add	x20, x19, #PLAN

/* Plan entry: u32 operation, u32 argument, u32 count (at least 1), u32 second argument. */
next:
	ldp	w9, w22, [x20], #8
	ldp	w21, w23, [x20], #8
	adr	x10, operations
	ldrh	w11, [x10, x9, lsl #1]
	adr	x10, base
	add	x10, x10, x11
	br	x10

operations:
	.hword	stop - base, repeat - base, hvc_ - base, smc_ - base
	.hword	mmio_write - base, mmio_read - base, sys_read - base, sys_write - base
	.hword	sgi - base, wfi_ - base, fault - base, spin - base
	.hword	touch - base, cost - base
	.hword	gic_init - base
	.align	2

/* The end of every counted operation. */
	.macro AGAIN target
	subs	w21, w21, #1
	b.ne	\target
	b	next
	.endm

stop:	/* the argument is the address */
	str	w22, [x22]
	b	stop

repeat:	/* the argument is the offset to continue at */
	add	x20, x19, x22
	b	next

hvc_:	/* the argument is the function */
	mov	w0, w22
	mov	x1, xzr
	mov	x2, xzr
	mov	x3, xzr
	hvc	#0
	AGAIN	hvc_

smc_:
	mov	w0, w22
	mov	x1, xzr
	mov	x2, xzr
	mov	x3, xzr
	smc	#0
	AGAIN	smc_

mmio_write: /* the argument is the address */
	str	w22, [x22]
	AGAIN	mmio_write

mmio_read:
	ldr	w0, [x22]
	AGAIN	mmio_read

sys_read: /* identification registers are always trapped (HCR_EL2.TID3) */
	mrs	x0, id_aa64isar0_el1
	AGAIN	sys_read

sys_write: /* so are the OS lock registers (MDCR_EL2.TDOSA) */
	msr	oslar_el1, xzr
	AGAIN	sys_write

sgi:	/* to no CPU: ICC_SGI1R_EL1 with an empty target list (HCR_EL2.IMO) */
	msr	s3_0_c12_c11_5, xzr
	AGAIN	sgi

wfi_:	/* the argument is the time until the virtual timer ends it, in microseconds */
	mrs	x0, cntfrq_el0
	mul	x0, x0, x22
	mov	x1, #16960
	movk	x1, #15, lsl #16		/* 1000000 */
	udiv	x0, x0, x1
	mrs	x1, cntvct_el0
	add	x0, x0, x1
	msr	cntv_cval_el0, x0
	mov	x0, #1
	msr	cntv_ctl_el0, x0
	isb
	mrs	x1, cntv_ctl_el0
	tbnz	x1, #2, wfi_			/* already over, because the host was away that long: WFI would not wait, and not exit */
1:	wfi
	mrs	x1, cntv_ctl_el0
	tbz	x1, #2, 1b			/* not over yet: an interrupt of the host was pending, so WFI did not wait or exit */
	msr	cntv_ctl_el0, xzr
	isb
	mrs	x0, s3_0_c12_c12_0		/* ICC_IAR1_EL1, ICC_EOIR1_EL1: otherwise the next WFI does not wait */
	msr	s3_0_c12_c12_1, x0
	isb
	AGAIN	wfi_

/*
 * KVM wakes a halted vCPU for an interrupt that it could take, so the timer's interrupt (PPI 27) is enabled, but
 * masked in PSTATE. The argument is the redistributor's second frame, the second argument the distributor.
 */
gic_init:
	mov	w0, #0x12			/* GICD_CTLR: ARE, EnableGrp1 */
	str	w0, [x23]
	mov	w0, #1 << 27
	str	w0, [x22, #0x80]		/* GICR_IGROUPR0 */
	str	w0, [x22, #0x100]		/* GICR_ISENABLER0 */
	mov	x0, #0xff
	msr	s3_0_c4_c6_0, x0		/* ICC_PMR_EL1 */
	mov	x0, #1
	msr	s3_0_c12_c12_7, x0		/* ICC_IGRPEN1_EL1 */
	isb
	AGAIN	gic_init

fault:	/* the first write to the next pages */
	ldr	x1, [x19, #P_FAULT_NEXT]
1:	str	wzr, [x1]
	add	x1, x1, #4096
	subs	w21, w21, #1
	b.ne	1b
	str	x1, [x19, #P_FAULT_NEXT]
	b	next

spin:
	AGAIN	spin

touch:	/* count pages of the block, so that no later access to them is the first */
	mov	x1, x19
1:	ldr	w0, [x1]
	str	w0, [x1]
	add	x1, x1, #4096
	AGAIN	1b

cost:	/* count batches of 100 HVC, the time of each to memory */
	ldr	x4, [x19, #P_COST_NEXT]
1:	isb
	mrs	x5, cntvct_el0
	mov	w6, #100
2:	mov	w0, #PSCI_VERSION
	hvc	#0
	subs	w6, w6, #1
	b.ne	2b
	isb
	mrs	x7, cntvct_el0
	sub	x7, x7, x5
	str	x7, [x4], #8
	subs	w21, w21, #1
	b.ne	1b
	str	x4, [x19, #P_COST_NEXT]
	b	next
