# shellcheck shell=bash
# What a machine of another architecture (arm64, riscv64) needs in addition to its kernel: a layer over this host's root with the
# C library, and a static busybox for every command that busybox has. So every path is the same inside, and every program is for
# that architecture or a script of sh.

# is_foreign: whether the machine has another architecture than this host's x86-64.
is_foreign() {
    # shellcheck disable=SC2154 # set by parse_options
    case $cpu in arm64 | riscv64) ;; *) return 1 ;; esac
}

# ensure_foreign NAME: $CACHE/$cpu/NAME is complete when this returns. NAME is layer, or qemu (QEMU for arm64, for a guest in the lab).
ensure_foreign() {
    local tree=$CACHE/$cpu/$1
    [ ! -e "$tree/.complete" ] || return 0
    mkdir -p "$CACHE/$cpu"
    (
        flock 9
        [ ! -e "$tree/.complete" ] || exit 0
        "fetch_$1" "$tree"
    ) 9>"$CACHE/$cpu/.lock"
}

fetch_layer() {
    local layer=$1 suite=bookworm/$cpu new applet deb apt_root
    [ "$cpu" != riscv64 ] || suite=trixie/$cpu
    new=$(mktemp -d "$CACHE/$cpu/.new.XXXXXX")
    # Another run may be downloading a kernel of this suite.
    apt_root=$new/apt
    own_apt_update "$suite"
    say "fetching busybox and libc of $cpu"
    (cd "$new" && retry 3 own_apt "$suite" apt-get download -qq busybox-static libc6 libgcc-s1) >"$new/log" 2>&1 ||
        { cat "$new/log" >&2; rm -rf "$new"; die "cannot download what the $cpu machine needs"; }
    for deb in "$new"/*.deb; do dpkg -x "$deb" "$new/tree"; done
    # Everything below /usr, because /bin and /lib of the host's root may be links.
    mkdir -p "$new/layer/usr/bin" "$new/layer/usr/lib"
    merge_lib "$new/tree"
    cp -a "$new/tree/usr/lib/." "$new/layer/usr/lib/"
    find "$new/tree" -path '*/bin/busybox' -exec cp {} "$new/layer/usr/bin/busybox" \;
    # The same version as this host's static busybox, or nearly.
    for applet in $("$(static_busybox)" --list); do [ -e "$new/layer/usr/bin/$applet" ] || ln -s busybox "$new/layer/usr/bin/$applet"; done
    touch "$new/layer/.complete"
    rm -rf "$layer"
    mv -T "$new/layer" "$layer"
    rm -rf "$new"
}

# merge_lib TREE: moves files of packages from /lib to below /usr, because /lib of the host's root may be a link.
merge_lib() {
    [ -d "$1/lib" ] || return 0
    mkdir -p "$1/usr/lib"
    cp -a "$1/lib/." "$1/usr/lib/"
    rm -rf "${1:?}/lib"
}

fetch_qemu() {
    local tree=$1 suite=bookworm/arm64 new deb apt_root
    new=$(mktemp -d "$CACHE/arm64/.new.XXXXXX")
    apt_root=$new/apt
    own_apt_update "$suite"
    say 'fetching QEMU of arm64'
    # Its dependencies are resolved here, because nothing for arm64 is installed.
    retry 3 own_apt "$suite" apt-get -qq -y --no-install-recommends --download-only -o Debug::NoLocking=1 \
        install qemu-system-arm >"$new/log" 2>&1 ||
        { cat "$new/log" >&2; rm -rf "$new"; die 'cannot download QEMU of arm64'; }
    for deb in "$apt_root"/cache/archives/*.deb; do dpkg -x "$deb" "$new/tree"; done
    merge_lib "$new/tree"
    mkdir -p "$new/qemu/usr/bin" "$new/qemu/usr/lib" "$new/qemu/usr/share"
    cp -a "$new/tree/usr/bin/qemu-system-aarch64" "$new/qemu/usr/bin/"
    cp -a "$new/tree/usr/lib/aarch64-linux-gnu" "$new/qemu/usr/lib/"
    cp -a "$new/tree/usr/share/qemu" "$new/qemu/usr/share/"
    touch "$new/qemu/.complete"
    rm -rf "$tree"
    mv -T "$new/qemu" "$tree"
    rm -rf "$new"
}
