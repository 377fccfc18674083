#!/bin/sh
# Shows on one machine what the proxy does for an application while Redis fails over. See ./demo.sh --help.
set -eu
cd "$(dirname "$0")"

for argument in "$@"; do
    case "$argument" in
    --help | -h) help=1 ;;
    esac
done

say() { printf '%s\n' "$*"; }
fail() {
    printf '%s\n' "$*" >&2
    exit 1
}

command -v dotnet >/dev/null || fail "The .NET SDK is needed: https://dotnet.microsoft.com/download (global.json says which)."

missing=
for program in redis-server redis-sentinel; do
    command -v "$program" >/dev/null || missing="$missing $program"
done

if [ -n "$missing" ] && [ -z "${help:-}" ]; then
    command -v apt-get >/dev/null || fail "Please install:$missing. (There is no apt-get here to do it with.)"
    root=
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || fail "Please install, as root: apt-get install$missing"
        root=sudo
    fi
    say "Installing from this system's packages:$missing"
    say "Debian starts them as services, on ports 6379 and 26379. The demo uses other ports and leaves those alone;"
    say "to be rid of them afterwards: apt-get remove$missing"
    $root apt-get update -q
    # The names of the programs are those of the packages.
    # shellcheck disable=SC2086
    $root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y $missing
fi

[ -n "${help:-}" ] || say "Building (Release)…"
for project in src/RedisProxy demo/RedisProxy.Demo; do
    output=$(dotnet build "$project" --configuration Release --nologo --verbosity quiet 2>&1) || fail "$output"
done

# From here on this process is the demo, so that Ctrl-C and exit codes need no go-between.
exec dotnet demo/RedisProxy.Demo/bin/Release/net10.0/RedisProxy.Demo.dll "$@"
