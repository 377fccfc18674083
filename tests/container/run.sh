#!/bin/sh
# Runs a program of an image as an engine would with --read-only, --cap-drop ALL and no-new-privileges (this shell becomes it):
#
#   run.sh ROOTFS CONFIGURATION USER DIRECTORY PROGRAM [ARGUMENT…]
#
# Its root is the image's file system, read-only; CONFIGURATION is a folder that it sees as /etc/redisproxy. It uses this shell's network.
# Needs root; the mounts are visible to the program only. The environment is passed on unchanged.
set -eu
if [ "$1" != --inside ]; then
    exec unshare --mount --propagation private -- "$0" --inside "$@"
fi

root=$(readlink -f "$2")
configuration=$3
user=$4
directory=$5
shift 5

# As engines do for what they mount.
mkdir -p "$root/etc/redisproxy"
mount --bind "$root" "$root"
mount --bind "$configuration" "$root/etc/redisproxy"
mount -o remount,bind,ro "$root/etc/redisproxy"
for file in hosts resolv.conf; do
    mount --bind "/etc/$file" "$root/etc/$file"
done
mount --rbind /proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -o remount,bind,ro "$root"

exec setpriv --clear-groups --no-new-privs -- unshare --root "$root" --wd "$directory" --setgid "$user" --setuid "$user" -- "$@"
