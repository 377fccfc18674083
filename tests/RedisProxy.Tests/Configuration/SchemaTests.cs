using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

using RedisProxy.Configuration;
using RedisProxy.Tests.CommandLine;
using RedisProxy.Tests.Deploy;
using RedisProxy.Tests.Documentation;

namespace RedisProxy.Tests.Configuration;

/// <summary>The schema of proxy.json and the reader of it agree.</summary>
public sealed partial class SchemaTests
{
    private static readonly JsonDocumentOptions Lenient = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    /// <summary>Right for some key, wrong for others.</summary>
    private static readonly string[] Values =
    [
        "true", "5", "1.5", "65536", "\"\"", "\"x\"", "\"x y\"", "\"5\"", "\"0\"", "\"TRUE\"", "\" true \"", "\"4s\"", "\"4 s\"",
        "\"64KiB\"", "\"64kb\"", "\"h:1\"", "\"h:x\"", "\"unix:/run/x\"", "\"10.0.0.0/8\"", "\"http://h/\"", "\"ftp://h/\"", "{}", "[]",
        "[ \"x\" ]", "[ \"h:1\" ]", "[ {} ]", "{ \"a\": 1 }", "{ \"h:1\": \"h:2\" }", "{ \"a\": true }", "{ \"10.0.0.0/8\": 7 }",
    ];

    public static TheoryData<string> Keys =>
    [
        .. DeclaredKeys.All.Where(key => key.Shape.Form != KeyForm.Section).SelectMany(DeclaredKeys.NamesOf),
    ];

    public static TheoryData<string> Documents => DocumentTests.Documents;

    public static TheoryData<string> Deployments => [.. DeployFiles.Configurations, "proxy.json"];

    [Theory]
    [MemberData(nameof(Keys))]
    public void EachKey_IsRefusedByTheSchemaWhereTheReaderDoesNotTakeItsType(string path)
    {
        var unlike = new List<string>();
        foreach (string value in Values)
        {
            JsonObject document = With(path, value);
            string[] complaints = [.. Configured.Read(document.ToJsonString()).Errors.Where(error => IsAbout(path, error))];
            bool isValid = Schemas.IsValid(Schemas.Configuration, document);
            if (isValid ? complaints.Any(line => OfType().IsMatch(line)) : complaints.Length == 0)
            {
                unlike.Add($"{value}: the schema {(isValid ? "takes" : "refuses")} it, the reader: {string.Join("; ", complaints)}");
            }
        }

        Assert.Empty(unlike);
    }

    [Theory]
    [MemberData(nameof(Deployments))]
    public void Files_ThatAreShipped_FollowTheSchema(string file) =>
        Schemas.AssertValid(Schemas.Configuration, Parse(DeployFiles.Read(file)));

    [Theory]
    [MemberData(nameof(Documents))]
    public void Examples_InTheDocuments_FollowTheSchema(string document)
    {
        foreach (Match block in Json().Matches(DeployFiles.Read(document)))
        {
            string text = block.Groups["text"].Value;
            text = text.StartsWith('"') ? $"{{ {text} }}" : text;
            bool isConfiguration = text.StartsWith('{') && !text.Contains("\"version\":", StringComparison.Ordinal);
            Assert.Empty(isConfiguration ? Schemas.Violations(Schemas.Configuration, Parse(text)) : []);
        }
    }

    [Theory]
    [InlineData("{ 'hodl': {} }")]
    [InlineData("{ 'hold': { 'timout': '2s' } }")]
    [InlineData("{ 'listeners': [ { 'tls': { 'enable': true } } ] }")]
    [InlineData("{ 'listeners': {} }")]
    [InlineData("{ 'notify': [ { 'name': 'a', 'webhok': {} } ] }")]
    [InlineData("{ 'listeners': [ { 'backendUser': { 'user': 'a' } } ] }")]
    public void Keys_ThatAreUnknown_AreRefused(string json) =>
        Assert.NotEmpty(Schemas.Violations(Schemas.Configuration, Parse(json.Replace('\'', '"'))));

    [Fact]
    public void Schema_NamedInTheFile_IsNoKeyOfTheProxy()
    {
        OptionsReading reading = Configured.Read($"{{ '$schema': 'proxy.schema.json', {Configured.Listeners}, {Configured.Sentinel} }}");
        Configured.Good(reading);
        Assert.Empty(reading.Warnings);
        Assert.DoesNotContain("$schema", Configured.ReadWith("'x': 1").Errors[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Schema_AskedFor_IsTheOneOfTheDocuments()
    {
        CommandLineRun run = await CommandLineRun.OfAsync("schema");
        Assert.Equal((0, DeployFiles.Read("docs/proxy.schema.json"), ""), (run.ExitCode, run.Output, run.Error));
    }

    private static bool IsAbout(string path, string error) => error.StartsWith(
        OptionPath.Show(path.Replace("[]", ":0", StringComparison.Ordinal).Replace('.', ':')), StringComparison.Ordinal);

    /// <summary>A good configuration, and this.</summary>
    private static JsonObject With(string path, string value)
    {
        JsonObject document = Parse($"{{ {Configured.Listeners}, {Configured.Sentinel} }}".Replace('\'', '"'));
        string[] parts = path.Split('.');
        JsonObject parent = parts[..^1].Aggregate(document, Child);
        parent[parts[^1]] = JsonNode.Parse(value);
        return document;
    }

    private static JsonObject Child(JsonObject parent, string name)
    {
        if (!name.EndsWith("[]", StringComparison.Ordinal))
        {
            return (parent[name] ??= new JsonObject()).AsObject();
        }

        JsonNode list = parent[name[..^2]] ??= new JsonArray(new JsonObject());
        return list[0]!.AsObject();
    }

    private static JsonObject Parse(string json) => JsonNode.Parse(json, documentOptions: Lenient)!.AsObject();

    [GeneratedRegex("```json\n(?<text>.*?)```", RegexOptions.Singleline)]
    private static partial Regex Json();

    /// <summary>Complaints about what a value is, not about which one it is.</summary>
    [GeneratedRegex(@"is not an? (?!known)|is unknown;|is a list|is an object|is empty;|has no port|is only a port|is a URL|no valid port")]
    private static partial Regex OfType();
}
