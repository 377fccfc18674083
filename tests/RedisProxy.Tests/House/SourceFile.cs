using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace RedisProxy.Tests.House;

/// <summary>One source file, as the rules look at it.</summary>
internal sealed class SourceFile
{
    private const string ProxyFolder = "src/RedisProxy/";

    private static readonly CSharpParseOptions Options = new(LanguageVersion.Preview, DocumentationMode.None);

    private readonly Lazy<SyntaxTree> _tree;

    /// <param name="path">Relative to the root of the tree, with forward slashes.</param>
    /// <param name="text">As it is on disk.</param>
    public SourceFile(string path, string text)
    {
        Path = path;
        Text = text;
        _tree = new Lazy<SyntaxTree>(() => CSharpSyntaxTree.ParseText(text, Options, path));
    }

    public string Path { get; }

    public string Text { get; }

    public SyntaxTree Tree => _tree.Value;

    public CompilationUnitSyntax Root => Tree.GetCompilationUnitRoot();

    public string FileName => Path[(Path.LastIndexOf('/') + 1)..];

    public bool IsProxy => Path.StartsWith(ProxyFolder, StringComparison.Ordinal);

    /// <summary>The folder right below the proxy's; empty for Program.cs, which stands outside of the layers.</summary>
    public string Layer => Folders is [string layer, ..] ? layer : "";

    /// <summary>The folder below the proxy's: <c>Sessions/State</c>.</summary>
    public string Room => string.Join('/', Folders);

    /// <summary>Folders below the proxy's.</summary>
    public IReadOnlyList<string> Folders => IsProxy ? Path[ProxyFolder.Length..].Split('/')[..^1] : [];

    public int Lines => Text.AsSpan().Count('\n') + (Text.EndsWith('\n') ? 0 : 1);

    /// <summary>Classes, structs, records, interfaces and enums, also those within others.</summary>
    public IEnumerable<BaseTypeDeclarationSyntax> Types => Root.DescendantNodes().OfType<BaseTypeDeclarationSyntax>();

    public IEnumerable<UsingDirectiveSyntax> Usings => Root.DescendantNodes().OfType<UsingDirectiveSyntax>();

    /// <summary>Identifiers joined by dots, each run from its beginning; those that name a namespace's declaration are left out.</summary>
    public IEnumerable<(string[] Parts, SyntaxToken First)> DottedNames()
    {
        foreach (SyntaxToken first in Root.DescendantTokens().Where(static token => token.IsKind(SyntaxKind.IdentifierToken)))
        {
            bool isRest = first.GetPreviousToken().IsKind(SyntaxKind.DotToken);
            bool isDeclared = first.Parent?.FirstAncestorOrSelf<BaseNamespaceDeclarationSyntax>() is { } space
                && space.Name.Span.Contains(first.Span);
            if (!isRest && !isDeclared)
            {
                yield return (ReadDotted(first), first);
            }
        }
    }

    public Violation Violates(string rule, SyntaxNode node) => Violates(rule, node.SpanStart);

    public Violation Violates(string rule, int position) => new(Path, Tree.GetText().Lines.GetLinePosition(position).Line + 1, rule);

    /// <summary>A name as it is written, without blanks and comments.</summary>
    public static string Compact(SyntaxNode node) => string.Concat(node.DescendantTokens().Select(static token => token.Text));

    private static string[] ReadDotted(SyntaxToken token)
    {
        List<string> parts = [token.Text];
        while (token.GetNextToken() is var dot && dot.IsKind(SyntaxKind.DotToken)
            && dot.GetNextToken() is var next && next.IsKind(SyntaxKind.IdentifierToken))
        {
            parts.Add(next.Text);
            token = next;
        }

        return [.. parts];
    }
}

/// <summary>What is wrong, and where.</summary>
internal sealed record Violation(string Path, int Line, string Rule)
{
    public override string ToString() => $"{Path}:{Line}: {Rule}";
}
