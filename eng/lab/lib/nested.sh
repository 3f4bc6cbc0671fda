# shellcheck shell=bash
# A Linux guest in the lab: same kernel, kvm loaded, a command of its own. Guests that this command runs are L2.
# Everything is prepared before the boot, because the lab's CPUs are slow; inside, $LAB_L1 starts it.

# The files that QEMU opens, except its libraries.
readonly QEMU_ROMS='/usr/share/seabios/bios-256k.bin /usr/share/qemu/pvh.bin /usr/share/qemu/linuxboot_dma.bin
    /usr/share/qemu/kvmvapic.bin'

lab_nested_linux() {
    parse_options "$@"
    [ ${#command[@]} -gt 0 ] || usage_error 'nested-linux wants -- COMMAND'
    l1=$(quote "${command[@]}")
    # shellcheck disable=SC2016 # expanded inside
    command=(sh -c 'exec "$LAB_L1"')
    run_job
}

# prepare_l1 INTO: the folder with kernel, initramfs and start script, from the shell line in $l1.
prepare_l1() {
    local into=$1 root=$WORK/l1-initramfs names=(kvm kvm-amd) words
    if [ "$cpu" = arm64 ]; then
        prepare_arm_l1 "$into" "$root"
        return
    fi
    [ -e "$kernel_dir/vmlinux" ] || die "kernel $kernel was not unpacked to vmlinux"
    [ "$cpu" = svm ] || names=(kvm kvm-intel)
    mkdir -p "$into"
    initramfs_base "$root" "$LAB_DIR/guest/init-l1"
    initramfs_modules "$root" "$kernel_dir" "${names[@]}"
    eval "words=($l1)"
    add_program "$root" "${words[0]}"
    for words in "${files[@]}"; do add_path "$root" "$words"; done
    mkdir -p "$root$chdir"
    printf '#!/bin/sh\ncd %s\n%s\n' "$(quote "$chdir")" "$l1" >"$root/job/command"
    chmod 755 "$root/job/command"
    initramfs_pack "$root" "$into/initrd"
    rm -rf "$root"
    cp "$kernel_dir/vmlinux" "$into/vmlinux"
    cp "$LAB_DIR/guest/start-l1" "$into/start"
}

# prepare_arm_l1 INTO ROOT: like prepare_l1; the shell line is for busybox's commands, and there is no KVM in it.
prepare_arm_l1() {
    local into=$1 root=$2
    mkdir -p "$into"
    initramfs_base "$root" "$LAB_DIR/guest/init-l1"
    : >"$root/modules/list"
    printf '#!/bin/sh\n%s\n' "$l1" >"$root/job/command"
    chmod 755 "$root/job/command"
    initramfs_pack "$root" "$into/initrd"
    rm -rf "$root"
    cp "$kernel_dir/Image" "$into/Image"
    cp "$LAB_DIR/guest/start-l1-arm64" "$into/start"
}

# add_qemu ROOT: for a machine that does not see this host's files.
add_qemu() {
    local rom
    add_program "$1" qemu-system-x86_64
    for rom in $QEMU_ROMS; do place_file "$1" "$rom"; done
}
