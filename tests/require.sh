# Sourced by the scripts at the top of the repository and in benchmarks: makes sure that programs are installed.

say() { printf '%s\n' "$*" >&2; }

fail() {
    say "$*"
    exit 1
}

# require WHAT:PACKAGE…: installs Debian's packages for the programs and files that are missing, and says so first.
require() {
    missing=
    for pair in "$@"; do
        is_there "${pair%%:*}" || missing="$missing ${pair##*:}"
    done

    [ -n "$missing" ] || return 0
    command -v apt-get >/dev/null || fail "Please install:$missing. (There is no apt-get on this system.)"
    root=
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || fail "Please install, as root: apt-get install$missing"
        root=sudo
    fi

    say "Installing from this system's packages:$missing"
    say "Debian starts some of them as services on their usual ports. These scripts do not use those services;"
    say "to remove them afterwards: apt-get remove$missing"
    $root apt-get update -q >&2
    # Several packages, so no quotes.
    # shellcheck disable=SC2086
    $root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y $missing >&2
}

# is_there WHAT: a program in PATH, or a file; with wildcards, any such file.
is_there() {
    case "$1" in
    /*)
        for file in $1; do
            [ ! -e "$file" ] || return 0
        done
        return 1
        ;;
    *) command -v "$1" >/dev/null ;;
    esac
}

# What every test with another program needs.
require_servers() {
    require redis-server:redis-server redis-sentinel:redis-sentinel redis-cli:redis-tools redis-benchmark:redis-tools setpriv:util-linux
}

# What surrounds a proxy in production, as far as tests run it.
require_surroundings() {
    require promtool:prometheus prometheus:prometheus haproxy:haproxy systemd-analyze:systemd
}

# The clients and workers that the tests run through the proxy. The tests install those for Node.js from their lock file.
require_clients() {
    require python3:python3 "/usr/lib/python3/dist-packages/redis/__init__.py:python3-redis" \
        node:nodejs npm:npm gcc:gcc /usr/include/stdio.h:libc6-dev /usr/include/hiredis/hiredis.h:libhiredis-dev \
        php:php-cli '/usr/lib/php/*/redis.so:php-redis' \
        /usr/lib/python3/dist-packages/rq/__init__.py:python3-rq /usr/lib/python3/dist-packages/celery/__init__.py:python3-celery \
        sidekiq:ruby-sidekiq
}

require_dotnet() {
    command -v dotnet >/dev/null || fail "The .NET SDK is needed: https://dotnet.microsoft.com/download (global.json says which)."
}

# For tests that create their own networks and break them.
require_privileges() {
    [ "$(id -u)" -eq 0 ] || fail "--privileged needs root: it creates network namespaces and filters packets in them. Try: sudo ./test.sh --privileged"
    require ip:iproute2 nft:nftables
}

# For tests that build the container image and the Debian package, and run them as an engine and a system would.
require_container() {
    [ "$(id -u)" -eq 0 ] || fail "--container needs root: it builds in a chroot, mounts, and creates network namespaces. Try: sudo ./test.sh --container"
    require buildah:buildah mmdebstrap:mmdebstrap ip:iproute2 unshare:util-linux go:golang-go redis-cli:redis-tools jq:jq \
        /usr/share/gocode/src/github.com/Masterminds/sprig:golang-github-masterminds-sprig-dev \
        /usr/share/gocode/src/sigs.k8s.io/yaml:golang-k8s-sigs-yaml-dev
}

# Release is built without the analyzers, which take longer than the compiler: they see the same code in Debug, in ./test.sh.

# build PROJECT…: in Release; silent unless it fails.
build() {
    say "Building (Release)…"
    for project in "$@"; do
        output=$(dotnet build "$project" --configuration Release --nologo --verbosity quiet -p:RunAnalyzers=false 2>&1) || fail "$output"
    done
}

# publish PROJECT FOLDER: one native program in that folder, as users run it.
publish() {
    say "Compiling $1 to a native program…"
    output=$(dotnet publish "$1" --configuration Release --output "$2" --nologo --verbosity quiet -p:RunAnalyzers=false 2>&1) || fail "$output"
}

# pack PROJECT FOLDER: .NET tool packages of this version for this machine, the only ones in that folder. After publish, whose native program
# they take over instead of compiling it again.
pack() {
    say "Packing $1 as a .NET tool…"
    rm -rf "$2"
    output=$(dotnet pack "$1" --configuration Release --output "$2" --nologo --verbosity quiet -p:RunAnalyzers=false 2>&1) || fail "$output"
}

# The tests start the native program that users run, unless REDISPROXY_PROGRAM already names another one.
use_native_proxy() {
    if [ -z "${REDISPROXY_PROGRAM:-}" ]; then
        publish src/RedisProxy src/RedisProxy/bin/native
        export REDISPROXY_PROGRAM="$PWD/src/RedisProxy/bin/native/RedisProxy"
    fi
}

# What publish compiles and links with.
require_compiler() {
    require gcc:gcc /usr/include/stdio.h:libc6-dev /usr/include/zlib.h:zlib1g-dev
}

# asks_for_help ARGUMENT…
asks_for_help() {
    for argument in "$@"; do
        case "$argument" in
        --help | -h) return 0 ;;
        esac
    done
    return 1
}
