# shellcheck shell=bash
# Used by every part: messages, the cache, the tools, the working folder.

readonly LAB_FAILED=125 LAB_USAGE=2
WORK=''

say() { printf 'lab: %s\n' "$*" >&2; }

die() {
    say "$*"
    exit "$LAB_FAILED"
}

usage_error() {
    say "$*"
    exit "$LAB_USAGE"
}

# The cache works without HOME too, for daemons and bare CI runners.
if [ -z "${HOME:-}" ]; then
    HOME=$(getent passwd "$(id -u)" | cut -d: -f6)
    export HOME=${HOME:-/var/tmp}
fi
CACHE=${KVMSCOPE_LAB_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/kvmscope-lab}
mkdir -p "$CACHE" 2>/dev/null || die "cannot create the cache $CACHE: set KVMSCOPE_LAB_CACHE to a writable folder"
CACHE=$(cd "$CACHE" && pwd)
readonly CACHE

# depmod is in /sbin, which is not in every user's PATH.
PATH=$PATH:/usr/sbin:/sbin

# package:program pairs; with a slash it is the path of a file.
readonly LAB_NEEDS="qemu-system-x86:qemu-system-x86_64 busybox-static:busybox cpio:cpio xz-utils:xz zstd:zstd lz4:lz4 kmod:depmod
    util-linux:flock dpkg:dpkg coreutils:timeout gawk|mawk:awk tmux:tmux"
readonly LAB_ARM_NEEDS="qemu-system-arm:qemu-system-aarch64"
readonly LAB_RISCV_NEEDS="qemu-system-misc:qemu-system-riscv64 opensbi:/usr/share/qemu/opensbi-riscv64-generic-fw_dynamic.bin"
readonly LAB_VMX_NEEDS="g++:g++ make:make binutils:as"
readonly LAB_WANTS="linux-perf:perf bpftrace:bpftrace trace-cmd:trace-cmd"

# missing LIST: the packages whose program is missing.
missing() {
    local pair
    for pair in $1; do
        case ${pair#*:} in
        /*) [ -r "${pair#*:}" ] ;;
        *) command -v "${pair#*:}" >/dev/null 2>&1 ;;
        esac || printf '%s\n' "${pair%%:*}"
    done
}

lab_install() {
    local packages
    packages=$(missing "$LAB_NEEDS $LAB_ARM_NEEDS $LAB_RISCV_NEEDS $LAB_VMX_NEEDS $LAB_WANTS" | sed 's/.*|//' | tr '\n' ' ')
    [ -n "${packages// /}" ] || { say 'everything is installed'; return 0; }
    install_packages "$packages"
}

install_packages() {
    local packages=$1
    if ! command -v apt-get >/dev/null 2>&1; then
        die "needed, but missing (Debian's names): $packages"
    fi
    [ "$(id -u)" -eq 0 ] || die "needed, but missing; run: sudo apt-get install $packages"
    say "installing $packages"
    exec 8>"$CACHE/install.lock"
    flock 8
    retry 3 apt-get update -qq >&2 || say 'apt-get update failed; trying with the lists there are'
    # shellcheck disable=SC2086 # a list of words
    DEBIAN_FRONTEND=noninteractive retry 3 apt-get install -y -qq --no-install-recommends $packages >"$CACHE/install.log" 2>&1 8>&- ||
        { tail -n 20 "$CACHE/install.log" >&2; die "apt could not install $packages"; }
    exec 8>&-
}

need_tools() {
    local packages
    local needs=$LAB_NEEDS
    case ${cpu:-} in
    arm64) needs+=" $LAB_ARM_NEEDS" ;;
    riscv64) needs+=" $LAB_RISCV_NEEDS" ;;
    vmx) needs+=" $LAB_VMX_NEEDS" ;;
    esac
    packages=$(missing "$needs" | sed 's/.*|//' | tr '\n' ' ')
    [ -z "${packages// /}" ] || install_packages "$packages"
}

# retry TIMES COMMAND…: for commands that fail now and then because of the network.
retry() {
    local times=$1 try
    shift
    for ((try = 1; try <= times; try++)); do
        "$@" && return 0
        [ "$try" -eq "$times" ] || sleep "$try"
    done
    return 1
}

make_work() {
    WORK=$(mktemp -d "${TMPDIR:-/tmp}/kvmscope-lab.XXXXXX")
    trap 'clean_work' EXIT
    trap 'clean_work; exit 130' INT
    trap 'clean_work; exit 143' TERM HUP
}

clean_work() {
    trap - EXIT INT TERM HUP
    local job
    for job in $(jobs -p); do kill_tree "$job"; done
    wait 2>/dev/null || true
    [ -n "$WORK" ] || return 0
    if [ "${keep:-0}" = 1 ]; then say "kept $WORK"; else rm -rf "$WORK"; fi
}

# kill_tree PID: kills it with all its children, because timeout puts its child into a process group of its own.
kill_tree() {
    local child children=''
    children=$(cat "/proc/$1/task/$1/children" 2>/dev/null) || true
    kill "$1" 2>/dev/null || true
    for child in $children; do kill_tree "$child"; done
}

# quote WORD…: prints one line that any POSIX shell reads as the same words.
quote() {
    local word
    for word; do
        printf "'%s' " "${word//\'/\'\\\'\'}"
    done
}
