# shellcheck shell=bash
# Debian's kernels: found with a private apt root and unpacked into the cache; nothing is installed.
#
# cache/kernels/K           link to the version in use, changed only when that is complete; arm64-K, riscv64-K for these
# cache/kernels/.store/…    release, package, vmlinuz or Image, vmlinux, lib/modules

readonly KERNELS='5.10 6.1 6.12 7.2' ARM_KERNELS='arm64-5.10 arm64-6.1 arm64-6.12 arm64-7.2'
# Debian has riscv64 since trixie, and KVM on it has events since 6.10.
readonly RISCV_KERNELS='riscv64-6.12 riscv64-7.2'
# Debian's flavours of a kernel have its number and -rt (PREEMPT_RT) or -cloud.
readonly FLAVOUR_KERNELS='6.1-rt 6.12-rt 6.1-cloud 6.12-cloud arm64-6.1-rt arm64-6.12-rt'

# The modules that are kept of each kernel, with their dependencies; the rest (about 300 MB) is dropped.
readonly KEPT_MODULES='virtio_pci virtio_console virtio_net virtio_blk virtio_mmio 9p 9pnet_virtio overlay kvm kvm-amd kvm-intel
    vhost_net vhost_vsock tun msr cpuid loop'
readonly KEPT_ARM_MODULES='virtio_pci virtio_console virtio_net virtio_blk virtio_mmio 9p 9pnet_virtio overlay'
readonly KEPT_RISCV_MODULES="$KEPT_ARM_MODULES kvm"
# The cloud kernels have no 9p.
readonly KEPT_CLOUD_MODULES='virtio_pci virtio_net virtio_blk overlay kvm kvm-amd kvm-intel vhost_net vhost_vsock tun msr cpuid loop'

# arch_of KERNEL: Debian's name of its architecture.
arch_of() {
    case $1 in
    arm64*) echo arm64 ;;
    riscv64*) echo riscv64 ;;
    *) echo amd64 ;;
    esac
}

suite_of() {
    case ${1#arm64-} in
    riscv64-6.12) echo trixie ;;
    riscv64-7.2) echo sid ;;
    5.10) echo bullseye ;;
    6.1 | 6.1-rt | 6.1-cloud) echo bookworm ;;
    6.12 | 6.12-rt | 6.12-cloud) echo trixie ;;
    7.2) echo sid ;;
    *) usage_error "no kernel '$1'; there are $KERNELS $FLAVOUR_KERNELS $ARM_KERNELS $RISCV_KERNELS" ;;
    esac
}

# flavour_of KERNEL: rt- or cloud- as Debian's packages have it, nothing for the plain kernel.
flavour_of() {
    case $1 in
    *-rt) echo rt- ;;
    *-cloud) echo cloud- ;;
    esac
}

# own_apt SUITE/ARCH PROGRAM ARG…: apt with its own sources, lists and cache, in $apt_root if the caller has set that.
own_apt() {
    local root=${apt_root:-$CACHE/apt/$1} arch=${1#*/} program=$2 status=()
    shift 2
    # The packages that are installed here are for another architecture.
    if [ "$arch" != amd64 ]; then
        : >"$root/status"
        status=(-o Dir::State::status="$root/status")
    fi
    "$program" -o Dir::Etc::SourceList="$root/sources.list" -o Dir::Etc::SourceParts=/dev/null -o Dir::State::Lists="$root/lists" \
        -o Dir::Cache="$root/cache" -o APT::Sandbox::User="$(id -un)" -o Acquire::Languages=none -o Acquire::Retries=3 \
        -o APT::Architecture="$arch" -o APT::Architectures::="$arch" "${status[@]}" \
        -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false "$@"
}

# own_apt_update SUITE/ARCH: updates its lists of packages, or of $apt_types (deb, deb-src).
own_apt_update() {
    local suite=$1 root=${apt_root:-$CACHE/apt/$1} from type
    from=$("$LAB_DIR/../mirror") || die "the lab's kernels and Bochs come from Debian's mirror"
    mkdir -p "$root/lists/partial" "$root/cache/archives/partial"
    for type in ${apt_types:-deb}; do
        printf '%s [arch=%s] %s %s main\n' "$type" "${suite#*/}" "$from" "${suite%/*}"
    done >"$root/sources.list"
    retry 3 own_apt "$suite" apt-get update -qq >"$root/update.log" 2>&1 ||
        { cat "$root/update.log" >&2; die "cannot read the package list of $suite"; }
    # apt treats some failures as warnings, and continues without any list.
    [ -n "$(own_apt "$suite" apt-cache pkgnames "linux-image-${suite#*/}")" ] ||
        { cat "$root/update.log" >&2; die "the mirror has no package list of $suite"; }
}

# newest_package SUITE KERNEL: image package with the highest version of this series and flavour.
newest_package() {
    local series=${2#arm64-}
    series=${series#riscv64-}
    series=${series%%-*}
    own_apt "$1" apt-cache pkgnames "linux-image-$series" | grep -E "^linux-image-${series//./\\.}[.-]" |
        grep -E "^linux-image-[0-9][^-]*(-[0-9]+)?-$(flavour_of "$2")${1#*/}\$" | sort -V | tail -n 1
}

# package_parts SUITE PACKAGE: newer suites have the binary, the modules and their lists in separate packages.
package_parts() {
    printf '%s\n' "$2"
    own_apt "$1" apt-cache --no-all-versions show "$2" | sed -n 's/^Depends: //p' | tr ',' '\n' |
        sed -nE 's/^ *(linux-(base|binary|modules)-[0-9][^ ]+).*/\1/p' | sort -u
}

lab_fetch() {
    local refresh=0 wanted=() bochs=0 kernel
    while [ $# -gt 0 ]; do
        case $1 in
        --refresh) refresh=1 ;;
        bochs) bochs=1 ;;
        -h | --help) usage && return ;;
        -*) usage_error "fetch has no option '$1'" ;;
        *) wanted+=("$1") ;;
        esac
        shift
    done
    if [ ${#wanted[@]} -eq 0 ] && [ "$bochs" = 0 ]; then
        # shellcheck disable=SC2206 # a list of words
        wanted=($KERNELS) bochs=1
    fi
    for kernel in "${wanted[@]}"; do suite_of "$kernel" >/dev/null; done
    for kernel in "${wanted[@]}"; do
        ensure_kernel "$kernel" "$refresh"
        printf '%s\t%s\n' "$kernel" "$(cat "$CACHE/kernels/$kernel/release")"
    done
    if [ "$bochs" = 1 ]; then cpu=vmx ensure_bochs; fi
}

# ensure_kernel KERNEL [REFRESH]: the kernel is complete in the cache when this returns.
ensure_kernel() {
    local kernel=$1 refresh=${2:-0}
    mkdir -p "$CACHE/kernels/.store"
    [ "$refresh" = 0 ] && [ -e "$CACHE/kernels/$kernel/release" ] && return
    need_tools
    (
        flock 9
        [ "$refresh" = 0 ] && [ -e "$CACHE/kernels/$kernel/release" ] && exit 0
        fetch_kernel "$kernel"
    ) 9>"$CACHE/kernels/.$kernel.lock"
}

fetch_kernel() {
    # Two kernels of one suite may be fetched at the same time.
    local kernel=$1 suite package version store part parts apt_root=$CACHE/apt/$1
    suite=$(suite_of "$kernel")/$(arch_of "$kernel")
    own_apt_update "$suite"
    package=$(newest_package "$suite" "$kernel")
    [ -n "$package" ] ||
        die "$suite has no kernel $kernel now: $(own_apt "$suite" apt-cache pkgnames linux-image- | grep -E '(amd|arm|riscv)64$' | tr '\n' ' ')"
    version=$(own_apt "$suite" apt-cache --no-all-versions show "$package" | sed -n 's/^Version: //p')
    store=.store/$kernel-$version
    if [ ! -e "$CACHE/kernels/$store" ]; then
        say "fetching $package $version ($suite)"
        local new
        new=$(mktemp -d "$CACHE/kernels/.new.XXXXXX")
        parts=$(package_parts "$suite" "$package")
        # shellcheck disable=SC2086 # a list of words
        (cd "$new" && retry 3 own_apt "$suite" apt-get download -qq $parts) >"$new/log" 2>&1 ||
            { cat "$new/log" >&2; rm -rf "$new"; die "cannot download $parts"; }
        for part in "$new"/*.deb; do dpkg -x "$part" "$new/tree"; done
        mkdir "$new/kernel"
        take_kernel "$new/tree" "$new/kernel" || { rm -rf "$new"; die "the layout of $package is unknown"; }
        printf '%s %s %s\n' "$suite" "$package" "$version" >"$new/kernel/package"
        mv -T "$new/kernel" "$CACHE/kernels/$store"
        rm -rf "$new"
    fi
    ln -sfn "$store" "$CACHE/kernels/.$kernel.link"
    mv -T "$CACHE/kernels/.$kernel.link" "$CACHE/kernels/$kernel"
    find "$CACHE/kernels/.store" -mindepth 1 -maxdepth 1 -name "$kernel-*" ! -name "${store##*/}" -exec rm -rf {} +
    rm -rf "$apt_root"
}

# take_kernel TREE INTO: vmlinuz, vmlinux and the modules that the lab loads. Its caller tests the status, so set -e is off, and
# every step checks for failure.
take_kernel() {
    local tree=$1 into=$2 release modules image
    modules=$(find "$tree" -type d -path '*lib/modules/*' -prune -print -quit)
    release=${modules##*/}
    image=$(find "$tree" -type f \( -name "vmlinu[xz]-$release" -o -path "*/$release/vmlinuz" \) -print -quit)
    [ -n "$release" ] && [ -n "$image" ] || return 1
    cp "$image" "$into/vmlinuz" || return 1
    case $release in
    *arm64 | *riscv64) extract_image "$into/vmlinuz" "$into/Image" || return 1 ;;
    *) extract_vmlinux "$into/vmlinuz" "$into/vmlinux" || rm -f "$into/vmlinux" ;;
    esac
    mkdir -p "$tree/base/lib/modules" && mv "$modules" "$tree/base/lib/modules/$release" || return 1
    take_modules "$tree/base" "$into" "$release" || return 1
    printf '%s\n' "$release" >"$into/release"
}

# take_modules FROM INTO RELEASE: uncompressed, because decompressing takes time in the guest.
take_modules() {
    local from=$1/lib/modules/$3 into=$2/lib/modules/$3 module kept=$KEPT_MODULES
    case $3 in
    *arm64) kept=$KEPT_ARM_MODULES ;;
    *riscv64) kept=$KEPT_RISCV_MODULES ;;
    *-cloud-*) kept=$KEPT_CLOUD_MODULES ;;
    esac
    depmod -b "$1" "$3" 2>/dev/null || return 1
    # shellcheck disable=SC2086 # a list of words
    module_closure "$from" $kept | while read -r module; do
        mkdir -p "$into/${module%/*}" || return 1
        case $module in
        *.xz) xz -dc "$from/$module" >"$into/${module%.xz}" ;;
        *.zst) zstd -dcq "$from/$module" >"$into/${module%.zst}" ;;
        *) cp "$from/$module" "$into/$module" ;;
        esac || return 1
    done || return 1
    cp "$from"/modules.order "$from"/modules.builtin "$into/" && depmod -b "$2" "$3" 2>/dev/null
}

# extract_vmlinux BZIMAGE ELF: extracts the kernel itself, so that no guest has to decompress it (Linux boot protocol: the payload's
# offset is counted from the protected-mode code, which follows the boot sector and setup_sects sectors).
extract_vmlinux() {
    local sectors offset length start
    sectors=$(od -An -tu1 -j497 -N1 "$1" | tr -d ' ')
    offset=$(od -An -tu4 -j584 -N4 "$1" | tr -d ' ')
    length=$(od -An -tu4 -j588 -N4 "$1" | tr -d ' ')
    [ "$sectors" -ne 0 ] || sectors=4
    start=$(((sectors + 1) * 512 + offset))
    tail -c +$((start + 1)) "$1" | head -c "$length" >"$2.payload"
    case $(od -An -tx1 -N4 "$2.payload" | tr -d ' ') in
    fd377a58) xz -dcq "$2.payload" ;;
    1f8b*) gzip -dcq "$2.payload" ;;
    28b52ffd) zstd -dcq "$2.payload" ;;
    02214c18) lz4 -dcq "$2.payload" ;; # the cloud kernels up to 6.1
    *) false ;;
    esac >"$2" 2>/dev/null || true # a size field follows the data, which the decompressors call garbage
    rm -f "$2.payload"
    [ "$(od -An -tx1 -N4 "$2" | tr -d ' ')" = 7f454c46 ]
}

# extract_image VMLINUZ IMAGE: the Image of arm64 and riscv64, extracted if it is compressed in an EFI application (CONFIG_EFI_ZBOOT:
# "zimg" at 4, offset and size of the payload at 8 and 12, its compression at 24; linux/drivers/firmware/efi/libstub).
extract_image() {
    local offset size
    if [ "$(dd if="$1" bs=1 skip=4 count=4 status=none | tr -d '\0')" != zimg ]; then
        case $(od -An -tx1 -N2 "$1" | tr -d ' ') in
        1f8b) gzip -dcq "$1" >"$2" ;;
        *) cp "$1" "$2" ;;
        esac
        return
    fi
    offset=$(od -An -tu4 -j8 -N4 "$1" | tr -d ' ')
    size=$(od -An -tu4 -j12 -N4 "$1" | tr -d ' ')
    tail -c +$((offset + 1)) "$1" | head -c "$size" >"$2.payload"
    case $(od -An -tx1 -N4 "$2.payload" | tr -d ' ') in
    fd377a58) xz -dcq "$2.payload" ;;
    1f8b*) gzip -dcq "$2.payload" ;;
    28b52ffd) zstd -dcq "$2.payload" ;;
    *) false ;;
    esac >"$2" 2>/dev/null || true # a size field may follow the data
    rm -f "$2.payload"
    [ -s "$2" ]
}

lab_kernels() {
    local kernel
    for kernel in $KERNELS $FLAVOUR_KERNELS $ARM_KERNELS $RISCV_KERNELS; do
        if [ -e "$CACHE/kernels/$kernel/release" ]; then
            printf '%-13s %-26s %s\n' "$kernel" "$(cat "$CACHE/kernels/$kernel/release")" "$(cat "$CACHE/kernels/$kernel/package")"
        else
            printf '%-13s not fetched\n' "$kernel"
        fi
    done
    printf 'in %s, %s\n' "$CACHE" "$(du -sh "$CACHE" 2>/dev/null | cut -f1)"
}

lab_clean() {
    local kernel
    for kernel in $KERNELS $FLAVOUR_KERNELS $ARM_KERNELS $RISCV_KERNELS; do
        [ ! -e "$CACHE/kernels/.$kernel.lock" ] || (
            # Wait for runs that use it.
            flock 9
            rm -rf "${CACHE:?}/kernels/$kernel" "$CACHE"/kernels/.store/"$kernel"-*
        ) 9>"$CACHE/kernels/.$kernel.lock"
    done
    [ ! -e "$CACHE/vmx/.lock" ] || (
        flock 8
        rm -rf "$CACHE/vmx"
    ) 8>"$CACHE/vmx/.lock"
    rm -rf "$CACHE/apt" "$CACHE/arm64" "$CACHE/riscv64" "$CACHE"/kernels/.new.*
}
