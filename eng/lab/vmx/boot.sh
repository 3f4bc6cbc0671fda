# shellcheck shell=bash
# A machine of Bochs that starts a kernel directly: its memory is filled before it runs, without a disk or a boot loader.

# Where boot.S has its tables. One instruction takes 10 ns.
readonly BOCHS_TABLES=0x800000 BOCHS_INSTRUCTIONS_PER_SECOND=100000000

# prepare_bochs_boot INTO INITRD MIB COMMAND_LINE: writes bochsrc and the files that it names.
prepare_bochs_boot() {
    local into=$1 initrd=$2 mib=$3 home file entry kernel initrd_at
    home=$(bochs_home)
    mkdir -p "$into"
    for file in bios vgabios; do ln -sfn "$home/$file" "$into/$file"; done
    ln -sfn "$initrd" "$into/initrd"
    printf '%s' "$4" >"$into/cmdline"
    objcopy -O binary "$kernel_dir/vmlinux" "$into/kernel"
    entry=$(LC_ALL=C readelf -hW "$kernel_dir/vmlinux" | sed -n 's/^ *Entry point address: *//p')
    kernel=$(LC_ALL=C readelf -lW "$kernel_dir/vmlinux" | awk '$1 == "LOAD" && (at == "" || $4 < at) { at = $4 } END { print at }')
    place_initrd "$initrd" "$mib"
    assemble_boot "$into" "$entry" "$initrd_at" "$(stat -L -c %s "$initrd")" $((mib * 1048576 - 0x10000))
    write_bochsrc "$into/bochsrc" "$mib" "$kernel" "$initrd_at"
}

# place_initrd INITRD MIB: sets initrd_at, as high as possible, above the kernel.
place_initrd() {
    local from size end=0
    while read -r from size; do
        if [ $((from + size)) -gt "$end" ]; then end=$((from + size)); fi
    done < <(LC_ALL=C readelf -lW "$kernel_dir/vmlinux" | awk '$1 == "LOAD" { print $4, $6 }')
    initrd_at=$((($2 * 1048576 - 0x10000 - $(stat -L -c %s "$1")) & ~0xfffff))
    [ "$initrd_at" -gt "$end" ] || die "--mem $2 is too little: the kernel ends at $end, the initramfs would be at $initrd_at"
}

# assemble_boot INTO ENTRY INITRD INITRD_SIZE TOP: the files tables and rom.
assemble_boot() {
    local into=$1 header_end sum
    header_end=$((0x202 + $(od -An -tu1 -j513 -N1 "$kernel_dir/vmlinuz")))
    as --64 -I "$into" -I "$kernel_dir" --defsym AUX="$BOCHS_TABLES" --defsym ENTRY="$2" --defsym INITRD="$3" \
        --defsym INITRD_SIZE="$4" --defsym TOP="$5" --defsym HEADER_END="$header_end" -o "$into/boot.o" "$LAB_DIR/vmx/boot.S"
    objcopy -O binary -j .tables "$into/boot.o" "$into/tables"
    objcopy -O binary -j .rom "$into/boot.o" "$into/rom"
    sum=$(od -An -v -tu1 "$into/rom" | awk '{ for (i = 1; i <= NF; i++) sum += $i } END { printf "%03o", (256 - sum % 256) % 256 }')
    # shellcheck disable=SC2059 # the byte is written as an escape
    printf "\\$sum" >>"$into/rom"
}

# write_bochsrc FILE MIB KERNEL INITRD
write_bochsrc() {
    cat >"$1" <<END
config_interface: textconfig
display_library: nogui
memory: guest=$2, host=$2
romimage: file=bios
vgaromimage: file=vgabios
cpu: model=corei7_skylake_x, count=${smp:-1}, ips=$BOCHS_INSTRUCTIONS_PER_SECOND, reset_on_triple_fault=0, ignore_bad_msrs=1
clock: sync=none, time0=1
pci: enabled=1, chipset=i440fx
optramimage1: file=kernel, address=$3
optramimage2: file=tables, address=$BOCHS_TABLES
optramimage3: file=initrd, address=$(printf '0x%x' "$4")
optromimage1: file=rom, address=0xd0000
ata0: enabled=0
ata1: enabled=0
boot: floppy
com1: enabled=1, mode=file, dev=../console
log: log
panic: action=fatal
error: action=ignore
info: action=ignore
debug: action=ignore
mouse: enabled=0
END
}
