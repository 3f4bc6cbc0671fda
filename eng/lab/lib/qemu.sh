# shellcheck shell=bash
# The machine under QEMU: this host's root as its root (read-only 9p), output through virtio serial ports.

# host_kvm: svm or vmx if /dev/kvm offers that to a guest. This asks the vendor module, because opening /dev/kvm shows nothing.
host_kvm() {
    [ -r /dev/kvm ] && [ -w /dev/kvm ] || return 0
    case $(cat /sys/module/kvm_amd/parameters/nested 2>/dev/null) in 1 | Y) echo svm ;; esac
    case $(cat /sys/module/kvm_intel/parameters/nested 2>/dev/null) in 1 | Y) echo vmx ;; esac
}

# choose_machine: qemu or bochs.
choose_machine() {
    local hardware
    hardware=$(host_kvm)
    if [ "$accel" = kvm ] && [ "$hardware" != "$cpu" ]; then
        die "--accel kvm: this host's KVM offers ${hardware:-neither SVM nor VMX} to a guest, not $cpu"
    fi
    if is_foreign; then
        [ "$accel" != kvm ] || die "--accel kvm: the $cpu machine is emulated"
        echo qemu
    elif [ "$cpu" = svm ] || { [ "$hardware" = vmx ] && [ "$accel" != tcg ]; }; then
        echo qemu
    else
        echo bochs
    fi
}

prepare_qemu() {
    local root=$WORK/initramfs names=(virtio_pci virtio_console 9pnet_virtio 9p overlay)
    ! is_foreign || ensure_foreign layer
    if [ "$cpu" = arm64 ] && [ -n "$l1" ]; then ensure_foreign qemu; fi
    initramfs_base "$root" "$LAB_DIR/guest/init-qemu"
    [ "$cpu" != arm64 ] || load=none # KVM is built in
    case $load in
    vendor)
        names+=(kvm)
        case $cpu in
        svm) names+=(kvm-amd) ;;
        vmx) names+=(kvm-intel) ;;
        esac
        ;;
    kvm) names+=(kvm) ;;
    esac
    initramfs_modules "$root" "$kernel_dir" "${names[@]}" "${modules[@]}"
    initramfs_pack "$root" "$WORK/initrd"
    mkdir -p "$WORK/job"
    write_command "$WORK/job/command" /run/lab/out /run/lab/l1/start
    [ -z "$l1" ] || prepare_l1 "$WORK/job/l1"
    accelerator
}

# accelerator: sets qemu_cpu, the options that select what executes the guest.
accelerator() {
    local hardware=''
    if is_foreign; then
        foreign_machine
        return
    fi
    [ "$accel" = tcg ] || [ "$exact" = 1 ] || hardware=$(host_kvm)
    if [ "$exact" = 1 ]; then
        smp=1
        # Nothing random, and no clock of this host: addresses and interrupts affect a few instructions, too.
        append+=' nokaslr norandmaps randomize_kstack_offset=off'
        qemu_cpu=(-accel 'tcg,thread=single' -icount 'shift=0,align=off,sleep=off' -cpu 'max,-la57' -seed 1 -rtc 'clock=vm,base=2026-01-01')
    elif [ "$hardware" = "$cpu" ]; then
        qemu_cpu=(-accel kvm -cpu host)
    else
        qemu_cpu=(-accel 'tcg,thread=multi' -cpu 'max,-la57')
    fi
    qemu_cpu+=(-smp "${smp:-2}" -m "${mem:-3072}M")
}

foreign_machine() {
    case $cpu in
    arm64) qemu_cpu=(-M 'virt,virtualization=on,gic-version=3' -cpu "$cpu_model") ;;
    riscv64) qemu_cpu=(-M virt -cpu 'rv64,h=true') ;;
    esac
    qemu_cpu+=(-smp "${smp:-1}" -m "${mem:-1024}M")
    if [ "$exact" = 1 ]; then
        append+=' nokaslr norandmaps randomize_kstack_offset=off'
        qemu_cpu+=(-accel 'tcg,thread=single' -icount 'shift=0,align=off,sleep=off' -seed 1 -rtc 'clock=vm,base=2026-01-01')
    else
        qemu_cpu+=(-accel 'tcg,thread=multi')
    fi
}

start_qemu() {
    local image=$kernel_dir/vmlinuz serial status=0 program=qemu-system-x86_64 tty=ttyS0 layer=() kernel_line
    if is_foreign; then
        image=$kernel_dir/Image
        case $cpu in
        arm64) program=qemu-system-aarch64 tty=ttyAMA0 ;;
        riscv64) program=qemu-system-riscv64 ;;
        esac
        layer=(-virtfs "local,path=$CACHE/$cpu/layer,mount_tag=layer,security_model=none,readonly=on,multidevs=remap")
        [ -z "$l1" ] || layer+=(-virtfs "local,path=$CACHE/arm64/qemu,mount_tag=qemu,security_model=none,readonly=on,multidevs=remap")
    fi
    # acpi=noirq: setting up the interrupt links through AML takes QEMU's emulation half a second each.
    kernel_line="console=$tty quiet loglevel=4 panic=-1 oops=panic reboot=t mitigations=off cryptomgr.notests=1 tsc=reliable"
    kernel_line+=' random.trust_cpu=on acpi=noirq'
    # vmlinux starts at its PVH entry, so it need not be decompressed.
    [ ! -e "$kernel_dir/vmlinux" ] || image=$kernel_dir/vmlinux
    serial=(-serial "file:$WORK/console")
    if [ "$interactive" = 1 ]; then
        serial+=(-chardev 'stdio,id=tty,signal=off' -device 'virtconsole,chardev=tty')
    fi
    # Only a shell gets the caller's stdin.
    if [ "$interactive" = 1 ]; then exec 7<&0; else exec 7</dev/null; fi
    timeout --foreground -k 5 "$(time_limit)" "$program" -nodefaults -no-user-config -display none -no-reboot -nic none \
        "${qemu_cpu[@]}" -kernel "$image" -initrd "$WORK/initrd" \
        "${layer[@]}" -append "$kernel_line$append" \
        -virtfs local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap \
        -virtfs "local,path=$WORK/job,mount_tag=job,security_model=none,multidevs=remap" \
        -device virtio-serial-pci \
        -chardev "file,id=stdout,path=$WORK/stdout" -device virtserialport,chardev=stdout,name=lab.stdout \
        -chardev "file,id=stderr,path=$WORK/stderr" -device virtserialport,chardev=stderr,name=lab.stderr \
        "${serial[@]}" 0<&7 7<&- 2>"$WORK/qemu.err" 9>&- &
    wait $! || status=$?
    case $status in 124 | 137) return 124 ;; esac
    if [ "$status" -ne 0 ]; then
        say "QEMU failed with status $status"
        cat "$WORK/qemu.err" >&2
    fi
}

time_limit() { if [ "$interactive" = 1 ]; then echo 0; else echo "$limit"; fi; }
