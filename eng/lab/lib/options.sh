# shellcheck shell=bash
# The options of run, shell and nested-linux. Sets the variables named here.

# shellcheck disable=SC2034 # read by the other parts
parse_options() {
    kernel=6.1 cpu=svm cpu_model=neoverse-n1 accel=auto exact=0 smp='' mem='' limit=120 retries=1
    out='' stream=auto load=vendor append='' console=0 keep=0 l1=''
    chdir=$PWD
    files=() environment=() modules=() module_options=() command=()
    while [ $# -gt 0 ]; do
        case $1 in
        --kernel | --cpu | --cpu-model | --accel | --smp | --mem | --timeout | --out | --file | --env | --chdir | --modules | \
            --module-option | --append | --l1)
            [ $# -ge 2 ] || usage_error "$1 wants a value"
            take_option "$1" "$2"
            shift
            ;;
        --*=*) take_option "${1%%=*}" "${1#*=}" ;;
        --exact) exact=1 ;;
        --no-retry) retries=0 ;;
        --stream) stream=1 ;;
        --no-kvm) load=none ;;
        --no-vendor) load=kvm ;;
        --console) console=1 ;;
        --keep) keep=1 ;;
        -h | --help) usage && exit 0 ;;
        --)
            shift
            command=("$@")
            break
            ;;
        *) usage_error "no option '$1'; see 'lab --help'" ;;
        esac
        shift
    done
    check_options
}

# shellcheck disable=SC2034
take_option() {
    case $1 in
    --kernel) kernel=$2 ;;
    --cpu) cpu=$2 ;;
    --cpu-model) cpu_model=$2 ;;
    --accel) accel=$2 ;;
    --smp) smp=$2 ;;
    --mem) mem=$2 ;;
    --timeout) limit=$2 ;;
    --out) out=$2 ;;
    --file) files+=("$2") ;;
    --env) environment+=("$2") ;;
    --chdir) chdir=$2 ;;
    --modules) IFS=, read -ra more <<<"$2" && modules+=("${more[@]}") ;;
    --module-option) module_options+=("${2//-/_}") ;;
    --l1) l1=$2 ;;
    --append) append+=" $2" ;;
    *) usage_error "no option '$1'; see 'lab --help'" ;;
    esac
}

check_options() {
    local word
    case $kernel/$cpu in *-cloud/svm | *-cloud/arm64 | *-cloud/riscv64) usage_error "--kernel $kernel has no 9p, so it needs --cpu vmx" ;; esac
    case $cpu in svm | vmx | arm64 | riscv64) ;; *) usage_error "--cpu is svm, vmx, arm64 or riscv64, not '$cpu'" ;; esac
    if is_foreign; then kernel=$cpu-${kernel#"$cpu"-}; fi
    suite_of "$kernel" >/dev/null
    if [ "$cpu" = riscv64 ] && [ -n "$l1" ]; then usage_error '--l1: no Linux guest was made for the riscv64 machine'; fi
    case $accel in auto | kvm | tcg) ;; *) usage_error "--accel is auto, kvm or tcg, not '$accel'" ;; esac
    for word in "$smp" "$mem" "$limit"; do
        case $word in *[!0-9]* | 0) usage_error "'$word' is no whole number above 0" ;; esac
    done
    for word in "${files[@]}"; do [ -e "$word" ] || usage_error "--file $word: not there"; done
    for word in "${environment[@]}"; do case $word in [A-Za-z_]*=*) ;; *) usage_error "--env wants NAME=VALUE, not '$word'" ;; esac; done
    if [ -n "$out" ]; then mkdir -p "$out" 2>/dev/null || usage_error "--out $out: cannot be created"; fi
    if [ "$exact" = 1 ] && [ "$cpu" = vmx ]; then usage_error '--exact is for svm: the Intel lab always counts instructions'; fi
    if [ "$exact" = 1 ] && [ "${smp:-1}" != 1 ]; then usage_error '--exact has 1 CPU'; fi
}
