/*
 * The guest: it runs a list of (operation, how often) that is behind it in its only page, and ends
 * with a store to END. In: a0 the list, a1 the first page to touch. It needs no stack, and its
 * translation is off, so that nothing exits except what the list asks for, the first fetch, and
 * interrupts of the host. The operations are those of vm.h, in its order.
 */
	.section .rodata.guest, "a"
	.globl guest_begin, guest_end
	.balign 4
	.option norvc
	.option norelax
guest_begin:
	mv	s0, a0
	mv	s1, a1
	lla	t0, skip
	csrw	stvec, t0
	li	t0, 1 << 5		/* the timer ends WFI; sstatus.SIE is 0, so it is not taken */
	csrw	sie, t0
	li	s2, 0x10000000		/* MMIO of the VMM; the pages after it: END, and KVM's own */
	li	s5, 0x1000
next:
	ld	s3, 0(s0)		/* the operation, 0: none is left */
	ld	s4, 8(s0)
	addi	s0, s0, 16
	beqz	s3, end
	lla	t0, table
	slli	s3, s3, 3
	add	s3, t0, s3		/* its place: 8 bytes each */
again:
	beqz	s4, next
	addi	s4, s4, -1
	jr	s3

	.balign 8
table:
	j	end
	nop
	j	base
	nop
	j	putchar
	nop
	j	store
	nop
	j	load
	nop
	j	kick
	nop
	j	wait
	nop
	j	csr
	nop
	j	touch
	nop

base:					/* handled by KVM */
	li	a7, 0x10
	li	a6, 0
	ecall
	j	again
putchar:				/* handled by the VMM; a6 means nothing here */
	li	a7, 1
	li	a6, 77
	li	a0, '.'
	ecall
	j	again
store:
	sw	s4, 0(s2)
	j	again
load:
	lw	t1, 0(s2)
	j	again
kick:					/* an ioeventfd */
	li	t0, 0x2000
	add	t0, s2, t0
	sw	s4, 0(t0)
	j	again
wait:					/* one SBI call and one WFI */
	rdtime	a0
	li	t0, 20000		/* 2 ms: longer than KVM polls */
	add	a0, a0, t0
	li	a7, 0x54494d45
	li	a6, 0
	ecall
	wfi
	j	again
csr:					/* KVM emulates it, or the guest gets an exception: see skip */
	csrr	t1, cycle
	j	again
touch:
	sd	s4, 0(s1)
	add	s1, s1, s5
	j	again

end:
	add	t0, s2, s5
	sw	zero, 0(t0)
	j	end

	.balign 4
skip:					/* an exception: go on behind the instruction */
	csrr	t0, sepc
	addi	t0, t0, 4
	csrw	sepc, t0
	sret
	.balign 8
guest_end:
