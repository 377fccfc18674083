namespace RedisProxy.Tests.House;

public sealed class TypeRulesTests
{
    [Theory]
    [InlineData("namespace RedisProxy.Sessions; class A;", true)]
    [InlineData("namespace RedisProxy.Sessions; enum A { B }", true)]
    [InlineData("namespace RedisProxy.Sessions; class B { class A; }", false)]
    [InlineData("namespace RedisProxy.Sessions; class A<T>;", false)]
    public void CheckNames_AnotherOfThatName_IsAViolation(string code, bool isViolation)
    {
        SourceFile[] files = [File("Resp/A.cs", "namespace RedisProxy.Resp; class A;"), File("Sessions/Other.cs", code)];
        Assert.Equal(isViolation ? 1 : 0, TypeRules.CheckNames(files).Count());
    }

    [Fact]
    public void CheckNames_PartsOfOne_AreAllowed() => Assert.Empty(
        TypeRules.CheckNames([File("Resp/A.cs", "partial class A;"), File("Resp/A.More.cs", "partial class A;")]));

    [Fact]
    public void CheckLines_CountsAllParts()
    {
        SourceFile[] files = [Part("A.cs", 200), Part("A.More.cs", 100)];
        Assert.Empty(TypeRules.CheckLines(files, new Dictionary<string, int>()));
        files = [Part("A.cs", 200), Part("A.More.cs", 101)];
        Assert.Equal(
            "the parts of 'A' have at most 300 lines, and now 301",
            Assert.Single(TypeRules.CheckLines(files, new Dictionary<string, int>())).Rule);
        Assert.Empty(TypeRules.CheckLines(files, new Dictionary<string, int> { ["A"] = 301 }));
        Assert.Single(TypeRules.CheckLines(files, new Dictionary<string, int> { ["A"] = 302 }));

        static SourceFile Part(string name, int lines) =>
            File($"Resp/{name}", "namespace RedisProxy.Resp;\npartial class A;\n" + new string('\n', lines - 2));
    }

    [Theory]
    [InlineData("class A(int a, int b, int c, int d, int e, int f);", false)]
    [InlineData("class A(int a, int b, int c, int d, int e, int f, int g);", true)]
    [InlineData("class A { A(int a, int b, int c, int d, int e, int f, int g) { } }", true)]
    [InlineData("struct A { public A(int a, int b, int c, int d, int e, int f, int g) { } }", true)]
    [InlineData("record A(int B, int C, int D, int E, int F, int G, int H);", false)]
    [InlineData("class A { void B(int a, int b, int c, int d, int e, int f, int g) { } }", false)]
    public void CheckConstructors_OneMoreThanAllowed_IsAViolation(string code, bool isViolation) =>
        Assert.Equal(isViolation ? 1 : 0, TypeRules.CheckConstructors(File("Resp/A.cs", code)).Count());

    [Theory]
    [InlineData("class A { public void Lonely() { } void B() => Lonely(); }", "Lonely")]
    [InlineData("class A { internal const int Lonely = 1; }", "Lonely")]
    [InlineData("class A : I { public void Used() { } public void Lonely() { } }", "Lonely")]
    [InlineData("class A : I { public void Asked() { } }", "")]
    [InlineData("class A { public void Used() { } }", "")]
    [InlineData("class A { public void Beside() { } } class B { void C(A a) => a.Beside(); }", "")]
    [InlineData("class A { public override string ToString() => \"\"; private void Lonely() { } }", "")]
    [InlineData("record A(int B) { public int Told => B; }", "")]
    public void CheckOpenMembers_NamedByNobodyElse_IsAViolation(string code, string expected)
    {
        SourceFile[] files =
        [
            File("Resp/A.cs", code), File("Resp/Other.cs", "interface I { void Asked(); } class Other { void B(dynamic a) => a.Used(); }"),
        ];
        IEnumerable<Violation> found = TypeRules.CheckOpenMembers(FileUses.Of(files), files);
        Assert.Equal(
            expected.Length > 0 ? [$"only its own type uses '{expected}': it can be private"] : [],
            found.Select(static violation => violation.Rule));
    }

    private static SourceFile File(string path, string code) => new($"src/RedisProxy/{path}", code);
}
