# bash completion for PROGRAM. It needs nothing but bash.

_PROGRAM_complete() {
    # Read from the line itself: bash cuts words at : and =, which addresses hold.
    local line=${COMP_LINE:0:COMP_POINT} words=() current out directive reply value cut
    read -ra words <<< "$line"
    [[ $line == *[[:space:]] ]] && words+=('')
    current=${words[${#words[@]}-1]}
    out=$(PROGRAM complete -- "${words[@]:1}" 2> /dev/null) || return 0
    directive=${out##*:}

    COMPREPLY=()
    while IFS= read -r reply; do
        value=${reply%%$'\t'*}
        [[ $value == :* || $value != "$current"* ]] || COMPREPLY+=("$value")
    done <<< "$out"

    # bash puts the reply in the place of what stands behind the last : or = alone.
    cut=${current%"${current##*[:=]}"}
    [[ -z $cut ]] || COMPREPLY=("${COMPREPLY[@]#"$cut"}")

    # 4: no file names either.
    (( directive & 4 )) && compopt +o default 2> /dev/null
    return 0
}

complete -o default -F _PROGRAM_complete PROGRAM
