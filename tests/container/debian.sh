#!/bin/sh
# A small Debian for tests of the package: as root, and without a container engine.
#
#   debian.sh --make ROOT             copies one into that folder
#   debian.sh ROOT [USER] -- COMMAND  this shell becomes the command, in it; mounts are visible to the command only, the network is this one
#
# The one that is copied is kept in REDISPROXY_CONTAINER_CACHE, see build.sh.
set -eu
if [ "$1" = --make ]; then
    cache=${REDISPROXY_CONTAINER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/redisproxy-container}
    mkdir -p "$cache"
    exec 9>"$cache/lock"
    flock 9
    if [ ! -e "$cache/plain/done" ]; then
        rm -rf "$cache/plain"
        mmdebstrap --quiet --variant=minbase --include=adduser,libssl3 "$(. /etc/os-release && echo "$VERSION_CODENAME")" "$cache/plain"
        touch "$cache/plain/done"
    fi
    cp -a "$cache/plain" "$2"
    exit
fi

[ "$1" = --inside ] || exec unshare --mount --propagation private -- "$0" --inside "$@"
root=$2
user=root
shift 2
if [ "$1" != -- ]; then
    user=$1
    shift
fi
shift

mount --rbind /proc "$root/proc"
mount --rbind /dev "$root/dev"
exec chroot --userspec="$user:$user" "$root" "$@"
