#!/bin/sh
# Builds, with warnings as errors, and runs the tests. The last line is "N passed, N failed"; the exit code is 0 when none failed.
#   ./test.sh                           all four tiers, as CI does; about 20 minutes
#   ./test.sh unit                      needs nothing but .NET and starts no other program; a minute and a half at the first time
#   ./test.sh process                   with real servers, Sentinels and proxies, and the programs around them
#   ./test.sh clients                   with the client libraries and workers that people use
#   ./test.sh page                      the status page, in Chromium
#   ./test.sh --transport pipelines [...]
#                                       the same with the portable transport, see loops.transport; CI runs a part of it after the others
#   ./test.sh --multiplex [...]         the same with sessions that share links, see listeners[].multiplex; for process, clients, long
#   ./test.sh [TIER] --filter TEXT      those whose names contain the text, or an expression as of dotnet test; without a tier, of the unit tests
#   ./test.sh --long [...]              only those that take long: 200 random failovers, for example. Says how far it is.
#   ./test.sh --fuzz SECONDS            random requests, replies, streams and failovers for that long, each kind; a find prints its seed
#   ./test.sh --servers [NAME …]        integration, faults, sessions, failovers, facade and clients with the servers of other Debian releases,
#                                       all or those named (tests/servers.sh --help); REDISPROXY_SERVERS='README.md README.zh-CN.md' rewrites the table
#   ./test.sh --privileged [...]        only those that need root and change the network, in namespaces of their own
#   ./test.sh --container [...]         only those that build the container images and the Debian package and run them, and render the chart; root
# Each tier installs what it needs, and only that, from Debian's packages.
# A random test prints its seed; REDISPROXY_TEST_SEED=… repeats it, REDISPROXY_TEST_FAILOVERS=… makes the long one shorter or longer.
set -eu
cd "$(dirname "$0")"
. tests/require.sh
. tests/servers-matrix.sh

if asks_for_help "$@"; then
    sed -n '2,/^set/s/^# *//p' "$0"
    exit 0
fi

unit_tests=tests/RedisProxy.Tests
process_tests=tests/RedisProxy.ProcessTests
aspire_tests=tests/RedisProxy.AspireTests
quick='Tier!=Long&Tier!=Privileged&Tier!=Container'
tier=
only=
matrix_servers=
hang_timeout=5m
filter=

# choose TIER: one of them at most.
choose() {
    [ -z "$tier" ] || fail "Only one at a time: $tier or $1. See ./test.sh --help"
    tier=$1
}

while [ $# -gt 0 ]; do
    case "$1" in
    unit | process | clients | page) choose "$1" ;;
    --long)
        choose long
        # A test that says how far it is; only when it goes on forever has it hung.
        hang_timeout=60m
        ;;
    --fuzz)
        choose fuzz
        case "${2-}" in
        '' | *[!0-9]*) fail "--fuzz needs a number of seconds, for example 600" ;;
        esac
        REDISPROXY_TEST_SECONDS=$2
        export REDISPROXY_TEST_SECONDS
        hang_timeout=$(($2 * 20 + 300))s
        shift
        ;;
    --servers)
        choose servers
        while [ $# -gt 1 ] && [ "${2#-}" = "$2" ]; do
            matrix_servers="$matrix_servers $2"
            shift
        done
        ;;
    --privileged)
        choose privileged
        require_privileges
        ;;
    --container)
        choose container
        require_container
        # The first time it installs a small Debian to build in.
        hang_timeout=20m
        ;;
    --transport)
        case "${2-}" in
        epoll | pipelines) ;;
        *) fail "--transport needs a name: epoll or pipelines" ;;
        esac
        REDISPROXY_TRANSPORT=$2
        export REDISPROXY_TRANSPORT
        shift
        ;;
    --multiplex)
        REDISPROXY_MULTIPLEX=2
        export REDISPROXY_MULTIPLEX
        ;;
    --filter)
        [ $# -gt 1 ] || fail "--filter needs an expression, for example Sessions"
        filter=$2
        shift
        ;;
    --filter=*) filter=${1#--filter=} ;;
    *) fail "Unknown: $1. See ./test.sh --help" ;;
    esac
    shift
done

# A bare word is looked for in the names, as dotnet test does by itself when nothing is added to it.
case "$filter" in
'' | *[=~]*) ;;
*) filter="FullyQualifiedName~$filter" ;;
esac

[ -n "$tier" ] || [ -z "$filter" ] || tier=unit
clients_only='FullyQualifiedName~RedisProxy.ProcessTests.Clients.'
page_only='FullyQualifiedName~RedisProxy.ProcessTests.Page.'
projects=$process_tests
case "$tier" in
unit) projects=$unit_tests only=$quick ;;
process) projects="$process_tests $aspire_tests" only="$quick&FullyQualifiedName!~RedisProxy.ProcessTests.Clients.&FullyQualifiedName!~RedisProxy.ProcessTests.Page." ;;
clients) only="$quick&$clients_only" ;;
page) only="$quick&$page_only" ;;
long) projects="$unit_tests $process_tests" only='Tier=Long' ;;
fuzz)
    projects="$unit_tests $process_tests"
    only="$quick&(FullyQualifiedName~RedisProxy.Tests.Resp|FullyQualifiedName~SimulationTests.Run_TenThousandFailovers|FullyQualifiedName~RedisProxy.ProcessTests.Fuzz)"
    ;;
privileged) only='Tier=Privileged' ;;
container) only='Tier=Container' ;;
servers) only=$quick ;;
*) projects="$unit_tests $process_tests $aspire_tests" only=$quick ;;
esac

require_dotnet
[ "$tier" = unit ] || require_servers
case "$tier" in
unit | page | clients) ;;
*) require_surroundings && require_compiler ;;
esac
case "$tier" in '' | clients | servers | long) require_clients ;; esac
case "$tier" in '' | page) require chromium:chromium ;; esac

say "Building…"
case "$tier" in
unit | clients | page)
    # Without the analyzers: they run with the process tier, and in CI.
    dotnet restore "$projects" --locked-mode --verbosity quiet >&2
    dotnet build "$projects" --no-restore --configuration Debug --nologo --verbosity quiet -p:RunAnalyzers=false >&2
    ;;
*)
    # Release is what users run and scripts find; the solution leaves tests out of it. They run in Debug, where assertions hold, and so does the
    # proxy that they start.
    dotnet restore Proxy.sln --locked-mode --verbosity quiet >&2
    # The analyzers run once, in Debug.
    dotnet build Proxy.sln --no-restore --configuration Release --nologo --verbosity quiet -p:RunAnalyzers=false >&2
    dotnet build Proxy.sln --no-restore --configuration Debug --nologo --verbosity quiet >&2
    publish src/RedisProxy src/RedisProxy/bin/native
    pack src/RedisProxy src/RedisProxy/bin/packages
    ;;
esac

results=$(mktemp -d)
follower=
trap 'kill $follower 2>/dev/null || :; rm -rf "$results"' EXIT
REDISPROXY_TEST_PROGRESS=$results/progress
export REDISPROXY_TEST_PROGRESS
: >"$REDISPROXY_TEST_PROGRESS"
tail -f "$REDISPROXY_TEST_PROGRESS" >&2 &
follower=$!

# run_tests NAME: those that fit $filter and $only, of each of $projects, whose results go to NAME.trx in a folder of the project's name;
# sets passed and failed.
run_tests() {
    passed=0
    failed=0
    for project in $projects; do
        run_project "$1" "$project"
    done

    if [ "$passed" -eq 0 ] && [ "$failed" -eq 0 ]; then
        say "No test fits $only${filter:+ and $filter}."
        [ "$tier" != unit ] || say "Is it in another tier? ./test.sh process, clients or page --filter $filter"
        failed=1
    fi
}

# run_portable: those whose subject is what moves the bytes, once more with the portable transport, and with the native program that users
# run: assertions have held before, and hundreds of proxies start in a tenth of the time. Adds to passed and failed.
run_portable() {
    say "Once more with the portable transport:"
    all_passed=$passed
    all_failed=$failed
    only="$quick&(FullyQualifiedName~RedisProxy.Tests.EventLoops.|FullyQualifiedName~RedisProxy.Tests.Sessions."
    only="$only|FullyQualifiedName~RedisProxy.ProcessTests.Faults.|FullyQualifiedName~EndToEndFailoverTests|FullyQualifiedName~TlsTests)"
    REDISPROXY_TRANSPORT=pipelines
    REDISPROXY_PROGRAM=${REDISPROXY_PROGRAM:-$PWD/src/RedisProxy/bin/native/RedisProxy}
    export REDISPROXY_TRANSPORT REDISPROXY_PROGRAM
    run_tests portable
    passed=$((passed + all_passed))
    failed=$((failed + all_failed))
}

run_project() {
    status=0
    trx=$results/${2##*/}/$1.trx
    temporary=$results/tmp
    [ "${REDISPROXY_KEEP_FOLDERS-}" != 1 ] || temporary=${TMPDIR:-/tmp}
    mkdir -p "$temporary"
    TMPDIR=$temporary dotnet test "$2" --no-build --configuration Debug --nologo --blame-hang-timeout "$hang_timeout" \
        --logger "trx;LogFileName=$1.trx" --logger "console;verbosity=minimal" --results-directory "${trx%/*}" \
        --filter "${filter:+($filter)&}$only" >&2 || status=$?

    if counters=$(grep -o '<Counters [^>]*' "$trx" 2>/dev/null); then
        passed=$((passed + $(count passed)))
        failed=$((failed + $(count failed)))
        [ "$status" -eq 0 ] || [ "$(count failed)" -gt 0 ] || failed=$((failed + 1))
    elif [ "$status" -ne 0 ]; then
        say "The tests of $2 did not run to their end."
        failed=$((failed + 1))
    fi

    [ "$temporary" != "$results/tmp" ] || look_for_leftovers
}
count() { printf '%s' "$counters" | sed "s/.* $1=\"\([0-9]*\)\".*/\1/"; }

# What a test leaves in the temporary folder counts as a failure. Not what other programs leave there when they are killed: pipes and empty
# folders with names of six letters of .NET's own tools, folders of Python's workers and of Chromium.
look_for_leftovers() {
    left=$(cd "$temporary" && find . -mindepth 1 -maxdepth 1 ! -type p ! -type s ! \( -type d -empty -name '??????' \) \
        ! -name 'MSBuildTemp*' ! -name 'NuGetScratch*' ! -name 'pymp-*' ! -name '*org.chromium.*')
    if [ -n "$left" ]; then
        say "Left in the temporary folder:" "$left"
        failed=$((failed + 1))
    fi
    rm -rf "$temporary"
}

if [ "$tier" = servers ]; then
    run_matrix
else
    # A few tests run with these, too. Where they cannot be had, the tests do without.
    [ "$tier" = unit ] || tests/servers.sh redis-8.0 valkey-9.1 >&2 || :
    run_tests results
    if [ -z "$tier$filter${REDISPROXY_TRANSPORT-}${REDISPROXY_MULTIPLEX-}" ]; then
        run_portable
    fi
fi

printf '%s passed, %s failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
