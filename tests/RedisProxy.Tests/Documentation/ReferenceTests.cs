using System.Xml.Linq;

using RedisProxy.Testing;

namespace RedisProxy.Tests.Documentation;

/// <summary>References that are made from the code say what the code says. <c>REDISPROXY_WRITE_DOCS=1</c> writes them anew.</summary>
public sealed class ReferenceTests
{
    [Fact]
    public void ConfigurationReference_IsUpToDateAndHasEveryKeyOfTheExample()
    {
        string made = ConfigurationReference.Of(XDocument.Load(Path.Combine(AppContext.BaseDirectory, "RedisProxy.xml")));
        AssertUpToDate("docs/configuration.md", made);
        foreach (string key in Configuration.ExampleFileTests.Keys)
        {
            Assert.Contains($"`{key}`", made.Replace("`listeners[]`", "`listeners`", StringComparison.Ordinal), StringComparison.Ordinal);
        }
    }

    private static void AssertUpToDate(string path, string made)
    {
        string file = Path.Combine(ProxyProgram.RepositoryRoot(), path);
        if (Environment.GetEnvironmentVariable("REDISPROXY_WRITE_DOCS") == "1")
        {
            File.WriteAllText(file, made);
        }

        Assert.Equal(File.Exists(file) ? File.ReadAllText(file) : "", made);
    }
}
