/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The built-in guest: reads a plan, does what it says, and makes no other VM exit.
 *
 * 64-bit mode, CPL 0, interrupts off, no stack, no IDT. Every vCPU sees its own 2 MB block of guest memory at
 * virtual address 0; GuestLayout.cs has the same addresses. The code is position independent: it is assembled,
 * not linked.
 *
 * Registers: r12 next plan entry, r13 the remaining count of the current one, rbp its second argument. L1 uses r8 to r11
 * while it runs an L2; the rest is scratch. L2 runs the same interpreter with a plan of its own, so L1 leaves r12 and
 * r13 to it, and keeps its own r12 in memory.
 */
	.set PARAMS,        0x4000
	.set P_VMCB_PA,     PARAMS + 0x00
	.set P_VMXON_PA,    PARAMS + 0x08
	.set P_VMCS_PA,     PARAMS + 0x10
	.set P_MMIO,        PARAMS + 0x18
	.set P_MSR_VALUE,   PARAMS + 0x20
	.set P_L2_DONE,     PARAMS + 0x28
	.set P_L1_R12,      PARAMS + 0x30
	.set P_COST_NEXT,   PARAMS + 0x38
	.set P_FIELD_COUNT, PARAMS + 0x40
	.set VMCB,          0x7000
	.set VMCB_EXITCODE, VMCB + 0x070
	.set VMCB_RIP,      VMCB + 0x578
	.set FIELDS,        0x9000
	.set PORT_STOP,     0x500
	.set PORT_FAIL,     0x505
	.set SVM_EXIT_HLT,     0x78
	.set SVM_EXIT_VMMCALL, 0x81

	.set VMX_INSTRUCTION_ERROR, 0x4400
	.set VMX_EXIT_REASON,       0x4402
	.set VMX_INSTRUCTION_LEN,   0x440c
	.set VMX_GUEST_RIP,         0x681e
	.set VMX_HOST_RIP,          0x6c16
	/* What an L1 of VMX skips in its L2: CPUID, HLT, VMCALL, RDMSR, WRMSR. */
	.set VMX_SKIPPED, (1 << 10) | (1 << 12) | (1 << 18) | (1 << 31) | (1 << 32)

	.text
	.code64
base:
	.long next - base		/* where L1 starts, and L2 too */
	.long vmx_host - base		/* HOST_RIP of the VMCS */

/* Plan entry: u32 operation, u32 argument, u32 count (at least 1), u32 second argument. */
next:
	mov	(%r12), %edi
	mov	4(%r12), %esi
	mov	8(%r12), %r13d
	mov	12(%r12), %ebp
	add	$16, %r12
	lea	operations(%rip), %rbx
	movzwl	(%rbx,%rdi,2), %eax
	lea	base(%rip), %rbx
	add	%rbx, %rax
	jmp	*%rax

operations:
	.word	stop - base, repeat - base, cpuid - base, port_out - base
	.word	port_in - base, mmio_write - base, mmio_read - base, msr_read - base
	.word	msr_write - base, halt - base, vmcall_ - base, vmmcall_ - base
	.word	spin - base, touch - base, cost - base, nest_svm - base
	.word	nest_vmx - base, nested_end - base

/* The end of every counted operation. */
	.macro AGAIN target
	dec	%r13
	jnz	\target
	jmp	next
	.endm

stop:
	mov	$PORT_STOP, %edx
	out	%al, %dx
	jmp	stop

repeat:	/* the argument is the address to continue at */
	mov	%esi, %r12d
	jmp	next

cpuid:	/* the arguments are the leaf and the sub-leaf */
	mov	%esi, %eax
	mov	%ebp, %ecx
	cpuid
	AGAIN	cpuid

port_out: /* the argument is the port */
	mov	%esi, %edx
	out	%al, %dx
	AGAIN	port_out

port_in:
	mov	%esi, %edx
	in	%dx, %al
	AGAIN	port_in

mmio_write: /* the second argument is the offset */
	mov	P_MMIO, %rdi
	add	%rbp, %rdi
	mov	%esi, (%rdi)
	AGAIN	mmio_write

mmio_read:
	mov	P_MMIO, %rdi
	add	%rbp, %rdi
	mov	(%rdi), %eax
	AGAIN	mmio_read

msr_read: /* the argument is the MSR */
	mov	%esi, %ecx
	rdmsr
	AGAIN	msr_read

msr_write:
	mov	%esi, %ecx
	mov	P_MSR_VALUE, %eax
	mov	P_MSR_VALUE + 4, %edx
	wrmsr
	AGAIN	msr_write

halt:
	hlt
	AGAIN	halt

vmcall_: /* the argument is the hypercall's number */
	mov	%esi, %eax
	vmcall
	AGAIN	vmcall_

vmmcall_:
	mov	%esi, %eax
	vmmcall
	AGAIN	vmmcall_

spin:	/* no PAUSE: that may exit */
	AGAIN	spin

touch:	/* count pages from address 0 on, so that no later access to them is the first */
	xor	%edi, %edi
1:	lock orb $0, (%rdi)
	add	$4096, %rdi
	AGAIN	1b

cost:	/* count batches of 100 CPUID, the time of each to memory; the argument is the leaf */
	mov	P_COST_NEXT, %r14
1:	rdtsc
	shl	$32, %rdx
	lea	(%rdx,%rax), %r11
	mov	$100, %r10d
2:	mov	%esi, %eax
	xor	%ecx, %ecx
	cpuid
	dec	%r10d
	jnz	2b
	rdtsc
	shl	$32, %rdx
	add	%rdx, %rax
	sub	%r11, %rax
	mov	%rax, (%r14)
	add	$8, %r14
	dec	%r13
	jnz	1b
	mov	%r14, P_COST_NEXT
	jmp	next

nested_end: /* the last thing an L2 does */
	movb	$1, P_L2_DONE
	hlt
	jmp	nested_end

fail:	/* eax is the cause; the VMM does not return */
	mov	$PORT_FAIL, %edx
	out	%eax, %dx
	jmp	fail

/* L1 of SVM; the argument is the address of L2's plan. Each VMRUN ends with an HLT or a VMMCALL: see Vmcb.cs. */
nest_svm:
	mov	%r12, P_L1_R12
	movb	$0, P_L2_DONE
	mov	%esi, %r12d
	lea	next(%rip), %rax
	mov	%rax, VMCB_RIP
1:	mov	P_VMCB_PA, %rax
	vmrun	%rax
	mov	VMCB_EXITCODE, %rax
	mov	$1, %r8d			/* the instruction's length */
	cmp	$SVM_EXIT_HLT, %rax
	je	2f
	mov	$3, %r8d
	cmp	$SVM_EXIT_VMMCALL, %rax
	jne	fail
2:	cmpb	$0, P_L2_DONE
	jne	3f
	add	%r8, VMCB_RIP
	jmp	1b
3:	mov	P_L1_R12, %r12
	jmp	next

/* L1 of VMX; the same argument. */
nest_vmx:
	mov	%r12, P_L1_R12
	movb	$0, P_L2_DONE
	mov	%esi, %r12d
	vmxon	P_VMXON_PA
	jbe	vmx_fail
	vmclear	P_VMCS_PA
	jbe	vmx_fail
	vmptrld	P_VMCS_PA
	jbe	vmx_fail
	mov	$FIELDS, %r8d
	mov	P_FIELD_COUNT, %r9
1:	mov	(%r8), %r10
	mov	8(%r8), %r11
	vmwrite	%r11, %r10
	jbe	vmx_fail
	add	$16, %r8
	dec	%r9
	jnz	1b
	vmlaunch
	jmp	vmx_fail

/*
 * L2 exited to L1. Of the fields, KVM shadows EXIT_REASON, GUEST_RIP and INSTRUCTION_LEN, but not HOST_RIP:
 * so there are accesses that exit whether or not the host shadows.
 */
vmx_host:
	cmpb	$0, P_L2_DONE
	jne	2f
	mov	$VMX_EXIT_REASON, %r8d
	vmread	%r8, %rax
	cmp	$63, %rax
	ja	fail
	movabs	$VMX_SKIPPED, %r9
	bt	%rax, %r9
	jnc	fail
	mov	$VMX_INSTRUCTION_LEN, %r8d
	vmread	%r8, %r10
	mov	$VMX_GUEST_RIP, %r8d
	vmread	%r8, %r11
	add	%r10, %r11
	vmwrite	%r11, %r8
	mov	$VMX_HOST_RIP, %r8d
	vmread	%r8, %r9
	vmwrite	%r9, %r8
	vmresume
vmx_fail:
	mov	$VMX_INSTRUCTION_ERROR, %r8d
	vmread	%r8, %rax
	jmp	fail
2:	vmxoff
	mov	P_L1_R12, %r12
	jmp	next
