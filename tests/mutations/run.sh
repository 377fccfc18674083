#!/bin/sh
# Breaks rules of the product on purpose, one at a time in a copy of the tree, and shows that the simulation or the fuzzer catches each.
#   tests/mutations/run.sh [NAME…]     names of patches beside this script, without .patch; default all
# A patch that begins with "# tests: FILTER" (a filter of dotnet test) is tried with those tests only: with whichever of the two covers its
# rule, or with a test of the rule itself where neither can detect it.
# REDISPROXY_SIMULATED_FAILOVERS limits the simulation's search (default 2000), REDISPROXY_FUZZ_SECONDS the fuzzer's (default 60).
# The exit code is 0 when every mutation was caught.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
export REDISPROXY_SIMULATED_FAILOVERS="${REDISPROXY_SIMULATED_FAILOVERS:-2000}" REDISPROXY_FUZZ_SECONDS="${REDISPROXY_FUZZ_SECONDS:-60}"
# Finding something is enough; it need not be minimised.
export REDISPROXY_FUZZ_SHRINK=0
if [ "${1:-}" = --help ]; then
    sed -n '2,/^set/s/^# *//p' "$0"
    exit 0
fi

[ $# -gt 0 ] || set -- $(cd "$here" && ls -- *.patch | sed 's/\.patch$//')
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
(cd "$root" && git ls-files -z --cached --others --exclude-standard | tar --null -T - -cf -) | tar -xf - -C "$scratch"
cd "$scratch"
# Its build brings the unit tests along.
project=tests/RedisProxy.ProcessTests
dotnet restore "$project" --locked-mode --verbosity quiet >&2
survivors=0

tests_of() {
    filter=$(sed -n '1s/^# tests: //p' "$here/$1.patch")
    printf '%s' "${filter:-FullyQualifiedName~SimulationTests|FullyQualifiedName~FuzzTests}"
}

all_tests=
for name in "$@"; do
    case "|$all_tests|" in
    *"|$(tests_of "$name")|"*) ;;
    *) all_tests="${all_tests:+$all_tests|}$(tests_of "$name")" ;;
    esac
done

# The first is no mutation: a test that fails without one proves nothing.
for name in none "$@"; do
    if [ "$name" = none ]; then
        tests=$all_tests
    else
        tests=$(tests_of "$name")
        patch -p1 --fuzz=3 --no-backup-if-mismatch --silent <"$here/$name.patch" || {
            echo "$name: the patch does not fit any more; the rule has moved, write it anew"
            exit 1
        }
    fi
    # What the analyzers say of it is of no interest.
    dotnet build "$project" --no-restore --configuration Debug --nologo --verbosity quiet --consoleLoggerParameters:NoSummary \
        -p:UseSharedCompilation=true -p:RunAnalyzers=false >&2
    status=0
    began=$(date +%s)
    : >"$scratch/result.txt"
    for assembly in tests/RedisProxy.Tests "$project"; do
        [ "$status" -eq 0 ] || break
        dotnet test "$assembly" --no-build --configuration Debug --nologo --blame-hang-timeout 10m --results-directory "$scratch/results" \
            --filter "$tests" >>"$scratch/result.txt" 2>&1 || status=$?
    done
    took=$(($(date +%s) - began))
    [ "$name" = none ] || patch -p1 --reverse --fuzz=3 --no-backup-if-mismatch --silent <"$here/$name.patch"
    by=$(sed -n 's/^ *Failed RedisProxy\.[A-Za-z]*Tests\.\([^ ]*\) .*/\1/p' "$scratch/result.txt" | head -n 1)
    if [ "$name" = none ]; then
        [ "$status" -eq 0 ] || { cat "$scratch/result.txt"; echo "They fail without any mutation."; exit 1; }
    elif [ "$status" -ne 0 ] && [ -n "$by" ]; then
        what=$(grep -m 1 -o -e 'seed [0-9]*: .*' -e 'After [0-9.]* s: .*' "$scratch/result.txt" || sed -n '/Error Message:/{n;s/^ *//p;q}' "$scratch/result.txt")
        echo "$name: caught in $took s by $by, $what"
    else
        echo "$name: NOT caught"
        survivors=$((survivors + 1))
    fi
done

echo "$survivors mutations survived"
[ "$survivors" -eq 0 ]
