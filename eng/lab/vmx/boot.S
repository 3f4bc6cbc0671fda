# What a kernel finds in memory when it is started without a boot loader (linux/Documentation/arch/x86/boot.rst, "64-bit boot
# protocol"), and the option ROM that the BIOS calls to start it. Assembled for each run with the symbols
#   AUX           where the tables are in memory
#   ENTRY         the kernel's physical entry point
#   INITRD, INITRD_SIZE
#   TOP           end of the memory that the kernel may use; above it the BIOS keeps its ACPI tables
#   HEADER_END    where the setup header ends in the file vmlinuz
# and the files vmlinuz and cmdline in the include path.

.set ROM, 0xd0000
.set CODE64, 0x10
.set DATA, 0x18
.set CODE32, 0x20

.section .rom, "ax"
.code16
rom:
    .byte 0x55, 0xaa, 4                 # 4 blocks of 512 bytes
    cli
    movw %cs, %ax
    movw %ax, %ds
    inb $0x92, %al                      # address line 20
    orb $2, %al
    outb %al, $0x92
    lgdtl gdt_register - rom
    movl %cr0, %eax
    orl $1, %eax                        # protected mode
    movl %eax, %cr0
    ljmpl $CODE32, $(ROM + protected - rom)
gdt_register:
    .word gdt_end - gdt - 1
    .long AUX + gdt - tables
.code32
protected:
    movw $DATA, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %ss
    movw %ax, %fs
    movw %ax, %gs
    movl $0x9e000, %esp
    movl %cr4, %eax
    orl $0x20, %eax                     # physical address extension
    movl %eax, %cr4
    movl $AUX, %eax
    movl %eax, %cr3
    movl $0xc0000080, %ecx              # EFER: long mode
    rdmsr
    orl $0x100, %eax
    wrmsr
    movl %cr0, %eax
    orl $0x80000001, %eax               # paging
    movl %eax, %cr0
    ljmp $CODE64, $(ROM + long - rom)
.code64
long:
    movl $(AUX + boot_params - tables), %esi
    xorl %ebx, %ebx
    xorl %ebp, %ebp
    xorl %edi, %edi
    movl $ENTRY, %eax
    jmp *%rax
    .org 2047                           # the last byte makes the sum of all 0

.section .tables, "a"
tables:                                 # the first 4 GiB as they are, in pages of 2 MiB
    .quad AUX + 0x1000 + 3
    .org 0x1000
    .quad AUX + 0x2000 + 3, AUX + 0x3000 + 3, AUX + 0x4000 + 3, AUX + 0x5000 + 3
    .org 0x2000
    .set page, 0
    .rept 2048
    .quad page << 21 | 0x83
    .set page, page + 1
    .endr

boot_params:                            # struct boot_params of linux/arch/x86/include/uapi/asm/bootparam.h
    .org 0x6000 + 0x1e8
    .byte (memory_map_end - memory_map) / 20
    .org 0x6000 + 0x1f1
    .incbin "vmlinuz", 0x1f1, 0x210 - 0x1f1
    .byte 0xff                          # type_of_loader: none of those that have a number
    .incbin "vmlinuz", 0x211, 0x218 - 0x211
    .long INITRD, INITRD_SIZE
    .incbin "vmlinuz", 0x220, 0x228 - 0x220
    .long AUX + command_line - tables
    .incbin "vmlinuz", 0x22c, HEADER_END - 0x22c
    .org 0x6000 + 0x2d0
memory_map:                             # from, size, type: 1 memory, 2 reserved, 3 ACPI's
    .quad 0, 0x9f000
    .long 1
    .quad 0x9f000, 0x1000
    .long 2
    .quad 0xe8000, 0x18000
    .long 2
    .quad 0x100000, TOP - 0x100000
    .long 1
    .quad TOP, 0x10000
    .long 3
    .quad 0xfffc0000, 0x40000
    .long 2
memory_map_end:

    .org 0x7000
command_line:
    .incbin "cmdline"
    .byte 0
    .org 0x8000                         # fails where the command line is too long
gdt:
    .quad 0, 0
    .quad 0x00af9a000000ffff            # CODE64
    .quad 0x00cf92000000ffff            # DATA
    .quad 0x00cf9a000000ffff            # CODE32
gdt_end:
    .org 0x9000
