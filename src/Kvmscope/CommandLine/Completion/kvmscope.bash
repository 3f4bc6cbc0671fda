# bash completion for kvmscope, as 'kvmscope completion bash' prints it.
# shellcheck shell=bash

_kvmscope() {
    local rest=${COMP_LINE:0:COMP_POINT} words=() word blank before='' text line i
    # bash also splits at '=' and ':', which belong to words here: what has no blank before it goes on with the word before.
    for ((i = 0; i <= COMP_CWORD; i++)); do
        blank=${rest%%[![:blank:]]*}
        rest=${rest#"$blank"}
        word=${COMP_WORDS[i]}
        if ((i == COMP_CWORD)); then word=$rest; fi
        rest=${rest#"$word"}
        if ((i > 0)) && [[ -z $blank ]]; then words[${#words[@]} - 1]+=$word; else words+=("$word"); fi
    done
    word=${words[${#words[@]} - 1]}
    # bash keeps what is before the last of them.
    if [[ $word == *[=:]* ]]; then before=${word%"${word##*[=:]}"}; fi
    COMPREPLY=()
    while IFS=$'\t' read -r text _; do
        case $text in
        :files)
            compopt -o filenames 2>/dev/null
            while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "${word#"$before"}")
            ;;
        :programs) while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -c -- "$word") ;;
        *)
            line=$text
            # Within quotes the name stands as it is. A comma needs no backslash.
            if [[ $word != [\'\"]* ]]; then printf -v line %q "$text" && line=${line//\\,/,}; fi
            COMPREPLY+=("${line#"$before"}")
            ;;
        esac
    done < <("${words[0]/#\~/$HOME}" complete bash -- "${words[@]:1}" 2>/dev/null)
}

complete -F _kvmscope kvmscope
