# A CycloneDX 1.6 bill of materials of the program, from its lock file:
#
#   jq --arg version 0.1.0 --arg runtime 10.0.1 --arg time 2026-01-31T12:00:00Z --arg serial UUID --argjson licenses '{"Package/1.0.0":"MIT"}' \
#       --from-file sbom.jq packages.lock.json
#
# Analyzers are in the lock file but not in the program: their scope is "excluded". The runtime is the other way round: the native compiler
# links it into the program, and the SDK, not the lock file, chooses its version.
def purl($name; $version): "pkg:nuget/\($name)@\($version)";

def is_analyzer: test("Analyzers$");

def licence($name; $version): $licenses["\($name)/\($version)"] as $id | if $id then { licenses: [ { license: { id: $id } } ] } else {} end;

def component($name; $version; $scope; $more):
    { type: "library", "bom-ref": purl($name; $version), name: $name, version: $version, scope: $scope } + licence($name; $version)
    + { purl: purl($name; $version) } + $more;

.dependencies["net10.0"] as $locked
| [ $locked | to_entries[] | { name: .key, version: .value.resolved, hash: .value.contentHash, needs: (.value.dependencies // {} | keys) } ] as $packages
| [ ("Microsoft.NETCore.App.Runtime.NativeAOT", "Microsoft.AspNetCore.App.Runtime") + (".linux-x64", ".linux-arm64") ] as $runtimes
| purl("RedisProxy"; $version) as $own
| {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    serialNumber: "urn:uuid:\($serial)",
    version: 1,
    metadata: {
        timestamp: $time,
        tools: { components: [ { type: "application", name: "release.sh", version: $version } ] },
        component: {
            type: "application", "bom-ref": $own, name: "RedisProxy", version: $version,
            licenses: [ { license: { id: "MIT" } } ], purl: $own
        }
    },
    components: (
        [ $packages[] | component(.name; .version; if .name | is_analyzer then "excluded" else "required" end;
            { properties: [ { name: "nuget:contentHash", value: .hash } ] }) ]
        + [ $runtimes[] | component(.; $runtime; "required"; {}) ]),
    dependencies: (
        [ { ref: $own, dependsOn: ([ $locked | to_entries[] | select(.value.type == "Direct" and (.key | is_analyzer | not))
            | purl(.key; .value.resolved) ] + [ $runtimes[] | purl(.; $runtime) ]) } ]
        + [ $packages[] | { ref: purl(.name; .version), dependsOn: [ .needs[] | purl(.; $locked[.].resolved) ] } ]
        + [ $runtimes[] | { ref: purl(.; $runtime), dependsOn: [] } ])
}
