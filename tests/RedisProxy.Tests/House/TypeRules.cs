using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace RedisProxy.Tests.House;

/// <summary>What is said of whole types, in however many files they stand.</summary>
internal static class TypeRules
{
    public const int MaxParameters = 6;

    /// <summary>Longer than a file may be: their lines may only shrink.</summary>
    public static readonly Dictionary<string, int> LongTypes = new() { ["LoopSocket"] = 471 };

    /// <summary>Wider than others, by name of their file: the number of their parameters may only shrink.</summary>
    public static readonly Dictionary<string, int> WideConstructors = new()
    {
        ["ProxyMetrics"] = 9,
        ["ProxyService"] = 11,
    };

    /// <summary>A name is given once, also in another namespace.</summary>
    public static IEnumerable<Violation> CheckNames(IEnumerable<SourceFile> files) =>
        from file in files
        from type in file.Types
        where type.Parent is BaseNamespaceDeclarationSyntax or CompilationUnitSyntax
        group (file, type) by $"{type.Identifier.Text}`{Arity(type)}" into same
        let other = same.FirstOrDefault(one => !AreParts(one.type, same.First().type) || one.file.Room != same.First().file.Room)
        where other.type is not null
        select other.file.Violates($"there is another '{other.type.Identifier.Text}' in {same.First().file.Path}", other.type);

    /// <summary>All parts together are as short as one file.</summary>
    public static IEnumerable<Violation> CheckLines(IEnumerable<SourceFile> files, IReadOnlyDictionary<string, int> allowed) =>
        from file in files
        from type in file.Types
        where type.Modifiers.Any(SyntaxKind.PartialKeyword) && type.Parent is BaseNamespaceDeclarationSyntax or CompilationUnitSyntax
        group (file, type) by $"{file.Room}/{type.Identifier.Text}" into parts
        let name = parts.First().type.Identifier.Text
        let lines = parts.Select(static part => part.file).Distinct().Sum(static part => part.Lines)
        let max = allowed.GetValueOrDefault(name, SizeRules.MaxProxyFileLines)
        where lines > max || (lines < max && max > SizeRules.MaxProxyFileLines)
        select parts.First().file.Violates($"the parts of '{name}' have at most {max} lines, and now {lines}", parts.First().type);

    /// <summary>Whoever needs more does too much, or they belong together. Records are lists of values, and may be long.</summary>
    public static IEnumerable<Violation> CheckConstructors(SourceFile file)
    {
        int max = WideConstructors.GetValueOrDefault(file.FileName[..^".cs".Length], MaxParameters);
        IEnumerable<ParameterListSyntax?> lists =
        [
            .. file.Types.OfType<TypeDeclarationSyntax>().Where(static type => type is not RecordDeclarationSyntax)
                .Select(static type => type.ParameterList),
            .. file.Root.DescendantNodes().OfType<ConstructorDeclarationSyntax>().Select(static constructor => constructor.ParameterList),
        ];
        return from list in lists.OfType<ParameterListSyntax>()
               where list.Parameters.Count > max
               select file.Violates($"a constructor has at most {max} parameters, not {list.Parameters.Count}", list);
    }

    /// <summary>What is open to others and named by none of them, the tests included.</summary>
    /// <param name="uses">The files that are looked at.</param>
    /// <param name="all">Those that may name something.</param>
    public static IEnumerable<Violation> CheckOpenMembers(FileUses uses, IEnumerable<SourceFile> all)
    {
        Dictionary<string, HashSet<string>> namedIn = NamedIn(all);
        return from file in uses.Files
               from member in file.Root.DescendantNodes().OfType<MemberDeclarationSyntax>()
               where member.Parent is ClassDeclarationSyntax or StructDeclarationSyntax
               let name = OpenName(member)
               where name is not null && !IsNamedByAnother(file, member, name)
                   && namedIn[name].All(path => path == file.Path || IsPartOf(member, path)) && !IsAskedFor(uses, member)
               select file.Violates($"only its own type uses '{name}': it can be private", member);
    }

    private static string? OpenName(MemberDeclarationSyntax member)
    {
        bool isOpen = member.Modifiers.Any(SyntaxKind.PublicKeyword) || member.Modifiers.Any(SyntaxKind.InternalKeyword);
        bool isFixed = member.Modifiers.Any(SyntaxKind.OverrideKeyword) || member.Modifiers.Any(SyntaxKind.ExternKeyword);
        return !isOpen || isFixed ? null : member switch
        {
            MethodDeclarationSyntax method => method.Identifier.Text,
            FieldDeclarationSyntax field => field.Declaration.Variables[0].Identifier.Text,
            PropertyDeclarationSyntax property => property.Identifier.Text,
            _ => null,
        };
    }

    private static bool IsPartOf(MemberDeclarationSyntax member, string path) => Path.GetFileName(path)
        .StartsWith($"{((BaseTypeDeclarationSyntax)member.Parent!).Identifier.Text}.", StringComparison.Ordinal);

    // By another type in the same file.
    private static bool IsNamedByAnother(SourceFile file, MemberDeclarationSyntax member, string name) => file.Root.DescendantNodes()
        .Any(node => node is SimpleNameSyntax named && named.Identifier.Text == name && !member.Parent!.Span.Contains(node.Span));

    private static bool IsAskedFor(FileUses uses, MemberDeclarationSyntax member)
    {
        SemanticModel model = uses.Compilation.GetSemanticModel(member.SyntaxTree);
        SyntaxNode declared = member is FieldDeclarationSyntax field ? field.Declaration.Variables[0] : member;
        return model.GetDeclaredSymbol(declared) is { ContainingType: { } owner } symbol
            && owner.AllInterfaces.SelectMany(static asked => asked.GetMembers())
                .Any(asked => SymbolEqualityComparer.Default.Equals(owner.FindImplementationForInterfaceMember(asked), symbol));
    }

    private static Dictionary<string, HashSet<string>> NamedIn(IEnumerable<SourceFile> files)
    {
        var namedIn = new Dictionary<string, HashSet<string>>(StringComparer.Ordinal);
        foreach (SourceFile file in files)
        {
            foreach (SyntaxToken token in file.Root.DescendantTokens().Where(static token => token.IsKind(SyntaxKind.IdentifierToken)))
            {
                if (!namedIn.TryGetValue(token.ValueText, out HashSet<string>? paths))
                {
                    namedIn.Add(token.ValueText, paths = []);
                }

                paths.Add(file.Path);
            }
        }

        return namedIn;
    }

    private static bool AreParts(BaseTypeDeclarationSyntax one, BaseTypeDeclarationSyntax other) =>
        one == other || (one.Modifiers.Any(SyntaxKind.PartialKeyword) && other.Modifiers.Any(SyntaxKind.PartialKeyword));

    private static int Arity(BaseTypeDeclarationSyntax type) =>
        (type as TypeDeclarationSyntax)?.TypeParameterList?.Parameters.Count ?? 0;
}
