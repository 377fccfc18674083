using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace RedisProxy.Tests.House;

/// <summary>
/// Which file uses which: it names a type of the other or one of that type's members. The compiler says what a name means; what source
/// generators add is not there, so names of that mean nothing and are left out.
/// </summary>
internal sealed class FileUses
{
    private const string ImplicitUsings =
        """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Net.Http;
        global using System.Threading;
        global using System.Threading.Tasks;
        """;

    private static readonly CSharpCompilationOptions Options =
        new(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true, nullableContextOptions: NullableContextOptions.Enable);

    // Those that this process runs with, read once; the proxy's own would declare everything twice.
    private static readonly MetadataReference[] References =
    [
        .. from path in ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
           where !Path.GetFileName(path).StartsWith("RedisProxy", StringComparison.Ordinal)
           select MetadataReference.CreateFromFile(path),
    ];

    private readonly Dictionary<SyntaxTree, SourceFile> _files;

    private FileUses(IReadOnlyList<SourceFile> files)
    {
        Files = files;
        _files = files.ToDictionary(static file => file.Tree);
        Compilation = CSharpCompilation.Create("House", files.Select(static file => file.Tree), References, Options)
            .AddSyntaxTrees(CSharpSyntaxTree.ParseText(ImplicitUsings, (CSharpParseOptions)files[0].Tree.Options));
    }

    public IReadOnlyList<SourceFile> Files { get; }

    public CSharpCompilation Compilation { get; }

    /// <summary>From each file to those that it uses, and where it does so first.</summary>
    public IReadOnlyDictionary<SourceFile, IReadOnlyDictionary<SourceFile, int>> Uses { get; private set; } =
        new Dictionary<SourceFile, IReadOnlyDictionary<SourceFile, int>>();

    public static FileUses Of(IReadOnlyList<SourceFile> files)
    {
        var uses = new FileUses(files);
        uses.Uses = files.AsParallel().Select(file => (File: file, Used: uses.UsedBy(file)))
            .ToDictionary(static pair => pair.File, static pair => (IReadOnlyDictionary<SourceFile, int>)pair.Used);
        return uses;
    }

    private Dictionary<SourceFile, int> UsedBy(SourceFile file)
    {
        SemanticModel model = Compilation.GetSemanticModel(file.Tree);
        var used = new Dictionary<SourceFile, int>();
        foreach (SyntaxNode node in file.Root.DescendantNodes(static node => node is not UsingDirectiveSyntax))
        {
            if (node is SimpleNameSyntax or ImplicitObjectCreationExpressionSyntax
                && DeclaredIn(model.GetSymbolInfo(node)) is { } other && other != file)
            {
                used.TryAdd(other, node.SpanStart);
            }
        }

        return used;
    }

    private SourceFile? DeclaredIn(SymbolInfo info) => (info.Symbol ?? info.CandidateSymbols.FirstOrDefault()) switch
    {
        INamedTypeSymbol type => FileOf(type.OriginalDefinition),
        IMethodSymbol { ReducedFrom: { } extension } => FileOf(extension),
        { Kind: SymbolKind.Method or SymbolKind.Property or SymbolKind.Field or SymbolKind.Event } member =>
            FileOf(member.OriginalDefinition),
        _ => null,
    };

    // A type in several parts is where its name is; a constructor that nobody wrote is where its type is.
    private SourceFile? FileOf(ISymbol symbol)
    {
        SourceFile[] declared =
        [
            .. symbol.DeclaringSyntaxReferences.Select(reference => _files.GetValueOrDefault(reference.SyntaxTree)).OfType<SourceFile>(),
        ];
        return Array.Find(declared, file => file.FileName == $"{symbol.Name}.cs") ?? declared.FirstOrDefault()
            ?? (symbol is not INamedTypeSymbol && symbol.ContainingType is { } type ? FileOf(type.OriginalDefinition) : null);
    }
}
