namespace RedisProxy.Tests.House;

/// <summary>
/// The rules of the house, over the whole source tree. That each rule can fail is shown by the tests of the rules; here, that each
/// has something to look at.
/// </summary>
public sealed class HouseTests
{
    private const int FewestMethods = 50;

    [Fact]
    public void Tree_FromTestAssembly_IsTheWholeRepository()
    {
        Assert.Contains(SourceTree.Files, f => f.Path == "src/RedisProxy/Resp/RequestScanner.cs");
        Assert.Contains(SourceTree.Files, f => f.Path == "tests/RedisProxy.Tests/House/HouseTests.cs");
        Assert.True(SourceTree.ProxyFiles.Sum(f => Members.Find(f).Count) > FewestMethods, "methods are found");
    }

    [Fact]
    public void Layers_UseOnlyWhatIsBelowThem()
    {
        var rules = new LayerRules(new TypeIndex(SourceTree.ProxyFiles));
        AssertNone(SourceTree.ProxyFiles, rules.Check);
    }

    [Fact]
    public void Planes_KeepToTheirOwn() => AssertNone(SourceTree.ProxyFiles, PlaneRules.Check);

    [Fact]
    public void Files_AreShort() => AssertNone(SourceTree.Files, SizeRules.CheckFile);

    [Fact]
    public void Methods_AreShort() => AssertNone(SourceTree.Files, SizeRules.CheckMethods);

    [Fact]
    public void Lines_AreShort() => AssertNone(SourceTree.Files, SizeRules.CheckLines);

    [Fact]
    public void Names_SaySomething() => AssertNone(SourceTree.Files, NameRules.Check);

    [Fact]
    public void Architecture_IsShort()
    {
        const string Document = "ARCHITECTURE.md";
        string path = Path.Combine(SourceTree.Root, Document);
        if (File.Exists(path))
        {
            Assert.Empty(SizeRules.CheckArchitecture(Document, File.ReadAllText(path)));
        }
    }

    private static void AssertNone(IEnumerable<SourceFile> files, Func<SourceFile, IEnumerable<Violation>> check)
    {
        List<Violation> violations = [.. files.SelectMany(check)];
        Assert.True(violations.Count == 0, string.Join('\n', violations.Prepend(null)));
    }
}
