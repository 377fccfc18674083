using System.Text;

using RedisProxy.Configuration;

namespace RedisProxy.Tests.Configuration;

/// <summary>The file as a whole: is it there, and is it JSON?</summary>
public sealed class OptionFileTests
{
    /// <summary>A running proxy may be told to reload while the file is something else.</summary>
    [UnixFact]
    public void File_WithoutEnd_IsAnErrorAndNotRead()
    {
        OptionsReading reading = OptionsReader.Read(new OptionSources
        {
            File = "/dev/zero",
            Environment = new Dictionary<string, string>(),
            CommandLine = new OptionLayer(),
            Directory = "/",
        });
        Assert.Equal("/dev/zero: is larger than 16 MiB; expected { \"listeners\": [ … ], … }", Assert.Single(reading.Errors));
    }

    public static TheoryData<string, string> BadSyntax => new()
    {
        {
            "{ 'hold': }",
            "proxy.json: line 1, column 11: is not valid JSON: '}' is an invalid start of a value"
        },
        {
            "{\n  'hold': {\n    'timeout' '4s'\n  }\n}",
            "proxy.json: line 3, column 15: is not valid JSON: '\"' is invalid after a property name. Expected a ':'"
        },
        {
            "{ // größe\n  'größe': 1 'b' }",
            "proxy.json: line 2, column 14: is not valid JSON: '\"' is invalid after a value. Expected either ',', '}', or ']'"
        },
        {
            "{ 'a': {",
            "proxy.json: line 1, column 9: is not valid JSON: Expected depth to be zero at the end of the JSON payload. There is an open "
                + "JSON object or array that should be closed"
        },
        {
            "{ 'password': trusts3cret }",
            "proxy.json: line 1, column 18: is not valid JSON: this is an invalid JSON literal. Expected the literal 'true'"
        },
        { "{ 'password': s3cret }", "proxy.json: line 1, column 15: is not valid JSON: 's' is an invalid start of a value" },
        { "", "proxy.json: is empty; expected { \"listeners\": [ … ], … }" },
        { "\uFEFF", "proxy.json: is empty; expected { \"listeners\": [ … ], … }" },
        { " // nothing yet\n", "proxy.json: contains no value; expected { \"listeners\": [ … ], … }" },
        { "[]", "proxy.json: is not an object; expected { \"listeners\": [ … ], … }" },
        { "'redis'", "proxy.json: is not an object; expected { \"listeners\": [ … ], … }" },
        { "null", "proxy.json: is not an object; expected { \"listeners\": [ … ], … }" },
        { "{ 'a': '\\ud800' }", "proxy.json: has half of a surrogate pair in a string; expected both halves, or the character itself" },
    };

    [Theory]
    [MemberData(nameof(BadSyntax))]
    public void File_BadSyntax_IsTheOnlyErrorAndHasAPosition(string json, string expected) =>
        Configured.AssertErrors(Configured.Read(json), expected);

    [Theory]
    [InlineData("none.json", "none.json: does not exist")]
    [InlineData("no/such/proxy.json", "no/such/proxy.json: does not exist")]
    [InlineData(".", ".: is a directory")]
    [InlineData("", "--config: \"\" is empty; expected the name of a file")]
    public void File_Unreadable_IsTheOnlyError(string file, string expected)
    {
        using var directory = new ScratchDirectory();

        Configured.AssertErrors(OptionsReader.Read(new OptionSources { File = file, Directory = directory.Path }), expected);
    }

    [Fact]
    public void File_NotUtf8_IsReported()
    {
        using var directory = new ScratchDirectory();
        string file = directory.Write("utf16.json", Encoding.Unicode.GetBytes("{ \"größe\": 1 }"));

        var sources = new OptionSources { File = file, Directory = directory.Path };
        Configured.AssertErrors(OptionsReader.Read(sources), "utf16.json: is UTF-16 text; expected UTF-8");

        sources = sources with { File = directory.Write("latin1.json", Encoding.Latin1.GetBytes("{\n  \"größe\": 1\n}")) };
        Configured.AssertErrors(OptionsReader.Read(sources), "latin1.json: line 2: is not UTF-8 text");
    }

    [Fact]
    public void File_WithByteOrderMarkCommentsAndTrailingCommas_IsGood()
    {
        Configured.Good(Configured.Read($$"""
            {{"\ufeff"}}// The proxy.
            { {{Configured.Listeners}}, /* Who knows
              the master. */ {{Configured.Sentinel}}, 'hold': { 'timeout': '1s', }, }
            """));
    }
}
