using RedisProxy.Configuration;

namespace RedisProxy.Tests.Configuration;

public sealed class CredentialTests
{
    private const string Secret = "s3cret";

    public static TheoryData<string, string> BadCredentials => new()
    {
        { $"'password': '{Secret}', 'passwordFile': 'f'", "backend.passwordFile: is given together with password; expected one of them" },
        { "'username': 'u'", "backend.username: \"u\" has no password; expected password or passwordFile as well" },
        { "'password': ''", "backend.password: is empty; expected a value, or no such key" },
        { $"'password': '{Secret}\\n'", "backend.password: contains a line break; expected one line" },
        { $"'password': [ '{Secret}' ]", "backend.password: is a list or an object; expected a single value" },
        { $"'password': {{ '{Secret}': 1 }}", "backend.password: is a list or an object; expected a single value" },
        { "'passwordFile': ''", "backend.passwordFile: \"\" is empty; expected a value, or no such key" },
        {
            "'passwordFile': 'none'",
            "backend.passwordFile: \"none\" does not exist; expected a file with the password in its first line"
        },
        {
            "'passwordFile': 'no/such/directory'",
            "backend.passwordFile: \"no/such/directory\" does not exist; expected a file with the password in its first line"
        },
        {
            "'passwordFile': '.'",
            "backend.passwordFile: \".\" is a directory; expected a file with the password in its first line"
        },
    };

    public static TheoryData<byte[], string?> FirstLines => new()
    {
        { "s3cret"u8.ToArray(), "s3cret" },
        { "s3cret\n"u8.ToArray(), "s3cret" },
        { "s3cret\r\n"u8.ToArray(), "s3cret" },
        { "s3cret\nsecond line\n"u8.ToArray(), "s3cret" },
        { " s3 cret \n"u8.ToArray(), " s3 cret " },
        { "\u00ef\u00bb\u00bfs3cret\n"u8.ToArray(), "\u00ef\u00bb\u00bfs3cret" },
        { [0xef, 0xbb, 0xbf, .. "pä§\n"u8], "pä§" },
        { [], null },
        { "\n"u8.ToArray(), null },
        { "\r\nsecond line"u8.ToArray(), null },
    };

    [Theory]
    [MemberData(nameof(BadCredentials))]
    public void Credentials_Bad_AreReportedWithoutTheSecret(string keys, string expected)
    {
        Configured.AssertErrors(Configured.ReadWith($"'backend': {{ {keys} }}"), expected);
        Assert.DoesNotContain(Secret, expected, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("'token': 's3cret '", "admin.token: begins or ends with a blank, which an HTTP header loses; expected a token without")]
    [InlineData("'token': 's3\\u0000cret'", "admin.token: contains a control character; expected a token that an HTTP header can carry")]
    public void Token_ThatNobodyCanSend_IsRefused(string key, string expected) =>
        Configured.AssertErrors(Configured.ReadWith($"'admin': {{ {key} }}"), expected);

    /// <summary>The wrong file was named: a dump, or one that has no end.</summary>
    [Fact]
    public void SecretFile_OfAnotherKind_IsNotReadAsAWhole()
    {
        using var directory = new ScratchDirectory();
        string file = Path.Combine(directory.Path, directory.Write("dump", new byte[100_000]));
        Configured.AssertErrors(
            Configured.ReadWith($"'backend': {{ 'passwordFile': '{file}' }}"),
            $"backend.passwordFile: \"{file}\" has a first line of more than 64 KiB; expected the password there");
    }

    [Fact]
    public void Token_IsReadFromItsFileAndGivenOnce()
    {
        using var directory = new ScratchDirectory();
        string file = directory.Write("token", "s3cret\n"u8.ToArray());
        string path = Path.Combine(directory.Path, file);
        AdminOptions admin = Configured.Good(Configured.ReadWith($"'admin': {{ 'tokenFile': '{path}' }}")).Admin;
        Assert.Equal(Secret, admin.Token);
        Assert.DoesNotContain(Secret, admin.ToString(), StringComparison.Ordinal);
        Assert.Equal(Secret, Configured.Good(Configured.ReadWith($"'admin': {{ 'token': '{Secret}' }}")).Admin.Token);
        Assert.Null(Configured.Good(Configured.ReadWith("'admin': {}")).Admin.Token);
        Configured.AssertErrors(
            Configured.ReadWith("'admin': { 'token': 'a', 'tokenFile': 'b' }"),
            "admin.tokenFile: is given together with token; expected one of them");
        Configured.AssertErrors(
            Configured.ReadWith("'admin': { 'tokenFile': 'none' }"),
            "admin.tokenFile: \"none\" does not exist; expected a file with the token in its first line");
    }

    [Theory]
    [MemberData(nameof(FirstLines))]
    public void PasswordFile_FirstLine_IsThePassword(byte[] content, string? expected)
    {
        using var directory = new ScratchDirectory();

        string? password = SecretFile.Read(directory.Write("password", content), directory.Path, "password", out string complaint);

        Assert.Equal(expected, password);
        Assert.Equal(expected is null ? "\"password\" has nothing in its first line; expected the password there" : "", complaint);
    }

    [Fact]
    public void PasswordFile_NotText_IsReportedWithoutItsContent()
    {
        using var directory = new ScratchDirectory();

        Assert.Null(SecretFile.Read(
            directory.Write("password", [.. "s3cret"u8, 0xff, 0xfe]), directory.Path, "password", out string complaint));

        Assert.Equal("\"password\" is not UTF-8 text; expected the password in its first line", complaint);
    }

    [Fact]
    public void PasswordFile_InBothSections_IsReadFromTheWorkingDirectoryOrAnAbsolutePath()
    {
        using var directory = new ScratchDirectory();
        directory.Write("sentinel", "one\n");
        directory.Write("backend", "two\n");
        string json = $$"""
            { {{Configured.Listeners}},
              'sentinel': { 'endpoints': [ 'h:1' ], 'username': 'u1', 'passwordFile': 'sentinel' },
              'backend': { 'username': 'u2', 'passwordFile': '{{directory.Path}}/backend' } }
            """;
        var sources = new OptionSources { File = directory.Write("c.json", json.Replace('\'', '"')), Directory = directory.Path };

        ProxyOptions options = Configured.Good(OptionsReader.Read(sources));

        Assert.Equal(("u1", "one"), (options.Sentinel!.Username, options.Sentinel.Password));
        Assert.Equal(("u2", "two"), (options.Backend.Username, options.Backend.Password));
    }

    [Fact]
    public void Password_WithoutUsername_IsOfTheDefaultUser()
    {
        ProxyOptions options = Configured.Good(Configured.ReadWith("'backend': { 'password': '12345' }"));

        Assert.Equal((null, "12345"), (options.Backend.Username, options.Backend.Password));
    }

    [Fact]
    public void Options_AsText_HoldNoSecret()
    {
        ProxyOptions options = Configured.Good(Configured.Read($$"""
            { {{Configured.Listeners}}, 'sentinel': { 'endpoints': [ 'h:1', 'h:2' ], 'password': '{{Secret}}' },
              'backend': { 'password': '{{Secret}}' } }
            """));

        Assert.Equal("Sentinels h:1, h:2", options.Sentinel!.ToString());
        Assert.DoesNotContain(Secret, options.ToString(), StringComparison.Ordinal);
    }
}
