#compdef kvmscope
# zsh completion for kvmscope, as 'kvmscope completion zsh' prints it: a file _kvmscope in a folder of $fpath.

_kvmscope() {
    local -a names shown
    local text says program=${(Q)words[1]/#\~/$HOME} files programs
    while IFS=$'\t' read -r text says; do
        case $text in
            :files) files=1 ;;
            :programs) programs=1 ;;
            *)
                names+=("$text")
                shown+=("$text${says:+  -- $says}")
                ;;
        esac
    done < <("$program" complete zsh -- "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)
    (( ${#names} )) && compadd -l -d shown -a names
    if [[ -n $programs ]]; then _command_names -e; fi
    if [[ -n $files ]]; then
        [[ $PREFIX == --*=* ]] && compset -P 1 '*='
        _files
    fi
}

if [[ $funcstack[1] == _kvmscope ]]; then _kvmscope "$@"; else compdef _kvmscope kvmscope; fi
