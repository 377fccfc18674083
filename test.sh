#!/bin/sh
# Builds everything with warnings as errors and runs all tests. The last line is "N passed, N failed"; the exit code is 0 when none failed.
#   ./test.sh [--filter EXPRESSION]     as of dotnet test, for example --filter FullyQualifiedName~Sessions
set -eu
cd "$(dirname "$0")"
. tests/require.sh

if asks_for_help "$@"; then
    sed -n '2,3s/^# *//p' "$0"
    exit 0
fi

require_dotnet
require redis-server:redis-server redis-sentinel:redis-sentinel redis-benchmark:redis-tools setpriv:util-linux
require_clients

# Release is what users run and scripts find. Tests run in Debug, where assertions hold, and so does the proxy that they start.
say "Building…"
dotnet restore Proxy.sln --locked-mode --verbosity quiet >&2
for configuration in Release Debug; do
    dotnet build Proxy.sln --no-restore --configuration "$configuration" --nologo --verbosity quiet >&2
done

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
status=0
dotnet test tests/RedisProxy.Tests --no-build --configuration Debug --nologo --blame-hang-timeout 5m \
    --logger "trx;LogFileName=results.trx" --logger "console;verbosity=minimal" --results-directory "$results" "$@" >&2 || status=$?

counters=$(grep -o '<Counters [^>]*' "$results"/results.trx 2>/dev/null) || {
    say "The tests did not run to their end."
    echo "0 passed, 1 failed"
    exit 1
}
count() { printf '%s' "$counters" | sed "s/.* $1=\"\([0-9]*\)\".*/\1/"; }
failed=$(count failed)
[ "$status" -eq 0 ] || [ "$failed" -gt 0 ] || failed=1
printf '%s passed, %s failed\n' "$(count passed)" "$failed"
[ "$failed" -eq 0 ]
