using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace RedisProxy.Tests.House;

/// <summary>The tests of all assemblies, by their sources, for documents and scripts that name some.</summary>
internal static class TestNames
{
    private static readonly Lazy<string[]> AllNames = new(() => [.. Find()]);

    /// <summary>Namespace, class and method: <c>RedisProxy.Tests.House.TestNamesTests.All_HasBothAssemblies</c>.</summary>
    public static IReadOnlyList<string> All => AllNames.Value;

    public static bool IsTest(SourceFile file) =>
        file.Path.StartsWith("tests/RedisProxy.Tests/", StringComparison.Ordinal)
        || file.Path.StartsWith("tests/RedisProxy.ProcessTests/", StringComparison.Ordinal);

    private static IEnumerable<string> Find() =>
        from file in SourceTree.Files.Where(IsTest)
        where file.Text.Contains("Fact", StringComparison.Ordinal) || file.Text.Contains("[Theory", StringComparison.Ordinal)
        from space in file.Root.Members.OfType<FileScopedNamespaceDeclarationSyntax>()
        from type in space.Members.OfType<TypeDeclarationSyntax>()
        from method in type.Members.OfType<MethodDeclarationSyntax>()
        where method.AttributeLists.SelectMany(list => list.Attributes).Any(mark => IsMark(mark.Name.ToString()))
        select $"{space.Name}.{type.Identifier.Text}.{method.Identifier.Text}";

    // A fact, or one under a condition.
    private static bool IsMark(string name) => name == "Theory" || name.EndsWith("Fact", StringComparison.Ordinal);
}
