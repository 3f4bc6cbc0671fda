# shellcheck shell=bash
# The machine under Bochs, for Intel. There is no shared folder: all files of the job are in the initramfs, and its output
# comes back over the serial console as one base64 block between two markers.

readonly SERIAL_ANSWER_LIMIT=4194304

prepare_bochs() {
    local root=$WORK/initramfs names=() file
    ensure_bochs
    initramfs_base "$root" "$LAB_DIR/guest/init-bochs"
    case $load in
    vendor) names=(kvm kvm-intel) ;;
    kvm) names=(kvm) ;;
    esac
    initramfs_modules "$root" "$kernel_dir" "${names[@]}" "${modules[@]}"
    add_program "$root" "${command[0]}"
    for file in "${files[@]}"; do add_path "$root" "$file"; done
    mkdir -p "$root$chdir"
    if [ -n "$l1" ]; then
        prepare_l1 "$root/job/l1"
        add_qemu "$root"
    fi
    marker=LAB-$(od -An -N8 -tx8 /dev/urandom | tr -d ' ')
    printf '%s\n' "$marker" >"$root/job/marker"
    printf '%s\n' "$SERIAL_ANSWER_LIMIT" >"$root/job/limit"
    mkdir -p "$root/job/answer/out"
    write_command "$root/job/command" /job/answer/out /job/l1/start
    initramfs_pack "$root" "$WORK/initrd"
    # Bochs puts the initramfs into the guest's memory, and the kernel unpacks it next to that.
    bochs_memory=${mem:-$((320 + 2 * $(stat -c %s "$WORK/initrd") / 1048576))}
    [ -n "$mem" ] || [ -z "$l1" ] || bochs_memory=$((bochs_memory + 640))
    [ -n "$mem" ] || [ "$bochs_memory" -ge 512 ] || bochs_memory=512
    prepare_bochs_boot "$WORK/machine" "$WORK/initrd" "$bochs_memory" "console=ttyS0,115200 quiet mitigations=off nokaslr panic=-1 \
cryptomgr.notests tsc_early_khz=$((BOCHS_INSTRUCTIONS_PER_SECOND / 1000)) oops=panic$append"
}

start_bochs() {
    local status=0 bochs program
    program=$(bochs_home)/bochs
    (cd "$WORK/machine" && exec nice timeout "$limit" "$program" -q -f bochsrc) >"$WORK/bochs.out" 2>&1 </dev/null 9>&- &
    bochs=$!
    # After a panic Bochs would wait in its BIOS until the time limit.
    while kill -0 "$bochs" 2>/dev/null; do
        if grep -aq 'Kernel panic' "$WORK/console"; then
            sleep 2
            kill_tree "$bochs"
        fi
        sleep 0.3
    done
    wait "$bochs" 2>/dev/null || status=$?
    take_answer
    if [ "$status" = 124 ] && [ ! -s "$WORK/job/status" ]; then return 124; fi
    grep -aq 'soft power off' "$WORK/machine/log" || say 'the Intel lab was not powered off'
}

# take_answer: the block between the markers, unpacked into job/status, job/out and the outputs. All or nothing.
take_answer() {
    local answer=$WORK/answer
    rm -rf "$answer" && mkdir -p "$answer"
    tr -d '\r' <"$WORK/console" | sed -n "/^$marker-BEGIN\$/,/^$marker-END\$/p" >"$answer.text"
    [ "$(tail -n 1 "$answer.text")" = "$marker-END" ] || return 0
    sed '1d;$d' "$answer.text" | base64 -d 2>/dev/null | tar -xzf - -C "$answer" 2>/dev/null || return 0
    [ ! -s "$answer/too-big" ] || say "\$LAB_OUT did not come back: $(cat "$answer/too-big") bytes are too many for the serial console"
    cat "$answer/stdout" >"$WORK/stdout"
    cat "$answer/stderr" >"$WORK/stderr"
    if [ -d "$answer/out" ]; then cp -R "$answer/out/." "$WORK/job/out/"; fi
    cp "$answer/status" "$WORK/job/status"
}
