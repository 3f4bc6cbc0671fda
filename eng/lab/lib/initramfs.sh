# shellcheck shell=bash
# The initramfs: busybox, an /init and the modules in load order. Uncompressed, because decompressing takes time in the guest.

# initramfs_base ROOT INIT: a root folder with busybox and /init.
initramfs_base() {
    local root=$1 init=$2 busybox applet applets
    busybox=$(static_busybox)
    applets=$("$busybox" --list)
    ! is_foreign || busybox=$CACHE/$cpu/layer/usr/bin/busybox
    mkdir -p "$root"/{bin,dev,proc,sys,tmp,modules,job,root}
    ! is_foreign || mkdir -p "$root"/{host,layer,qemu}
    for applet in $applets; do ln -sf busybox "$root/bin/$applet"; done
    cp --remove-destination "$busybox" "$root/bin/busybox"
    cp "$init" "$root/init"
    cp "$LAB_DIR/guest/common.sh" "$root/lab-common.sh"
    chmod 755 "$root/init"
}

static_busybox() {
    local busybox
    busybox=$(command -v busybox)
    # A dynamic busybox (package busybox instead of busybox-static) cannot be the first process of an initramfs.
    if LC_ALL=C ldd "$busybox" >/dev/null 2>&1; then
        install_packages busybox-static
        busybox=$(command -v busybox)
    fi
    printf '%s\n' "$busybox"
}

# initramfs_modules ROOT KERNEL_DIR NAME…: copies them and writes /modules/list: one line per module with file and parameters.
initramfs_modules() {
    local root=$1 kernel=$2 dir module file parameters
    shift 2
    dir=$kernel/lib/modules/$(cat "$kernel/release")
    module_closure "$dir" "$@" >"$root/modules/order" ||
        die "the cache keeps only some modules of each kernel: $KEPT_MODULES"
    while read -r module; do
        file=${module##*/}
        cp "$dir/$module" "$root/modules/$file"
        parameters=$(module_parameters "${file%.ko}")
        printf '%s %s\n' "$file" "$parameters"
    done <"$root/modules/order" >"$root/modules/list"
}

# module_parameters NAME: nested is on, unless --module-option turns it off.
module_parameters() {
    local name=${1//-/_} option words=''
    case $name in kvm_amd | kvm_intel) words='nested=1' ;; esac
    # shellcheck disable=SC2154 # set by parse_options
    for option in "${module_options[@]}"; do
        if [ "${option%%.*}" = "$name" ]; then words+=" ${option#*.}"; fi
    done
    printf '%s\n' "$words"
}

initramfs_pack() {
    (cd "$1" && find . -print0 | cpio --null --create --format=newc --quiet --owner=0:0 --reproducible) >"$2"
}
