#!/bin/sh
# Builds everything with warnings as errors and runs the tests. The last line is "N passed, N failed"; the exit code is 0 when none failed.
#   ./test.sh [--filter EXPRESSION]     as of dotnet test, for example --filter FullyQualifiedName~Sessions
#   ./test.sh --long [...]              only those that take long: 200 random failovers. Says how far it is.
#   ./test.sh --fuzz SECONDS            random requests, replies, streams and failovers for so long, each kind; a find prints its seed
#   ./test.sh --servers [NAME …]        integration, faults, sessions, failovers, facade and clients with the servers of other Debian releases,
#                                       all or those named (tests/servers.sh --help); REDISPROXY_SERVERS=README.md writes its table anew
#   ./test.sh --privileged [...]        only those that need root and change the network, in namespaces of their own
#   ./test.sh --container [...]         only those that build the container image and run it, and render the Helm chart; needs root
# A random test says its seed; REDISPROXY_TEST_SEED=… repeats it, REDISPROXY_TEST_FAILOVERS=… makes the long one shorter or longer.
set -eu
cd "$(dirname "$0")"
. tests/require.sh
. tests/servers-matrix.sh

if asks_for_help "$@"; then
    sed -n '2,/^set/s/^# *//p' "$0"
    exit 0
fi

tier='Tier!=Long&Tier!=Privileged&Tier!=Container'
is_matrix=no
matrix_servers=
hang_timeout=5m
filter=
while [ $# -gt 0 ]; do
    case "$1" in
    --long)
        tier='Tier=Long'
        # A test that says how far it is; only when it goes on forever has it hung.
        hang_timeout=60m
        ;;
    --fuzz)
        case "${2-}" in
        '' | *[!0-9]*) fail "--fuzz needs a number of seconds, for example 600" ;;
        esac
        REDISPROXY_TEST_SECONDS=$2
        export REDISPROXY_TEST_SECONDS
        filter='FullyQualifiedName~RedisProxy.Tests.Resp|FullyQualifiedName~SimulationTests.Run_TenThousandFailovers|FullyQualifiedName~RedisProxy.Tests.Fuzz'
        hang_timeout=$(($2 * 20 + 300))s
        shift
        ;;
    --servers)
        is_matrix=yes
        while [ $# -gt 1 ] && [ "${2#-}" = "$2" ]; do
            matrix_servers="$matrix_servers $2"
            shift
        done
        ;;
    --privileged)
        require_privileges
        tier='Tier=Privileged'
        ;;
    --container)
        require_container
        tier='Tier=Container'
        # The first time it installs a small Debian to build in.
        hang_timeout=20m
        ;;
    --filter)
        [ $# -gt 1 ] || fail "--filter needs an expression, for example FullyQualifiedName~Sessions"
        filter=$2
        shift
        ;;
    --filter=*) filter=${1#--filter=} ;;
    *) fail "Unknown: $1. See ./test.sh --help" ;;
    esac
    shift
done

require_dotnet
require redis-server:redis-server redis-sentinel:redis-sentinel redis-benchmark:redis-tools setpriv:util-linux \
    promtool:prometheus prometheus:prometheus chromium:chromium haproxy:haproxy systemd-analyze:systemd
require_clients
require_compiler

# Release is what users run and scripts find. Tests run in Debug, where assertions hold, and so does the proxy that they start.
say "Building…"
dotnet restore Proxy.sln --locked-mode --verbosity quiet >&2
for configuration in Release Debug; do
    dotnet build Proxy.sln --no-restore --configuration "$configuration" --nologo --verbosity quiet >&2
done

publish src/RedisProxy src/RedisProxy/bin/native

results=$(mktemp -d)
follower=
trap 'kill $follower 2>/dev/null || :; rm -rf "$results"' EXIT
REDISPROXY_TEST_PROGRESS=$results/progress
export REDISPROXY_TEST_PROGRESS
: >"$REDISPROXY_TEST_PROGRESS"
tail -f "$REDISPROXY_TEST_PROGRESS" >&2 &
follower=$!

# run_tests NAME: those that fit $filter and $tier, whose results go to NAME.trx; sets passed and failed.
run_tests() {
    status=0
    dotnet test tests/RedisProxy.Tests --no-build --configuration Debug --nologo --blame-hang-timeout "$hang_timeout" \
        --logger "trx;LogFileName=$1.trx" --logger "console;verbosity=minimal" --results-directory "$results" \
        --filter "${filter:+($filter)&}$tier" >&2 || status=$?

    if counters=$(grep -o '<Counters [^>]*' "$results/$1.trx" 2>/dev/null); then
        passed=$(count passed)
        failed=$(count failed)
        [ "$status" -eq 0 ] || [ "$failed" -gt 0 ] || failed=1
    else
        [ "$status" -ne 0 ] || say "No test fits $tier${filter:+ and $filter}."
        say "The tests did not run to their end."
        passed=0
        failed=1
    fi
}
count() { printf '%s' "$counters" | sed "s/.* $1=\"\([0-9]*\)\".*/\1/"; }

if [ "$is_matrix" = yes ]; then
    run_matrix
else
    # A few tests run with these, too. Where they cannot be had, the tests do without.
    tests/servers.sh redis-8.0 valkey-9.1 >&2 || :
    run_tests results
fi

printf '%s passed, %s failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
