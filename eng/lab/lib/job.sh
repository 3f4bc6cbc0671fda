# shellcheck shell=bash
# A job: COMMAND, its output and status; attempts and the time limit. The machine is in another part.

lab_run() {
    parse_options "$@"
    [ ${#command[@]} -gt 0 ] || usage_error 'run wants -- COMMAND'
    run_job
}

lab_shell() {
    parse_options "$@"
    [ "$cpu" = svm ] || usage_error 'shell is for svm: the Intel lab has no console to type at'
    [ -t 0 ] || usage_error 'shell wants a terminal'
    [ ${#command[@]} -gt 0 ] || command=("${SHELL:-/bin/bash}")
    interactive=1 retries=0
    run_job
}

interactive=0

# run_job: exits with the status of COMMAND or of the lab.
run_job() {
    local machine try status
    machine=$(choose_machine)
    need_tools
    ensure_kernel "$kernel"
    make_work
    # Locked for the whole run, so that neither clean nor fetch --refresh removes the kernel.
    exec 9>>"$CACHE/kernels/.$kernel.lock"
    flock -s 9
    [ -e "$CACHE/kernels/$kernel/release" ] || die "kernel $kernel was removed just now by another run"
    kernel_dir=$(readlink -f "$CACHE/kernels/$kernel")
    if [ "$stream" = auto ]; then stream=0; if [ -t 1 ] || [ -t 2 ]; then stream=1; fi; fi

    "prepare_$machine"
    for ((try = 0; ; try++)); do
        status=0
        attempt "$machine" || status=$?
        [ "$status" -eq 124 ] || break
        if [ "$try" -ge "$retries" ]; then
            say "hung: killed after $limit s"
            break
        fi
        say "hung: killed after $limit s; trying once more"
    done
    finish_job
}

# attempt MACHINE: 124 if it had to be killed. Files of a failed attempt are removed before the next.
attempt() {
    local machine=$1 status=0
    rm -rf "$WORK/job/out" "$WORK/job/status"
    mkdir -p "$WORK/job/out"
    : >"$WORK/console"
    : >"$WORK/stdout"
    : >"$WORK/stderr"
    followers=()
    if [ "$stream" = 1 ]; then
        follow "$WORK/stdout"
        follow "$WORK/stderr" >&2
    fi
    [ "$console" = 0 ] || follow "$WORK/console" >&2
    "start_$machine" || status=$?
    if [ ${#followers[@]} -gt 0 ]; then
        : >"$WORK/ended"
        wait "${followers[@]}" || true
        rm -f "$WORK/ended"
    fi
    return "$status"
}

# follow FILE: prints the file as it grows, to its end.
follow() {
    {
        exec 3<"$1" 9>&-
        while [ ! -e "$WORK/ended" ]; do
            cat <&3
            sleep 0.1
        done
        cat <&3
    } &
    followers+=($!)
}

finish_job() {
    if [ "$stream" = 0 ]; then
        cat "$WORK/stdout"
        cat "$WORK/stderr" >&2
    fi
    if [ -n "$out" ]; then cp -R --preserve=mode,timestamps "$WORK/job/out/." "$out/"; fi
    if [ -s "$WORK/job/status" ]; then exit "$(cat "$WORK/job/status")"; fi
    say 'the run did not end as it should; the last lines of its console:'
    grep -a 'Kernel panic' "$WORK/console" | head -n 1 | tr -d '\r' | sed 's/^/lab: | /; s/$/ …/' >&2 || true
    tail -n 25 "$WORK/console" | tr -d '\r' | sed 's/^/lab: | /' >&2
    exit "$LAB_FAILED"
}

# write_command FILE OUT L1: a script that becomes COMMAND.
write_command() {
    local file=$1 words
    {
        printf '#!/bin/sh\n'
        printf 'export LAB_OUT=%s LAB_L1=%s\n' "$2" "$3"
        for words in "${environment[@]}"; do printf 'export %s=%s\n' "${words%%=*}" "$(quote "${words#*=}")"; done
        printf 'cd %s 2>/dev/null || cd /\n' "$(quote "$chdir")"
        printf 'exec %s\n' "$(quote "${command[@]}")"
    } >"$file"
    chmod 755 "$file"
}
