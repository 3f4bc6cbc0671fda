# shellcheck shell=bash
# Shared by the benchmarks: folders, building their C and BPF programs, and printing.

cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
OUT=out/bench
KERNEL=${KVMSCOPE_BENCH_KERNEL:-6.1}
mkdir -p "$OUT"

say() { printf 'bench: %s\n' "$*" >&2; }

die() {
    say "$*"
    exit 1
}

need() { # need FILE TARGET
    [ -x "$1" ] || die "$1 does not exist: make $2"
}

# Peers, QEMU and kernels, through the lab's own installer.
install_peers() { eng/lab/lab install; }

is_newer() { [ ! -e "$2" ] || [ "$1" -nt "$2" ]; }

compile_bpf() { # compile_bpf SOURCE: to $OUT/NAME.bpf.o
    local object
    object=$OUT/$(basename "${1%.c}").o
    is_newer "$1" "$object" || return 0
    clang -g -O2 -target bpf -mcpu=v3 -Wall -Wextra -Werror -Wno-unused-parameter "-I/usr/include/$(gcc -dumpmachine)" -c "$1" -o "$object"
}

compile_c() { # compile_c SOURCE [LIBRARY…]: to $OUT/NAME
    local program
    program=$OUT/$(basename "${1%.c}")
    is_newer "$1" "$program" || return 0
    gcc -O2 -Wall -Wextra -Werror "$1" -o "$program" "${@:2}"
}

release() {
    cat "${KVMSCOPE_LAB_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/kvmscope-lab}"/kernels/"$KERNEL"/release 2>/dev/null || echo "$KERNEL"
}

where_and_when() { echo "$(awk -F ': ' '/model name/ { print $2; exit }' /proc/cpuinfo), $(date -u +%F)"; }
