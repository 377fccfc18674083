using RedisProxy.Admin;
using RedisProxy.Configuration;
using RedisProxy.Hosting;
using RedisProxy.Testing;
using RedisProxy.Tests.Configuration;

using RecordingLog = RedisProxy.Tests.Topology.RecordingLog;

namespace RedisProxy.Tests.Hosting;

/// <summary>Changed files of secrets are noticed, however they are changed.</summary>
public sealed class SecretWatchTests
{
    [Fact]
    public async Task Secret_WrittenRenamedAndSwappedAsByKubernetes_IsTakenEachTime()
    {
        using var folder = new TemporaryFolder();
        string secret = folder.File("volume/password");
        Directory.CreateDirectory(folder.File("volume"));
        Fill(folder, "first", "one");
        Directory.CreateSymbolicLink(folder.File("volume/..data"), "../first");
        File.CreateSymbolicLink(secret, "..data/password");
        using var scene = new Scene(secret);
        Assert.Equal("one", await scene.LookAsync());

        // 1. The same file has another content.
        Fill(folder, "first", "two");
        Assert.Equal("two", await scene.LookAsync());

        // 2. Another file takes its place.
        await File.WriteAllTextAsync(folder.File("first/new"), "three\n");
        File.Move(folder.File("first/new"), folder.File("first/password"), overwrite: true);
        Assert.Equal("three", await scene.LookAsync());

        // 3. Another folder takes the place of its folder.
        Fill(folder, "second", "four");
        Directory.CreateSymbolicLink(folder.File("volume/..new"), "../second");
        Directory.Move(folder.File("volume/..new"), folder.File("volume/..later"));
        File.Delete(folder.File("volume/..data"));
        Directory.Move(folder.File("volume/..later"), folder.File("volume/..data"));
        Assert.Equal("four", await scene.LookAsync());
        Assert.Empty(scene.Log.Lines);
    }

    [Fact]
    public async Task Secret_ThatCannotBeUsed_IsReportedOnceAtTheSecondLook()
    {
        using var folder = new TemporaryFolder();
        string secret = folder.File("password");
        await File.WriteAllTextAsync(secret, "one");
        using var scene = new Scene(secret);
        Assert.Equal("one", await scene.LookAsync());

        await File.WriteAllTextAsync(secret, "");
        await scene.LookAsync();
        Assert.Empty(scene.Log.Lines);
        await scene.LookAsync();
        await scene.LookAsync();
        await scene.LookAsync();
        Assert.Contains("nothing in its first line", Assert.Single(scene.Log.Lines).Text, StringComparison.Ordinal);

        await File.WriteAllTextAsync(secret, "two");
        Assert.Equal("two", await scene.LookAsync());
    }

    [Fact]
    public async Task Secret_ThatStays_IsNotReadAgain()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder.File("password"), "one");
        using var scene = new Scene(folder.File("password"));
        Assert.Equal("one", await scene.LookAsync());
        await scene.LookAsync();
        await scene.LookAsync();
        Assert.Equal(1, scene.Renewed);
    }

    /// <summary>What has been changed in the file besides waits for a reload.</summary>
    [Fact]
    public void NewSecrets_ComeWithTheConfigurationThatWasRead()
    {
        using var folder = new ScratchDirectory();
        folder.Write("password", "one\n");
        string file = folder.Write("proxy.json", Text("2s"));
        OptionsReading first = OptionsReader.Read(new OptionSources { File = file, Directory = folder.Path });
        Assert.Equal([Path.Combine(folder.Path, "password")], first.SecretFiles);

        folder.Write("password", "two\n");
        folder.Write("proxy.json", Text("3s"));
        OptionsReading again = first.WithNewSecrets();
        Assert.Equal(("two", TimeSpan.FromSeconds(2)), (again.Options!.Backend.Password, again.Options.Hold.Timeout));

        static string Text(string hold) => $$"""
            { {{Configured.Listeners}}, {{Configured.Sentinel}},
              'hold': { 'timeout': '{{hold}}' }, 'backend': { 'passwordFile': 'password' } }
            """.Replace('\'', '"');
    }

    private static void Fill(TemporaryFolder folder, string name, string secret)
    {
        Directory.CreateDirectory(folder.File(name));
        File.WriteAllText(folder.File($"{name}/password"), $"{secret}\n");
    }

    /// <summary>A watch over one file, which takes whatever is in it.</summary>
    private sealed class Scene : IDisposable
    {
        private readonly string _file;
        private readonly SecretWatch _watch;
        private string? _taken;

        public Scene(string file)
        {
            _file = file;
            _watch = new SecretWatch(() => [_file], RenewAsync, TimeProvider.System, Log);
        }

        public RecordingLog Log { get; } = new();

        public int Renewed { get; private set; }

        /// <returns>The secret in use.</returns>
        public async Task<string?> LookAsync()
        {
            await _watch.LookAsync();
            return _taken;
        }

        public void Dispose() => _watch.Dispose();

        private Task<ReloadReport> RenewAsync()
        {
            Renewed++;
            string? secret = SecretFile.Read(_file, "/", "password", out string complaint);
            _taken = secret ?? _taken;
            return Task.FromResult(secret is null ? ReloadReport.Refused([complaint]) : ReloadReport.Taken([], []));
        }
    }
}
