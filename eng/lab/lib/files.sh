# shellcheck shell=bash
# Copies programs, with what they need to start, into an initramfs at the same paths.

# add_program ROOT WORD: adds the program that WORD runs in the working directory of the job. A shell built-in or an applet of
# busybox needs nothing from this host.
add_program() {
    local program
    program=$(cd "$chdir" && type -P -- "$2") || return 0
    case $program in
    /*) add_file "$1" "$program" ;;
    *) add_file "$1" "$chdir/$program" ;;
    esac
}

# add_path ROOT PATH: adds a file, or all files of a folder.
add_path() {
    local path file
    path=$(cd "$(dirname "$2")" && pwd)/$(basename "$2")
    if [ -d "$path" ]; then
        find "$path" -type f -print0 | while IFS= read -r -d '' file; do add_file "$1" "$file"; done
    else
        add_file "$1" "$path"
    fi
}

# add_file ROOT PATH: adds a file, and the interpreter in its first line or its libraries.
add_file() {
    local root=$1 path=$2 needed line
    place_file "$root" "$path"
    case $(head -c 4 "$path" | od -An -c | tr -d ' ') in
    '#!'*)
        line=$(head -n 1 "$path" | sed 's/^#! *//')
        needed=${line%% *}
        [ "$needed" != /usr/bin/env ] || needed=$(type -P "${line#* }") || return 0
        [ ! -x "$needed" ] || add_file "$root" "$needed"
        ;;
    '177ELF')
        { LC_ALL=C ldd "$path" 2>/dev/null || true; } | sed -nE 's/^.*=> (\/[^ ]+) .*/\1/p; s/^\t(\/[^ ]+) .*/\1/p' |
            while read -r needed; do place_file "$root" "$needed"; done
        ;;
    esac
}

# place_file ROOT PATH: busybox keeps its /bin, so a host's /bin/x (the same as /usr/bin/x there) goes to /usr/bin.
place_file() {
    local target=$2
    case $target in /bin/* | /sbin/*) target=/usr$target ;; esac
    [ ! -e "$1$target" ] || return 0
    mkdir -p "$1${target%/*}"
    cp -L --preserve=mode "$2" "$1$target"
}
