using RedisProxy.Audit;

namespace RedisProxy.Tests.Audit;

public sealed class AclUserTests
{
    private static readonly Dictionary<string, IReadOnlyList<string>> NoCategories = [];

    private static readonly Dictionary<string, IReadOnlyList<string>> Categories = new()
    {
        ["read"] = ["get", "mget", "object|encoding"],
        ["dangerous"] = ["flushall", "config|get", "config|set"],
    };

    [Theory]
    [InlineData("on #a ~* &* +@all", "on sanitize-payload #a ~* &* +@all")]
    [InlineData("on #a ~* +@all", "on #a ~* resetchannels +@all")]
    [InlineData("on #a #b ~* &* +@all", "on #b #a allkeys allchannels allcommands")]
    [InlineData("on #A ~* +@ALL", "on #a ~* +@all")]
    [InlineData("nopass on ~* &* +@all", "on nopass sanitize-payload ~* &* +@all")]
    [InlineData("on #a ~b ~a &d &c -@all +get", "on #a ~a ~b &c &d -@all +get")]
    [InlineData("on #a %RW~a %R~b %W~c -@all", "on #a %W~c ~a %R~b nocommands")]
    [InlineData("on #a %R~a %W~a -@all", "on #a ~a -@all")]
    [InlineData("on #a ~x resetkeys ~y -@all", "on #a ~y -@all")]
    [InlineData("on #a ~* ~x %R~y -@all", "on #a allkeys -@all")]
    [InlineData("on #a &x &* -@all", "on #a allchannels -@all")]
    [InlineData("on #a -@all +get +set +@read", "on #a -@all +@read +set +get")]
    [InlineData("on #a -@all +set -get", "on #a -@all -get +set")]
    [InlineData("on #a -@all -get", "on #a -@all")]
    [InlineData("on #a +@all -get +get", "on #a +@all")]
    [InlineData("on #a +get +@all -set", "on #a +@all -set")]
    [InlineData("on #a +@all -config|set -config|get -config", "on #a +@all -config")]
    [InlineData("on #a -@all +@read -@read", "on #a -@all")]
    [InlineData("on #a -@all +get (~a +get) (~b -@all +set)", "on #a -@all +get (%RW~b resetchannels +set) (-@all ~a +get)")]
    [InlineData("on #a alldbs -@all", "on #a -@all")]
    [InlineData("on #a resetdbs db=2,1 -@all", "on #a db=1,2 -@all")]
    [InlineData("off sanitize-payload resetchannels -@all", "off -@all")]
    public void Rules_ThatMeanTheSame_AreEqual(string one, string other) =>
        Assert.Equal(AclUser.Parse(one, NoCategories), AclUser.Parse(other, NoCategories));

    [Theory]
    [InlineData("on #a ~* +@all", "off #a ~* +@all")]
    [InlineData("on #a ~* +@all", "on #b ~* +@all")]
    [InlineData("on #a ~* +@all", "on #a #b ~* +@all")]
    [InlineData("on #a ~* +@all", "on nopass ~* +@all")]
    [InlineData("on #a ~* &* +@all", "on #a ~* resetchannels +@all")]
    [InlineData("on #a ~* +@all", "on #a skip-sanitize-payload ~* +@all")]
    [InlineData("on #a ~a +@all", "on #a ~A +@all")]
    [InlineData("on #a ~a +@all", "on #a %R~a +@all")]
    [InlineData("on #a %R~* %W~x +@all", "on #a %R~* +@all")]
    [InlineData("on #a ~* -@all +@read -get", "on #a ~* -@all -get +@read")]
    [InlineData("on #a ~* +@all -config +config|get", "on #a ~* +@all -config")]
    [InlineData("on #a ~* -@all +get (~x +set)", "on #a ~* -@all +get")]
    [InlineData("on #a ~* -@all (~x +set)", "on #a ~* -@all (~y +set)")]
    [InlineData("on #a ~* -@all +@a -@b +@c", "on #a ~* -@all +@c -@b +@a")]
    [InlineData("on #a db=1 +@all", "on #a +@all")]
    [InlineData("on #a something-new +@all", "on #a +@all")]
    public void Rules_ThatDiffer_AreNotEqual(string one, string other) =>
        Assert.NotEqual(AclUser.Parse(one, NoCategories), AclUser.Parse(other, NoCategories));

    [Theory]
    [InlineData("on -@all +@read", "on -@all +get +mget +object|encoding", true)]
    [InlineData("on -@all +@read +get", "on -@all +@read", true)]
    [InlineData("on -@all +@read -get", "on -@all -get +mget +object|encoding", true)]
    [InlineData("on +@all -@dangerous +config", "on +@all -flushall", true)]
    [InlineData("on -@all +@read -get", "on -@all +@read", false)]
    [InlineData("on +@all -@dangerous", "on +@all -@dangerous +config|get", false)]
    public void Categories_WhereKnown_AreWhatTheyConsistOf(string one, string other, bool isSame) =>
        Assert.Equal(isSame, AclUser.Parse(one, Categories) == AclUser.Parse(other, Categories));

    // Redis 6.0 has no rules for channels, and everybody may use all of them.
    [Fact]
    public void Channels_WhereNobodyKnowsThem_AreOpen() => Assert.Equal(
        AclUser.Parse("on #a ~* &* +@all", NoCategories), AclUser.Parse("on #a ~* +@all", NoCategories, knowsChannels: false));

    [Fact]
    public void CategoriesIn_NamesThemWithoutTheOneOfAll() => Assert.Equal(
        ["read", "write", "fast"], AclUser.CategoriesIn("on ~* +@all -@READ +@write -get (~x +@fast)"));
}
