# shellcheck shell=bash
# Module dependencies, read from modules.dep: the host's modprobe configuration must not affect the lab.

# module_closure DIR NAME…: paths below DIR in the order to load them, each once; built-in modules are left out.
module_closure() {
    local dir=$1
    shift
    awk -v wanted="$*" '
        function name(path) { sub(/.*\//, "", path); sub(/\.ko.*/, "", path); gsub(/-/, "_", path); return path }
        FILENAME ~ /builtin$/ { builtin[name($1)] = 1; next }
        { path = $1; sub(/:$/, "", path); paths[name(path)] = path; $1 = ""; deps[path] = $0 }
        END {
            n = split(wanted, want)
            for (i = 1; i <= n; i++) {
                w = name(want[i])
                if (w in builtin) continue
                if (!(w in paths)) { print "lab: no module " want[i] > "/dev/stderr"; failed = 1; continue }
                m = split(deps[paths[w]], d)
                for (j = m; j >= 1; j--) if (!seen[d[j]]++) print d[j]
                if (!seen[paths[w]]++) print paths[w]
            }
            exit failed
        }' "$dir/modules.builtin" "$dir/modules.dep"
}
