using RedisProxy.CommandLine;
using RedisProxy.Configuration;
using RedisProxy.Hosting;
using RedisProxy.Testing;

namespace RedisProxy.Tests.CommandLine;

/// <summary>What a client command says of an admin address where no proxy answers.</summary>
public sealed class AdminClientTests
{
    [LinuxFact]
    public async Task UnixPath_WhereNobodyListens_IsCalledWhatItIs()
    {
        using var folder = new TemporaryFolder();
        string file = folder.File("admin.sock");
        Assert.Equal("there is no such file", await ReasonAtAsync(file));
        Assert.Equal("this is a folder", await ReasonAtAsync(folder.Path));
        await File.WriteAllTextAsync(file, "");
        Assert.Equal("no process listens at this file", await ReasonAtAsync(file));
    }

    private static async Task<string> ReasonAtAsync(string path)
    {
        Assert.True(BindAddress.TryParse(BindAddress.UnixPrefix + path, out BindAddress? admin));
        await using var output = new StringWriter();
        await using var error = new StringWriter();
        var question = new AdminQuestion("status", IsJson: false);
        Assert.Equal(ExitCode.Failure, await AdminClient.AskAsync(admin, question, output, error, TestContext.Current.CancellationToken));
        string[] said = error.ToString().Split('(', ')');
        Assert.Equal((3, $"No proxy answers at unix:{path} "), (said.Length, said[0]));
        return said[1];
    }
}
