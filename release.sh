#!/bin/sh
# Builds what a release consists of, and checks it. Publishes nothing.
#   ./release.sh                        what would be built, and where (--dry-run)
#   ./release.sh --build [FOLDER]       builds all of it; FOLDER is "release" unless given, and is emptied first
#   ./release.sh --verify [FOLDER]      checks a built or downloaded one: sums, versions, the bill of materials against packages.lock.json
#   ./release.sh --set-version X.Y.Z    writes another version wherever it is written, with a new heading in the change log
#   --only x64 or --only arm64          with --build: programs, packages and archives of this processor only
# A release has, for linux-x64 and linux-arm64, an archive, a Debian package and a .NET tool; the Helm chart; the Aspire integration; the bill of
# materials (CycloneDX); and SHA256SUMS. The container image is built by the Dockerfile. The same sources, SDK and compilers give the same program; times in
# archives are SOURCE_DATE_EPOCH, which is the time of the last commit unless it is set.
set -eu
cd "$(dirname "$0")"
. tests/require.sh

version=$(sed -n 's|.*<Version>\(.*\)</Version>.*|\1|p' Directory.Build.props)
folder=release
mode=--dry-run
processors='x64 arm64'
while [ $# -gt 0 ]; do
    case "$1" in
    --help | -h)
        sed -n '2,/^set/s/^# *//p' "$0"
        exit 0
        ;;
    --dry-run) mode=$1 ;;
    --build | --verify)
        mode=$1
        case "${2--}" in -*) ;; *) folder=$2 && shift ;; esac
        ;;
    --set-version)
        mode=$1
        printf '%s' "${2-}" | grep -Eqx '[0-9]+\.[0-9]+\.[0-9]+' || fail "--set-version needs a version, for example 0.2.0"
        new_version=$2
        shift
        ;;
    --only)
        case "${2-}" in x64 | arm64) processors=$2 ;; *) fail "--only needs x64 or arm64" ;; esac
        shift
        ;;
    *) fail "Unknown: $1. See ./release.sh --help" ;;
    esac
    shift
done

name=redisproxy-$version
sbom=$name.cdx.json
own_processor=x64
[ "$(uname -m)" = x86_64 ] || own_processor=arm64
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || stat -c %Y Directory.Build.props)}
export SOURCE_DATE_EPOCH

# debian_name PROCESSOR
debian_name() { if [ "$1" = x64 ]; then echo amd64; else echo arm64; fi; }

# For the other processor clang compiles, with that one's C library; see Dockerfile.
cross='-p:CppCompilerAndLinker=clang -p:LinkerFlavor=lld'

require_build() {
    require_dotnet
    require jq:jq dpkg-deb:dpkg
    require_compiler
    for processor in $processors; do
        [ "$processor" = "$own_processor" ] || case "$processor" in
        arm64) require clang:clang ld.lld:lld llvm-objcopy:llvm aarch64-linux-gnu-gcc:gcc-aarch64-linux-gnu \
            /usr/aarch64-linux-gnu/include/stdio.h:libc6-dev-arm64-cross ;;
        x64) require clang:clang ld.lld:lld llvm-objcopy:llvm x86_64-linux-gnu-gcc:gcc-x86-64-linux-gnu \
            /usr/x86_64-linux-gnu/include/stdio.h:libc6-dev-amd64-cross ;;
        esac
    done
}

# quietly COMMAND…: its output only if it fails.
quietly() { output=$("$@" 2>&1) || fail "$output"; }

# compile publish|pack PROJECT [OPTION…]: the same bytes in any folder, which debugging information, not shipped anyway, would not have. The analyzers have
# seen the same code in the tests' build.
compile() {
    what=$1
    project=$2
    shift 2
    quietly dotnet "$what" "$project" --configuration Release --nologo --verbosity quiet -p:RunAnalyzers=false -p:DebugType=none \
        -p:ContinuousIntegrationBuild=true "-p:PathMap=$PWD=/_/" "$@"
}

# archive FOLDER NAME FILE: the same bytes for the same content.
archive() {
    tar --create --directory "$1" --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --mode='u+rw,go=u-w' "$2" \
        | gzip --no-name -9 >"$3"
}

build_program() {
    say "linux-$1: compiling…"
    # shellcheck disable=SC2046 # several words
    compile publish src/RedisProxy --output "$work/$1" --runtime "linux-$1" $([ "$1" = "$own_processor" ] || echo "$cross")
}

build_archive() {
    root=$work/archive/$name-linux-$1
    mkdir -p "$root"
    cp "$work/$1/RedisProxy" LICENSE README.md CHANGELOG.md proxy.json deploy/systemd/redisproxy.service "$root"
    archive "$work/archive" "$name-linux-$1" "$folder/$name-linux-$1.tar.gz"
}

# The unit is that of deploy/systemd, with the places and the user of the package.
build_package() {
    root=$work/debian/$1
    documents=$root/usr/share/doc/redisproxy
    install -D -m 755 "$work/$1/RedisProxy" "$root/usr/bin/RedisProxy"
    install -D -m 644 deploy/debian/proxy.json "$root/etc/redisproxy/proxy.json"
    install -D -m 644 proxy.json "$documents/examples/proxy.json"
    install -m 644 LICENSE "$documents/copyright"
    install -m 644 README.md CHANGELOG.md "$documents"
    install -d "$root/usr/lib/systemd/system" "$root/DEBIAN"
    sed -e '1,/^$/d' -e 's|/usr/local/bin/|/usr/bin/|' -e 's|^DynamicUser=yes|User=redisproxy|' deploy/systemd/redisproxy.service \
        >"$root/usr/lib/systemd/system/redisproxy.service"
    echo /etc/redisproxy/proxy.json >"$root/DEBIAN/conffiles"
    (cd "$root" && find etc usr -type f | LC_ALL=C sort | xargs md5sum >DEBIAN/md5sums)
    sed -e "s/@VERSION@/$version/" -e "s/@ARCHITECTURE@/$(debian_name "$1")/" \
        -e "s/@SIZE@/$(du -k --apparent-size --summarize "$root" | cut -f 1)/" deploy/debian/control >"$root/DEBIAN/control"
    install -m 755 deploy/debian/postinst deploy/debian/prerm deploy/debian/postrm "$root/DEBIAN"
    quietly dpkg-deb --root-owner-group --build "$root" "$folder/redisproxy_${version}_$(debian_name "$1").deb"
}

# build_tool [OPTION…]: without, for this processor and portable.
build_tool() { compile pack src/RedisProxy --output "$folder" "$@"; }

build_integration() { compile pack src/RedisProxy.Aspire.Hosting --output "$folder"; }

build_chart() {
    mkdir -p "$work/chart"
    cp -R deploy/helm/redisproxy "$work/chart"
    archive "$work/chart" redisproxy "$folder/redisproxy-chart-$version.tgz"
}

build_bill() {
    lock=src/RedisProxy/packages.lock.json
    packages=${NUGET_PACKAGES:-$HOME/.nuget/packages}
    runtime=$(dotnet msbuild src/RedisProxy -getProperty:BundledNETCoreAppPackageVersion)
    licences=$({
        jq -r '.dependencies["net10.0"] | to_entries[] | "\(.key)/\(.value.resolved)"' $lock
        for processor in x64 arm64; do
            for package in Microsoft.NETCore.App.Runtime.NativeAOT Microsoft.AspNetCore.App.Runtime; do
                echo "$package.linux-$processor/$runtime"
            done
        done
    } | while read -r package; do
        lower=$(printf '%s' "$package" | tr '[:upper:]' '[:lower:]')
        id=$(sed -n 's|.*<license type="expression">\([^<]*\)<.*|\1|p' "$packages/$lower/"*.nuspec 2>/dev/null || :)
        [ -z "$id" ] || jq -n --arg package "$package" --arg id "$id" '{ ($package): $id }'
    done | jq --slurp 'add')
    digest=$(printf '%s %s' "$version" "$(cat $lock)" | sha256sum)
    serial=$(printf '%s' "$digest" | sed 's/^\(.\{8\}\)\(.\{4\}\).\(.\{3\}\).\(.\{3\}\)\(.\{12\}\).*/\1-\2-5\3-a\4-\5/')
    jq --arg version "$version" --arg runtime "$runtime" --arg serial "$serial" --argjson licenses "$licences" \
        --arg time "$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y-%m-%dT%H:%M:%SZ)" --from-file deploy/release/sbom.jq $lock >"$folder/$sbom"
}

build_all() {
    require_build
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    # Nothing is emptied by a slip of the keyboard.
    if [ -e "$folder" ] && [ -n "$(ls -A "$folder")" ] && ! (cd "$folder" && grep -qs " $name-" SHA256SUMS && has_all_sums); then
        fail "$folder is no release and not empty; name another folder"
    fi
    rm -rf "$folder"
    mkdir -p "$folder"
    folder=$(cd "$folder" && pwd)
    for processor in $processors; do
        build_program "$processor"
        say "linux-$processor: archive, Debian package, .NET tool…"
        build_archive "$processor"
        build_package "$processor"
        # shellcheck disable=SC2086 # several words
        [ "$processor" = "$own_processor" ] || build_tool --runtime "linux-$processor" $cross
    done

    say "linux-$own_processor and portable .NET tool, Aspire integration, chart, bill of materials, sums…"
    build_tool
    build_integration
    build_chart
    build_bill
    (cd "$folder" && find . -type f ! -name SHA256SUMS | sed 's|^\./||' | LC_ALL=C sort | xargs sha256sum >SHA256SUMS)
    ls -l "$folder" >&2
}

wrong=0
# expect WHAT COMMAND…: says whether it is so.
expect() {
    what=$1
    shift
    if "$@" >/dev/null 2>&1; then
        printf 'good   %s\n' "$what"
    else
        printf 'WRONG  %s\n' "$what"
        wrong=$((wrong + 1))
    fi
}

has_all_sums() {
    [ "$(cut -c 67- SHA256SUMS)" = "$(find . -type f ! -name SHA256SUMS | sed 's|^\./||' | LC_ALL=C sort)" ]
}

# says_version PROCESSOR: the program in the archive; that of another processor only where it can be run.
says_version() {
    tar --extract --gzip --file "$name-linux-$1.tar.gz" --directory "$work"
    program=$work/$name-linux-$1/RedisProxy
    if [ "$1" = "$own_processor" ]; then
        [ "$("$program" --version)" = "RedisProxy $version" ]
    else
        [ "$("qemu-aarch64-static" -L /usr/aarch64-linux-gnu "$program" --version)" = "RedisProxy $version" ]
    fi
}

is_complete() {
    jq --exit-status --slurpfile lock "$locks" '
        ([ .components[] | "\(.name)/\(.version)" ] | sort) as $has
        | ([ $lock[0].dependencies["net10.0"] | to_entries[] | "\(.key)/\(.value.resolved)" ] | sort) as $wants
        | ($wants - $has) == [] and ([ $has[] | select(test("/10\\.")) ] | length) >= 4' "$sbom"
}

is_bill() {
    jq --exit-status --arg version "$version" '
        .bomFormat == "CycloneDX" and .specVersion == "1.6" and .metadata.component.version == $version
        and (.serialNumber | test("^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"))
        and ([ .components[] | .type, .name, .version, .purl, ."bom-ref" ] | all)
        and ([ .components[] | select(.licenses == null) ] | length) == 0
        and ([ .components[]."bom-ref" ] | length) == ([ .components[]."bom-ref" ] | unique | length)
        and ([ .dependencies[].dependsOn[] ] - [ .components[]."bom-ref" ]) == []' "$sbom"
}

verify_all() {
    require jq:jq dpkg-deb:dpkg
    locks=$PWD/src/RedisProxy/packages.lock.json
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    cd "$folder" || fail "There is no folder $folder. Build it first: ./release.sh --build"
    expect "SHA256SUMS: every sum" sha256sum --check --strict SHA256SUMS
    expect "SHA256SUMS: every file" has_all_sums
    [ "$wrong" -eq 0 ] || fail "Nothing of it is run: these are not the files that the sums were made for."
    for processor in $processors; do
        [ -e "$name-linux-$processor.tar.gz" ] || continue
        if [ "$processor" = "$own_processor" ] || command -v qemu-aarch64-static >/dev/null; then
            expect "$name-linux-$processor: the program says $version" says_version "$processor"
        else
            printf '-      %s\n' "$name-linux-$processor: not run, this machine is another one and qemu-aarch64-static is missing"
        fi
        package=redisproxy_${version}_$(debian_name "$processor").deb
        expect "$package: version" test "$(dpkg-deb --field "$package" Version)" = "$version"
        expect "$package: the program of the archive" cmp "$work/$name-linux-$processor/RedisProxy" \
            "$(dpkg-deb --extract "$package" "$work/$processor.deb" && echo "$work/$processor.deb/usr/bin/RedisProxy")"
        expect "RedisProxy.linux-$processor.$version.nupkg is there" test -s "RedisProxy.linux-$processor.$version.nupkg"
    done
    expect "RedisProxy.Aspire.Hosting.$version.nupkg is there" test -s "RedisProxy.Aspire.Hosting.$version.nupkg"
    expect "redisproxy-chart-$version.tgz: version and appVersion" test "$(tar --extract --gzip --to-stdout \
        --file "redisproxy-chart-$version.tgz" redisproxy/Chart.yaml | grep -ic "version: $version$")" -eq 2
    expect "$sbom: fields that CycloneDX 1.6 requires, licences, references" is_bill
    expect "$sbom: every package of packages.lock.json, and the runtime" is_complete
    [ "$wrong" -eq 0 ] || fail "$wrong wrong"
}

set_version() {
    pattern=$(printf '%s' "$version" | sed 's/\./\\./g')
    sed -i "s|<Version>$pattern<|<Version>$new_version<|" Directory.Build.props
    for file in Dockerfile README.md README.zh-CN.md docs/deploy.md deploy/compose/compose.yaml deploy/helm/redisproxy/Chart.yaml \
        deploy/kubernetes/central/kustomization.yaml deploy/kubernetes/sidecar/kustomization.yaml; do
        sed -i -E "s/(redisproxy:|redisproxy_|redisproxy-|newTag: |[vV]ersion: |version |version=\"|版本 )$pattern\b/\1$new_version/g" "$file"
    done
    sed -i "0,/^## /s//## $new_version\n\n## /" CHANGELOG.md
    say "It is $new_version now. Fill in its part of CHANGELOG.md."
}

case "$mode" in
--build) build_all ;;
--verify) verify_all ;;
--set-version) set_version ;;
*)
    say "Would build version $version into $folder/ (with --build):"
    for processor in $processors; do
        how=$([ "$processor" = "$own_processor" ] && echo "gcc" || echo "clang and the C library of that processor")
        say "  $name-linux-$processor.tar.gz, redisproxy_${version}_$(debian_name "$processor").deb, RedisProxy.linux-$processor.$version.nupkg ($how)"
    done
    say "  RedisProxy.$version.nupkg, RedisProxy.any.$version.nupkg, RedisProxy.Aspire.Hosting.$version.nupkg, redisproxy-chart-$version.tgz, $sbom, SHA256SUMS"
    ;;
esac
