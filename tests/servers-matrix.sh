# Sourced by test.sh: the tests with the servers of several releases, and the table of what came out.

# The groups of the table, in its order: title, and what their tests' names contain. The first that fits counts.
matrix_groups='session states=.Faults.SessionStateTests.
faults=.Faults.
failover on demand=.Integration.LosslessFailoverTests.
Sentinel facade=.Integration.SentinelFacadeTests.
integration=.Integration.
clients=.Clients.
commands=.Resp.ServerCommandsTests.'

# run_matrix: with each of $matrix_servers, or all; writes the table, also into the files $REDISPROXY_SERVERS; sets passed and failed.
run_matrix() {
    # Several names, so no quotes.
    # shellcheck disable=SC2086
    tests/servers.sh $matrix_servers >"$results/servers"
    grep '^skipped: ' "$results/servers" >&2 || :
    filter="${filter:+($filter)&(}$(echo "$matrix_groups" | sed 's/.*=/FullyQualifiedName~/' | paste -s -d '|')${filter:+)}"
    all_passed=0
    all_failed=0
    matrix_heading >"$results/table"
    # The tests must not read the list.
    while read -r name version suite _ <&3; do
        if [ "$name" = skipped: ]; then
            continue
        fi
        say "With $name, $version ($suite):"
        REDISPROXY_TEST_SERVER=$name
        export REDISPROXY_TEST_SERVER
        run_tests "$name"
        say "With $name, $version ($suite): $passed passed, $failed failed"
        all_passed=$((all_passed + passed))
        all_failed=$((all_failed + failed))
        matrix_row "${name%%-*} $(echo "$version" | sed 's/^[0-9]*://; s/[-+].*//')" "$suite" "$results/${process_tests##*/}/$name.trx" >>"$results/table"
    done 3<"$results/servers"
    passed=$all_passed
    failed=$all_failed
    [ "$passed" -gt 0 ] || failed=$((failed + 1))
    grep '^skipped: ' "$results/servers" >&2 || :
    cat "$results/table" >&2
    for document in ${REDISPROXY_SERVERS-}; do
        write_between '<!-- servers: begin -->' '<!-- servers: end -->' "$document" "$results/table"
    done
}

matrix_heading() {
    echo "$matrix_groups" | cut -d = -f 1 | paste -s -d '|' | sed 's/|/ | /g; s/^/| server | Debian | /; s/$/ |/'
    echo "|---|---|$(echo "$matrix_groups" | sed 's/.*/---|/' | paste -s -d '\0')"
}

# matrix_row SERVER SUITE TRX: how many tests passed of each group; where some failed, of how many.
matrix_row() {
    grep -o '<UnitTestResult [^>]*' "$3" 2>/dev/null | sed 's/.* testName="\([^"(]*\).* outcome="\([A-Za-z]*\)".*/\1. \2/' |
        awk -v groups="$matrix_groups" -v row="| $1 | $2 |" '
            BEGIN {
                count = split(groups, group, "\n")
                for (i = 1; i <= count; i++) part[i] = substr(group[i], index(group[i], "=") + 1)
            }
            {
                for (i = 1; i <= count && !index($1, part[i]); i++) continue
                all[i]++
                if ($2 == "Passed") good[i]++
            }
            END {
                for (i = 1; i <= count; i++) {
                    cell = !all[i] ? "not run" : good[i] + 0 == all[i] ? all[i] " passed" : good[i] + 0 " of " all[i]
                    row = row " " cell " |"
                }
                print row
            }'
}

# write_between BEGIN END FILE TEXT: the lines of the file TEXT take the place of those between the two marks.
write_between() {
    awk -v begin="$1" -v end="$2" -v text="$4" '
        $0 == end { inside = 0 }
        !inside { print }
        $0 == begin { inside = 1; while ((getline line < text) > 0) print line }' "$3" >"$results/document"
    cat "$results/document" >"$3"
}
