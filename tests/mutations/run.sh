#!/bin/sh
# Breaks a rule of the product on purpose, one at a time in a copy of the tree, and shows that the simulation or the fuzzer catches it.
#   tests/mutations/run.sh [NAME…]     names of patches beside this script, without .patch; default all
# REDISPROXY_SIMULATED_FAILOVERS limits the search (default 2000), and REDISPROXY_FUZZ_SECONDS that of the fuzzer (default 60).
# The exit code is 0 when every mutation was caught.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
export REDISPROXY_SIMULATED_FAILOVERS="${REDISPROXY_SIMULATED_FAILOVERS:-2000}" REDISPROXY_FUZZ_SECONDS="${REDISPROXY_FUZZ_SECONDS:-60}"
if [ "${1:-}" = --help ]; then
    sed -n '2,5s/^# *//p' "$0"
    exit 0
fi

[ $# -gt 0 ] || set -- $(cd "$here" && ls -- *.patch | sed 's/\.patch$//')
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
(cd "$root" && git ls-files -z --cached --others --exclude-standard | tar --null -T - -cf -) | tar -xf - -C "$scratch"
cd "$scratch"
project=tests/RedisProxy.Tests
dotnet restore "$project" --locked-mode --verbosity quiet >&2
survivors=0

# The first is no mutation: a test that fails without one proves nothing.
for name in none "$@"; do
    [ "$name" = none ] || patch -p1 --fuzz=3 --no-backup-if-mismatch --silent <"$here/$name.patch" || {
        echo "$name: the patch does not fit any more; the rule has moved, write it anew"
        exit 1
    }
    dotnet build "$project" --no-restore --configuration Debug --nologo --verbosity quiet --consoleLoggerParameters:NoSummary >&2
    status=0
    dotnet test "$project" --no-build --configuration Debug --nologo \
        --filter 'FullyQualifiedName~SimulationTests|FullyQualifiedName~FuzzTests' >"$scratch/result.txt" 2>&1 || status=$?
    [ "$name" = none ] || patch -p1 --reverse --fuzz=3 --no-backup-if-mismatch --silent <"$here/$name.patch"
    caught=$(grep -m 1 -o -e 'seed [0-9]*: .*' -e 'After [0-9.]* s: .*' "$scratch/result.txt" || true)
    if [ "$name" = none ]; then
        [ "$status" -eq 0 ] || { cat "$scratch/result.txt"; echo "They fail without any mutation."; exit 1; }
    elif [ "$status" -ne 0 ] && [ -n "$caught" ]; then
        echo "$name: caught by $(grep -m 1 -o -e 'SimulationTests\.[A-Za-z_]*' -e 'FuzzTests\.[A-Za-z_]*' "$scratch/result.txt"), $caught"
    else
        echo "$name: NOT caught"
        survivors=$((survivors + 1))
    fi
done

echo "$survivors mutations survived"
[ "$survivors" -eq 0 ]
