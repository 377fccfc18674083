using System.Xml.Linq;

using RedisProxy.Configuration;
using RedisProxy.Testing;
using RedisProxy.Tests.Configuration;
using RedisProxy.Tests.Deploy;

namespace RedisProxy.Tests.Documentation;

/// <summary>References that are made from the code say what the code says. <c>REDISPROXY_WRITE_DOCS=1</c> writes them anew.</summary>
public sealed class ReferenceTests
{
    [Fact]
    public void ConfigurationReference_IsUpToDateAndHasEveryKeyOfTheExample()
    {
        string made = ConfigurationReference.Of(XDocument.Load(Path.Combine(AppContext.BaseDirectory, "RedisProxy.xml")));
        AssertUpToDate("docs/configuration.md", made);
        foreach (string key in ExampleFileTests.Keys)
        {
            Assert.Contains($"`{key}`", made.Replace("`listeners[]`", "`listeners`", StringComparison.Ordinal), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void ConfigurationReference_HasEveryDeclaredKeyWithItsDefaultAndItsValues()
    {
        string made = ConfigurationReference.Of(XDocument.Load(Path.Combine(AppContext.BaseDirectory, "RedisProxy.xml")));
        ILookup<string, string> sections = made.Split("\n## `").Skip(1)
            .SelectMany(section => ConfigurationReference.SectionsOf(section[..section.IndexOf('`', StringComparison.Ordinal)])
                .Select(name => (name, section)))
            .ToLookup(named => named.name, named => named.section);
        Assert.All(DeclaredKeys.All, key =>
        {
            int end = key.Path.LastIndexOf('.');
            string name = key.Path[(end + 1)..];
            string row = sections[key.Path[..end]].SelectMany(section => section.Split('\n'))
                .FirstOrDefault(line => line.StartsWith($"| `{name}`", StringComparison.Ordinal)
                    || line.StartsWith($"| `{name}[]`", StringComparison.Ordinal)) ?? "";
            bool isPlain = key.Range is null && key.Choices.Count == 0 && key.Default is null;
            Assert.True(row.Length > 0 || (isPlain && sections[key.Path[..end]].Any(section => section.Contains($"`{name}`"))), key.Path);
            Assert.Contains(key.Default is null || row.Length == 0 ? "" : $"| `{key.Default}` |", row, StringComparison.Ordinal);
            Assert.Contains(key.Range is null ? "" : $"| {key.Range} |", row, StringComparison.Ordinal);
            Assert.All(key.Choices, choice => Assert.Contains($"`{choice}`", row, StringComparison.Ordinal));
        });
    }

    [Fact]
    public void Schemas_OfTheConfigurationAndOfTheChart_AreUpToDate()
    {
        string reference = ConfigurationReference.Of(XDocument.Load(Path.Combine(AppContext.BaseDirectory, "RedisProxy.xml")));
        AssertUpToDate("docs/proxy.schema.json", ConfigurationSchema.Of(reference));
        string ofChart = $"{DeployFiles.Chart}/values.schema.json";
        AssertUpToDate(ofChart, ConfigurationSchema.WithSettings(DeployFiles.Read(ofChart), reference));
    }

    [Fact]
    public void Dependencies_HaveTheVersionsThatAreRestored()
    {
        string root = ProxyProgram.RepositoryRoot();
        Dictionary<string, string> versions = XDocument.Load(Path.Combine(root, "Directory.Packages.props")).Descendants("PackageVersion")
            .ToDictionary(package => package.Attribute("Include")!.Value, package => package.Attribute("Version")!.Value);
        string[][] rows = [.. File.ReadLines(Path.Combine(root, "docs/dependencies.md"))
            .Where(line => line.StartsWith("| ", StringComparison.Ordinal))
            .Select(line => line.Split('|', StringSplitOptions.TrimEntries)[1..3])
            .Where(row => row[0] != "package" && row[1] != "of the shared framework")];
        Assert.Equal(6, rows.Length);
        Assert.All(rows, row => Assert.Equal(versions[row[0]], row[1]));
    }

    /// <summary>Limits that are no range of a value are said in prose.</summary>
    [Fact]
    public void ConfigurationReference_SaysHowManyThereMayBe()
    {
        string made = ConfigurationReference.Of(XDocument.Load(Path.Combine(AppContext.BaseDirectory, "RedisProxy.xml")));
        string RowOf(string start) => made.Split('\n').First(line => line.StartsWith(start, StringComparison.Ordinal));
        Assert.Contains($"At most {NotifyOptions.MaxReceivers}.", RowOf("Receivers of notifications"), StringComparison.Ordinal);
        Assert.Contains($"At most {NotifyCommandOptions.MaxArgs}.", RowOf("| `args`"), StringComparison.Ordinal);
        Assert.Contains($"At most {RolePolicyOptions.MaxConfig}.", RowOf("| `config`"), StringComparison.Ordinal);
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
