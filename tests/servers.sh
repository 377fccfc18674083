#!/bin/sh
# Fetches the servers of other Debian releases for the tests, ready to run, into a separate folder. Nothing is installed or compiled.
#   tests/servers.sh                    all of them
#   tests/servers.sh valkey-9.1 …       only these
# Prints a line for each, NAME VERSION SUITE FOLDER separated by tabs, or "skipped: …" with the reason. FOLDER/bin contains redis-server,
# redis-sentinel, redis-cli and redis-benchmark, also for Valkey under these names. REDISPROXY_TEST_SERVER=NAME makes the tests use them.
#
# The packages come from the mirror that this system's package manager uses, with signatures verified, and for each suite with its own C
# library and all other dependencies. That library's loader starts the programs, so they do not depend on what is installed here.
# The folder is ${XDG_CACHE_HOME:-~/.cache}/redisproxy-servers, or REDISPROXY_TEST_SERVERS.
set -eu
cd "$(dirname "$0")"
. ./require.sh

if asks_for_help "$@"; then
    sed -n '2,/^set/s/^# *//p' servers.sh
    exit 0
fi

# What to fetch: package, version ("newest" is the latest available), and the suites to look in.
releases='redis 7.0 bookworm
redis 8.0 trixie
valkey 8.1 trixie
valkey 9.1 sid
redis newest experimental sid'

for name in "$@"; do
    echo "$releases" | cut -d ' ' -f 1,2 | grep -q -F -x "$(echo "$name" | tr - ' ')" || fail "Unknown: $name. See tests/servers.sh --help"
done

programs='server sentinel cli benchmark'
wanted=" $* "
cache=${REDISPROXY_TEST_SERVERS:-${XDG_CACHE_HOME:-$HOME/.cache}/redisproxy-servers}
mkdir -p "$cache/apt/empty"
work=$cache/apt
: >"$work/status"

# Two concurrent runs would overwrite each other's files.
exec 9>"$work/lock"
flock 9

# suite_apt SUITES TOOL ARGUMENT…: with lists of their own and nothing installed. Signatures are checked, whatever apt.conf says.
suite_apt() {
    state=$work/$(echo "$1" | tr ' ' +)
    tool=$2
    shift 2
    "$tool" -o "Dir::Etc::sourcelist=$state/sources.list" -o "Dir::Etc::sourceparts=$work/empty" \
        -o Dir::Etc::preferences=/dev/null -o "Dir::Etc::preferencesparts=$work/empty" -o "Dir::State=$state" \
        -o "Dir::State::lists=$state/lists" -o "Dir::State::status=$work/status" -o "Dir::Cache=$state/cache" \
        -o Acquire::AllowInsecureRepositories=false -o Acquire::AllowDowngradeToInsecureRepositories=false \
        -o APT::Get::AllowUnauthenticated=false -o APT::Install-Recommends=false -o APT::Sandbox::User= \
        -o Acquire::Languages=none -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false "$@"
}

# The mirror of Debian's main archive that this system installs from; nothing if there is none.
find_mirror() {
    # These are apt's variables.
    # shellcheck disable=SC2016
    apt-get indextargets --format '$(COMPONENT) $(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
        sed -n 's,^main \(.*/debian/*\)$,\1,p' | head -n 1
}

# refresh SUITES: what the mirror has of them today; it is asked once a day.
refresh() {
    state=$work/$(echo "$1" | tr ' ' +)
    [ -z "$(find "$state/refreshed" -mtime -1 2>/dev/null)" ] || return 0
    mkdir -p "$state/lists/partial" "$state/cache/archives/partial"
    for suite in $1; do
        echo "deb [signed-by=$keyring] $mirror $suite main"
    done >"$state/sources.list"
    suite_apt "$1" apt-get update -qq --error-on=any >"$work/log" 2>&1 || return 1
    touch "$state/refreshed"
}

# candidate SUITES PACKAGE VERSION: the newest one that fits, and the suite that has it.
candidate() {
    fits=$3
    [ "$fits" != newest ] || fits='[0-9]*'
    suite_apt "$1" apt-cache madison "$2-server" | sed -n "s,^[^|]*| *\(\([0-9]*:\)*$fits[.][^ ]*\) *|[^|]* \([a-z]*\)/main .*,\1 \3,p" |
        sort -rV | head -n 1
}

# unpack SUITES SUITE PACKAGE VERSION FOLDER: the servers and their libraries, of all that an installation would bring.
unpack() {
    new=$work/new
    rm -rf "$new"
    mkdir -p "$new/packages" "$new/root" "$new/bin"
    packages=$(suite_apt "$1" apt-get install -qq --print-uris -t "$2" "$3-server=$4" "$3-sentinel=$4" "$3-tools=$4" |
        sed -n "s,^'[^']*' \([^_]*\)_\([^_]*\)_.*,\1=\2,p" | sed 's/%3a/:/g' | grep -E "^(lib[^=]*|zlib1g|$3-[a-z]*)=") || return 1
    # Several packages, so no quotes.
    # shellcheck disable=SC2086
    (cd "$new/packages" && suite_apt "$1" apt-get download -qq $packages) || return 1
    for package in "$new"/packages/*.deb; do
        dpkg -x "$package" "$new/root" || return 1
    done
    rm -rf "$new/packages"
    write_starters "$3" || return 1
    "$new/bin/redis-server" --version || return 1
    echo "$4 $2" >"$new/version"
    rm -rf "$5"
    mv "$new" "$5"
}

# write_starters PACKAGE: scripts that become a program of $new/root. They are named as redis's.
write_starters() {
    loader=$(cd "$new/root" && find . -name 'ld-linux*.so.*' | head -n 1)
    folders=$(cd "$new/root" && find . -path '*-linux-gnu*/lib*.so.*' -printf '%h\n' | grep 'linux-gnu[^/]*$' | sort -u)
    # The folder may be moved, so they look where they are themselves.
    # shellcheck disable=SC2016
    for program in $programs; do
        binary='$root/'usr/bin/$1-$program
        {
            echo '#!/bin/sh'
            echo 'root=${0%/bin/*}/root'
            # Which program it is to be, redis reads in its own name.
            printf 'exec "$root/%s" --inhibit-cache --library-path "%s" --argv0 "%s" ${LIST_LIBRARIES:+--list} "%s" "$@"\n' \
                "$loader" "$(echo "$folders" | sed 's,^,$root/,' | paste -s -d :)" "$binary" "$binary"
        } >"$new/bin/redis-$program"
        chmod +x "$new/bin/redis-$program"
        # Nothing may come from this system.
        LIST_LIBRARIES=1 "$new/bin/redis-$program" >"$work/libraries" || return 1
        if grep -F ' => ' "$work/libraries" | grep -v -F " => $new/root/" >&2; then
            return 1
        fi
    done
}

# is_wanted NAME: named on the command line, or all are.
is_wanted() {
    case "$wanted" in
    '  ' | *" $1 "*) return 0 ;;
    *) return 1 ;;
    esac
}

# offer PACKAGE VERSION SUITES: fetches it if there is a newer one than is here, and says what there is now.
offer() {
    trouble=
    name=$1-$2
    if [ -z "$mirror" ] || [ -z "$keyring" ]; then
        trouble="this system installs from no mirror of Debian's"
    elif ! refresh "$3"; then
        trouble="the mirror does not answer for it: $(grep '^[EW]:' "$work/log" | head -n 1)"
    elif ! found=$(candidate "$3" "$1" "$2") || [ -z "$found" ]; then
        trouble="the mirror does not have it"
    fi

    if [ -z "$trouble" ]; then
        version=${found% *}
        suite=${found#* }
        [ "$(cat "$cache/$name/version" 2>/dev/null)" = "$found" ] || {
            say "Fetching $1 $version ($suite)…"
            unpack "$3" "$suite" "$1" "$version" "$cache/$name" >"$work/log" 2>&1 ||
                trouble="it cannot be fetched or does not run here: $(tail -n 1 "$work/log")"
        }
    fi

    # What was fetched another day still serves.
    if [ -f "$cache/$name/version" ]; then
        read -r version suite <"$cache/$name/version"
        printf '%s\t%s\t%s\t%s\n' "$name" "$version" "$suite" "$cache/$name"
    else
        echo "skipped: $name (${3%% *}): $trouble"
    fi
}

mirror=
keyring=
if command -v apt-get >/dev/null && command -v dpkg >/dev/null; then
    mirror=$(find_mirror)
    for file in /usr/share/keyrings/debian-archive-keyring.*; do
        [ ! -f "$file" ] || keyring=$file
    done
fi

echo "$releases" | while read -r package version suites; do
    if is_wanted "$package-$version"; then
        offer "$package" "$version" "$suites" 9>&-
    fi
done
