namespace RedisProxy.Tests.Configuration;

/// <summary>A directory of a test's own, gone with the test.</summary>
internal sealed class ScratchDirectory : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("redisproxy-test-");

    public string Path => _directory.FullName;

    /// <returns>The name, for where a user would type one relative to the working directory.</returns>
    public string Write(string name, string content)
    {
        File.WriteAllText(System.IO.Path.Combine(Path, name), content);
        return name;
    }

    public string Write(string name, byte[] content)
    {
        File.WriteAllBytes(System.IO.Path.Combine(Path, name), content);
        return name;
    }

    public void Dispose() => _directory.Delete(recursive: true);
}
