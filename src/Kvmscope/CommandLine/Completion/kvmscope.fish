# fish completion for kvmscope, as 'kvmscope completion fish' prints it.

function __kvmscope_complete
    set -l words (commandline -opc)
    command $words[1] complete fish -- $words[2..-1] (commandline -ct) 2>/dev/null
end

function __kvmscope_offers
    __kvmscope_complete | string match -q -- "$argv[1]*"
end

complete -c kvmscope -f -a '(__kvmscope_complete | string match -v -r "^:")'
complete -c kvmscope -n '__kvmscope_offers :files' -F
complete -c kvmscope -n '__kvmscope_offers :programs' -a '(__fish_complete_command)'
