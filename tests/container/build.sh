#!/bin/sh
# Builds the Dockerfile's image without a container engine and without access to an image registry: build.sh FOLDER
#
# Debian's buildah builds it, in a chroot, as root. The two base images are replaced by images made here: a Debian root with the compiler,
# into which this machine's .NET SDK and packages are mounted; and an equivalent of "chiselled": the C library, a few others, certificates
# and a user, but no programs.
#
# FOLDER then contains: rootfs, the image's complete file system; image.json, its configuration; layers/, its layers; base/, its base image
# as an OCI layout; log.
# Roots and images that rarely change are kept in REDISPROXY_CONTAINER_CACHE (default: redisproxy-container in the user's cache folder);
# remove that folder to rebuild them.
set -eu
cd "$(dirname "$0")/../.."
folder=$1
mkdir -p "$folder"
exec >"$folder/log" 2>&1

cache=${REDISPROXY_CONTAINER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/redisproxy-container}
mkdir -p "$cache"
# One at a time.
exec 9>"$cache/lock"
flock 9
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
build_image=$(sed -n 's/^FROM .* \([^ ]*\) AS build$/\1/p' Dockerfile)
base_image=$(sed -n 's/^FROM \([^ ]*-chiseled\)$/\1/p' Dockerfile)

# Without the lock: what a build leaves running, such as the compiler's server, would keep it.
buildah() {
    command buildah --storage-driver vfs --root "$cache/storage" --runroot "$cache/run" "$@" 9>&-
}

# An image from a folder: make_image TAG FOLDER [option of buildah config…]
make_image() {
    tag=$1
    root=$2
    shift 2
    container=$(buildah from scratch)
    buildah add --quiet "$container" "$root" /
    buildah config "$@" "$container"
    buildah commit --quiet --rm "$container" "$tag"
}

if [ ! -e "$cache/debian/done" ]; then
    rm -rf "$cache/debian"
    mmdebstrap --variant=minbase --include=gcc,libc6-dev,zlib1g-dev,libssl3,libstdc++6,ca-certificates "$suite" "$cache/debian"
    touch "$cache/debian/done"
fi

if ! buildah inspect --type image "$build_image" >/dev/null 2>&1; then
    mkdir -p "$cache/debian/usr/share/dotnet" "$cache/debian/root/.nuget"
    ln -sf /usr/share/dotnet/dotnet "$cache/debian/usr/bin/dotnet"
    make_image "$build_image" "$cache/debian" --env DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 --env DOTNET_CLI_TELEMETRY_OPTOUT=1 \
        --env DOTNET_NOLOGO=1
fi

if ! buildah inspect --type image "$base_image" >/dev/null 2>&1; then
    base=$cache/base
    rm -rf "$base"
    mkdir -p "$base/usr/lib64" "$base/dev" "$base/etc/ssl/certs" "$base/home/app" "$base/proc" "$base/run" "$base/sys" "$base/tmp"
    chmod 1777 "$base/tmp"
    ln -s usr/lib "$base/lib"
    ln -s usr/lib64 "$base/lib64"
    for library in libc.so.6 libm.so.6 libdl.so.2 libpthread.so.0 librt.so.1 libresolv.so.2 libnss_dns.so.2 libnss_files.so.2 \
        libgcc_s.so.1 'libstdc++.so.6' libssl.so.3 libcrypto.so.3 libz.so.1 'ld-linux-*.so.?'; do
        for found in "$cache"/debian/usr/lib/*-linux-gnu/$library; do
            target=$base/${found#"$cache/debian/"}
            mkdir -p "$(dirname "$target")"
            cp -L "$found" "$target"
        done
    done

    # The loader, under the name by which programs ask for it.
    for loader in "$cache"/debian/lib64/ld-linux-*.so.? "$cache"/debian/lib/ld-linux-*.so.?; do
        [ ! -e "$loader" ] || cp -L "$loader" "$base/${loader#"$cache/debian/"}"
    done
    cp -L "$cache/debian/etc/ssl/certs/ca-certificates.crt" "$base/etc/ssl/certs/"
    printf 'root:x:0:0:root:/root:/sbin/nologin\napp:x:1654:1654::/home/app:/sbin/nologin\n' >"$base/etc/passwd"
    printf 'root:x:0:\napp:x:1654:\n' >"$base/etc/group"
    echo 'hosts: files dns' >"$base/etc/nsswitch.conf"
    # Where an engine mounts its own.
    : >"$base/etc/hosts"
    : >"$base/etc/resolv.conf"
    chown -R 1654:1654 "$base/home/app"
    make_image "$base_image" "$base" --env APP_UID=1654 --env ASPNETCORE_HTTP_PORTS=8080 --env DOTNET_RUNNING_IN_CONTAINER=true \
        --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin --user 1654
fi

packages=${NUGET_PACKAGES:-$HOME/.nuget/packages}
mkdir -p "$packages" "$HOME/.nuget/NuGet"
dotnet=$(dirname "$(readlink -f "$(command -v dotnet)")")

# What a run that was ended left behind.
buildah rm --all >/dev/null
buildah build --isolation chroot --pull-never --format docker --tag redisproxy \
    --build-arg "TARGETARCH=$(dpkg --print-architecture)" \
    --volume "$dotnet:/usr/share/dotnet:ro" \
    --volume "$packages:/root/.nuget/packages" \
    --volume "$HOME/.nuget/NuGet:/root/.nuget/NuGet" \
    .

buildah inspect --type image redisproxy >"$folder/image.json"
buildah push --quiet redisproxy "dir:$folder/layers"
buildah push --quiet "$base_image" "oci:$folder/base"
container=$(buildah from --pull-never redisproxy)
cp -a "$(buildah mount "$container")" "$folder/rootfs"
buildah rm "$container"
