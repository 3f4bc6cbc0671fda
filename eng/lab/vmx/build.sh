# shellcheck shell=bash
# Bochs from Debian's source package, built once per machine and version of this file and of edit-bochs.
#
# cache/vmx/source          the source as Debian has it, and the two ROMs
# cache/vmx/KEY[-smp]       the program and the ROMs; KEY is of all that decides what is built

readonly BOCHS_SUITE=trixie/amd64
readonly BOCHS_SOURCE=bochs_3.0+dfsg.orig.tar.xz
readonly BOCHS_SHA256=78f6c73d4a6472d5130a87ab9dc306d02c7c71ed8e25b3a8ef642e2a7acd282b

# VMX with EPT and all that a Debian kernel asks for, as fast as can be. No IPS display: that is logged from a signal handler,
# which then waits for ever for the lock that the interrupted code holds.
readonly BOCHS_OPTIONS='--enable-x86-64 --enable-cpu-level=6 --enable-vmx=2 --enable-svm --enable-avx --enable-evex --enable-cet
    --enable-fpu --enable-monitor-mwait --enable-pci --enable-long-phy-address --enable-a20-pin --enable-cdrom
    --enable-all-optimizations --enable-fast-function-calls --enable-repeat-speedups --disable-show-ips --disable-debugger
    --disable-debugger-gui --disable-usb --disable-docbook --disable-plugins --with-nogui'
readonly BOCHS_FLAGS='-O3 -march=native -fno-plt'

# bochs_home: the folder of the Bochs that this run needs. A cache may be carried to a machine with another CPU.
bochs_home() {
    local key
    key=$(cat "$LAB_DIR/vmx/build.sh" "$LAB_DIR/vmx/edit-bochs" <(grep -m 1 '^flags' /proc/cpuinfo) | sha256sum | cut -c 1-12)
    if [ "${smp:-1}" -gt 1 ]; then key+=-smp; fi
    printf '%s\n' "$CACHE/vmx/$key"
}

# ensure_bochs: built and whole when this returns. One run builds, the others wait for it.
ensure_bochs() {
    local home
    home=$(bochs_home)
    [ ! -d "$home" ] || return 0
    mkdir -p "$CACHE/vmx"
    need_tools
    (
        flock 8
        [ ! -d "$home" ] || exit 0
        build_bochs "$home" 8>&-
    ) 8>"$CACHE/vmx/.lock"
}

# fetch_bochs INTO: the source is checked against BOCHS_SHA256, the packages with the ROMs by apt against Debian's signature.
fetch_bochs() {
    local new deb apt_root apt_types='deb deb-src'
    [ ! -d "$1" ] || return 0
    new=$(mktemp -d "$CACHE/vmx/.new.XXXXXX")
    apt_root=$new/apt
    own_apt_update "$BOCHS_SUITE"
    mkdir "$new/source"
    (
        cd "$new/source" &&
            retry 3 own_apt "$BOCHS_SUITE" apt-get source -qq --download-only --tar-only bochs &&
            retry 3 own_apt "$BOCHS_SUITE" apt-get download -qq bochsbios vgabios
    ) >"$new/log" 2>&1 || { cat "$new/log" >&2; rm -rf "$new"; die 'cannot download the source of Bochs'; }
    for deb in "$new"/source/*.deb; do dpkg -x "$deb" "$new/roms"; done
    find "$new/source" -type f ! -name "$BOCHS_SOURCE" -delete
    cp "$new/roms/usr/share/bochs/BIOS-bochs-latest" "$new/source/bios"
    cp "$new/roms/usr/share/vgabios/vgabios.bin" "$new/source/vgabios"
    mv -T "$new/source" "$1"
    rm -rf "$new"
}

build_bochs() {
    local home=$1 source=$CACHE/vmx/source new options=(--disable-smp --enable-handlers-chaining)
    case $home in *-smp) options=(--enable-smp) ;; esac
    fetch_bochs "$source"
    printf '%s  %s\n' "$BOCHS_SHA256" "$source/$BOCHS_SOURCE" | sha256sum --check --quiet >&2 ||
        { rm -rf "$source"; die "$BOCHS_SOURCE is not the one that the lab knows: removed"; }
    say 'building Bochs for the Intel lab: once, some minutes'
    new=$(mktemp -d "$CACHE/vmx/.new.XXXXXX")
    mkdir "$new/tree" "$new/home"
    # set -e does not work in what is tested, so each step is tied to the next.
    # shellcheck disable=SC2086 # a list of words
    (
        tar -xJf "$source/$BOCHS_SOURCE" -C "$new/tree" --strip-components=1 &&
            "$LAB_DIR/vmx/edit-bochs" "$new/tree" &&
            cd "$new/tree" &&
            ./configure $BOCHS_OPTIONS "${options[@]}" CFLAGS="$BOCHS_FLAGS" CXXFLAGS="$BOCHS_FLAGS" &&
            nice make -j"$(nproc)" &&
            cp bochs "$source/bios" "$source/vgabios" "$new/home/"
    ) >"$new/log" 2>&1 || { tail -n 20 "$new/log" >&2; rm -rf "$new"; die 'Bochs does not build'; }
    mv -T "$new/home" "$home"
    rm -rf "$new"
}
