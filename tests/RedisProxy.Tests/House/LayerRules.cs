using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace RedisProxy.Tests.House;

/// <summary>
/// Folders are layers, and know only what is below them; the rooms within a layer share its namespace. Looked at are using
/// directives and qualified names, from <c>RedisProxy</c> on or relative (<c>Topology.TopologyView</c> is found from
/// any namespace of the proxy).
/// </summary>
internal sealed class LayerRules(TypeIndex index)
{
    private const string Root = "RedisProxy";
    private static readonly string[] Planes =
    [
        "Resp", "EventLoops", "Configuration", "Transport", "Actors", "Servers", "Topology",
        "Audit", "Roles", "SentinelFacade", "Notify", "Sessions", "DataPlane", "Failover",
    ];

    /// <summary>What each layer may use of the others. Program.cs stands above all of them.</summary>
    private static readonly Dictionary<string, string[]> Layers = new()
    {
        ["Resp"] = [],
        ["EventLoops"] = [],
        ["Configuration"] = [],
        ["Transport"] = ["Configuration"],
        ["Actors"] = [],
        ["Servers"] = ["Resp", "Configuration", "Transport", "Actors"],
        ["Topology"] = ["Resp", "Configuration", "Actors", "Servers"],
        ["Audit"] = ["Resp", "Configuration", "Servers", "Topology"],
        ["Roles"] = ["Resp", "Configuration", "Actors", "Servers", "Topology"],
        ["SentinelFacade"] = ["Resp", "Configuration", "Transport", "Topology"],
        ["Notify"] = ["Configuration", "Actors", "Topology", "Audit"],
        ["Sessions"] = ["Resp", "EventLoops", "Configuration", "Transport", "Topology"],
        ["DataPlane"] = ["EventLoops", "Configuration", "Transport", "Servers", "Topology", "Sessions"],
        ["Failover"] = ["Resp", "Configuration", "Servers", "Topology", "Audit", "DataPlane"],
        ["Admin"] = Planes,
        ["Hosting"] = [.. Planes, "Admin"],
        ["CommandLine"] = ["Configuration", "Transport", "Servers", "Topology", "Audit", "Hosting"],
    };

    /// <summary>Layers that depend on nothing, or nearly nothing, that is not System.</summary>
    private static readonly Dictionary<string, string[]> Foreign = new()
    {
        ["Resp"] = [],
        ["EventLoops"] = ["Microsoft.Extensions.Logging", "Pipelines.Sockets.Unofficial"],
        ["Configuration"] = ["Microsoft.Extensions"],
    };

    private static readonly string[] ContainerNamespaces =
        ["Microsoft.Extensions.DependencyInjection", "Microsoft.Extensions.Options", "Microsoft.Extensions.Hosting"];

    private static readonly string[] MayKnowContainer = ["Hosting", "Admin", ""];

    public IEnumerable<Violation> Check(SourceFile file) =>
        [.. CheckPlace(file), .. CheckLayers(file), .. CheckForeign(file), .. CheckContainer(file)];

    // Otherwise a file could stand in one layer and live in another.
    private static IEnumerable<Violation> CheckPlace(SourceFile file)
    {
        if (file.Layer.Length > 0 && !Layers.ContainsKey(file.Layer))
        {
            yield return new Violation(file.Path, 1, $"folder '{file.Layer}' is no layer; the layers are {string.Join(", ", Layers.Keys)}");
        }

        string expected = file.Layer.Length > 0 ? $"{Root}.{file.Layer}" : Root;
        foreach (BaseNamespaceDeclarationSyntax declared in file.Root.DescendantNodes().OfType<BaseNamespaceDeclarationSyntax>())
        {
            if (SourceFile.Compact(declared.Name) != expected)
            {
                yield return file.Violates($"the namespace of this folder is {expected}", declared);
            }
        }

        foreach (UsingDirectiveSyntax used in file.Usings.Where(static used => used.GlobalKeyword.IsKind(SyntaxKind.GlobalKeyword)))
        {
            yield return file.Violates("a global using hides what a file depends on", used);
        }
    }

    private IEnumerable<Violation> CheckLayers(SourceFile file)
    {
        if (file.Layer.Length == 0 || !Layers.TryGetValue(file.Layer, out string[]? allowed))
        {
            return [];
        }

        return from name in file.DottedNames()
               let used = LayerOf(name.Parts)
               where used is not null && used != file.Layer && !allowed.Contains(used)
               select file.Violates($"{file.Layer} must not use {used}", name.First.SpanStart);
    }

    private string? LayerOf(string[] parts) => parts switch
    {
        [Root, var layer, ..] => layer,
        [var layer, var name, ..] when index.Declares(layer, name) => layer,
        _ => null,
    };

    private static IEnumerable<Violation> CheckForeign(SourceFile file)
    {
        if (!Foreign.TryGetValue(file.Layer, out string[]? allowed))
        {
            return [];
        }

        string[] all = [.. allowed, "System", Root];
        IEnumerable<Violation> imported =
            from used in file.Usings
            let name = SourceFile.Compact(used.NamespaceOrType).Replace("global::", "", StringComparison.Ordinal)
            where !all.Any(space => IsWithin(name, space))
            select file.Violates($"{file.Layer} must not use {name}", used);
        return imported.Concat(
            from used in MicrosoftNames(file)
            where !all.Any(space => IsWithin(used.Name, space))
            select file.Violates($"{file.Layer} must not use {used.Name}", used.Position));
    }

    private static IEnumerable<Violation> CheckContainer(SourceFile file) =>
        from used in MayKnowContainer.Contains(file.Layer) ? [] : MicrosoftNames(file)
        where ContainerNamespaces.Any(space => IsWithin(used.Name, space))
        select file.Violates($"{file.Layer} must not know the container: {used.Name}", used.Position);

    private static IEnumerable<(string Name, int Position)> MicrosoftNames(SourceFile file) =>
        from name in file.DottedNames()
        where name.Parts[0] == "Microsoft"
        select (string.Join('.', name.Parts), name.First.SpanStart);

    private static bool IsWithin(string name, string space) =>
        name == space || name.StartsWith(space + ".", StringComparison.Ordinal);
}
