using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

namespace RedisProxy.Tests.House;

/// <summary>A member of a type that has code: method, constructor, property, operator. Not fields.</summary>
/// <param name="Lines">
/// Attributes and comments before it do not count, nor what a property begins with; local functions and lambdas belong to it.
/// </param>
internal sealed record Member(string Name, SyntaxNode Node, int Lines);

/// <summary>Finds the members of all types in a file.</summary>
internal static class Members
{
    public static IReadOnlyList<Member> Find(SourceFile file) =>
    [
        .. from node in file.Root.DescendantNodes().OfType<MemberDeclarationSyntax>()
           let name = NameOf(node)
           where name is not null
           select new Member(name, node, LinesOf(file, node)),
    ];

    private static string? NameOf(MemberDeclarationSyntax node) => node switch
    {
        MethodDeclarationSyntax method => method.Identifier.Text,
        ConstructorDeclarationSyntax constructor => constructor.Identifier.Text,
        DestructorDeclarationSyntax destructor => $"~{destructor.Identifier.Text}",
        OperatorDeclarationSyntax operation => $"operator {operation.OperatorToken.Text}",
        ConversionOperatorDeclarationSyntax conversion => $"operator {SourceFile.Compact(conversion.Type)}",
        PropertyDeclarationSyntax property => property.Identifier.Text,
        IndexerDeclarationSyntax => "this",
        EventDeclarationSyntax declared => declared.Identifier.Text,
        _ => null,
    };

    private static int LinesOf(SourceFile file, MemberDeclarationSyntax node)
    {
        SyntaxToken first = node.AttributeLists is [.., var last] ? last.GetLastToken().GetNextToken() : node.GetFirstToken();
        bool hasValue = node is PropertyDeclarationSyntax { Initializer: not null, AccessorList: not null };
        int end = hasValue ? ((PropertyDeclarationSyntax)node).AccessorList!.Span.End : node.Span.End;
        LinePositionSpan lines = file.Tree.GetText().Lines.GetLinePositionSpan(TextSpan.FromBounds(first.SpanStart, end));
        return lines.End.Line - lines.Start.Line + 1;
    }
}
