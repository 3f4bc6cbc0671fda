# shellcheck shell=sh
# Shared by the lab's /init scripts. For busybox sh.

export PATH=/bin:/sbin:/usr/bin:/usr/sbin

mount_kernel_filesystems() { # ROOT
    mount -t proc proc "$1/proc"
    mount -t sysfs sysfs "$1/sys"
    mount -t devtmpfs devtmpfs "$1/dev"
    mkdir -p "$1/dev/pts" "$1/dev/shm"
    mount -t devpts devpts "$1/dev/pts"
    mount -t tmpfs tmpfs "$1/dev/shm"
    mount -t tracefs tracefs "$1/sys/kernel/tracing" 2>/dev/null
    mount -t debugfs debugfs "$1/sys/kernel/debug" 2>/dev/null
    mount -t securityfs securityfs "$1/sys/kernel/security" 2>/dev/null
    mount -t bpf bpf "$1/sys/fs/bpf" 2>/dev/null
    mount -t cgroup2 cgroup2 "$1/sys/fs/cgroup" 2>/dev/null
    ln -sf /proc/self/fd "$1/dev/fd"
    ln -sf /proc/self/fd/0 "$1/dev/stdin"
    ln -sf /proc/self/fd/1 "$1/dev/stdout"
    ln -sf /proc/self/fd/2 "$1/dev/stderr"
}

load_modules() {
    while read -r file parameters; do
        # shellcheck disable=SC2086 # a list of words
        insmod "/modules/$file" $parameters || echo "lab: cannot load $file $parameters" >/dev/console
    done </modules/list
}
