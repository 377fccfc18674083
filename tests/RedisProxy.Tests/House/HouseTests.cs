namespace RedisProxy.Tests.House;

/// <summary>
/// The rules of the house, over the whole source tree. That each rule can fail is shown by the tests of the rules; here, that each
/// has something to look at.
/// </summary>
public sealed class HouseTests(ITestOutputHelper output)
{
    private const int FewestMethods = 50;

    private static readonly Lazy<FileUses> Uses = new(() => FileUses.Of(SourceTree.ProxyFiles));

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
    public void Rooms_UseOnlyWhatIsBelowThem()
    {
        foreach (IGrouping<string, SourceFile> room in SourceTree.ProxyFiles.GroupBy(static file => file.Room))
        {
            IEnumerable<string> used = room.SelectMany(file => Uses.Value.Uses[file].Keys.Select(static other => other.Room))
                .Where(other => other != room.Key).Distinct().Order(StringComparer.Ordinal);
            output.WriteLine($"| {room.Key} | {room.Count()} | {room.Sum(static file => file.Lines)} | {string.Join(", ", used)} |");
        }

        AssertNone(RoomRules.CheckDirections(Uses.Value, RoomRules.Floors));
    }

    [Fact]
    public void Rooms_AreSmall() => AssertNone(RoomRules.CheckSizes(SourceTree.ProxyFiles, RoomRules.LargeRooms));

    [Fact]
    public void Files_FormNoNewCycle()
    {
        foreach (IReadOnlyList<SourceFile> cycle in CycleRules.Find(Uses.Value))
        {
            output.WriteLine($"{cycle.Count} files use each other:");
            foreach (SourceFile file in cycle.OrderBy(static file => file.Path, StringComparer.Ordinal))
            {
                IEnumerable<string> used = Uses.Value.Uses[file].Keys.Intersect(cycle).Select(static other => other.FileName);
                output.WriteLine($"  {file.Path}: {string.Join(", ", used.Order(StringComparer.Ordinal))}");
            }
        }

        AssertNone(CycleRules.Check(Uses.Value, CycleRules.Known));
    }

    [Fact]
    public void Types_HaveNamesOfTheirOwn()
    {
        AssertNone(TypeRules.CheckNames(SourceTree.ProxyFiles));
        AssertNone(TypeRules.CheckNames(
            SourceTree.Files.Where(TestNames.IsTest)));
    }

    [Fact]
    public void Types_AreShortInAllTheirParts() => AssertNone(TypeRules.CheckLines(SourceTree.ProxyFiles, TypeRules.LongTypes));

    [Fact]
    public void Constructors_AreNarrow() => AssertNone(SourceTree.ProxyFiles, TypeRules.CheckConstructors);

    [Fact]
    public void Members_AreOpenOnlyForOthers() => AssertNone(TypeRules.CheckOpenMembers(Uses.Value, SourceTree.Files));

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

    private static void AssertNone(IEnumerable<SourceFile> files, Func<SourceFile, IEnumerable<Violation>> check) =>
        AssertNone(files.SelectMany(check));

    private static void AssertNone(IEnumerable<Violation> found)
    {
        List<Violation> violations = [.. found];
        Assert.True(violations.Count == 0, string.Join('\n', violations.Prepend(null)));
    }
}
