namespace RedisProxy.Testing;

/// <summary>A folder of its own in the system's temporary folder, deleted when disposed or when the process ends.</summary>
public sealed class TemporaryFolder : IDisposable
{
    /// <summary>Set to 1 to keep the folders with all logs, after a failure that is hard to reproduce.</summary>
    public const string KeepVariable = "REDISPROXY_KEEP_FOLDERS";

    private readonly ExitActions.Registration _registration;

    public TemporaryFolder(string name = "redisproxy")
    {
        Path = Directory.CreateTempSubdirectory(name + "-").FullName;
        _registration = ExitActions.Add(Delete);
    }

    public string Path { get; }

    /// <summary>A file in this folder.</summary>
    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>A new folder in this folder.</summary>
    public string Folder(string name) => Directory.CreateDirectory(File(name)).FullName;

    public void Dispose()
    {
        _registration.Dispose();
        Delete();
    }

    private void Delete()
    {
        if (Environment.GetEnvironmentVariable(KeepVariable) == "1")
        {
            return;
        }

        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (IOException)
        {
            // A child that is being killed may still write a file. A leftover in the temporary folder does no harm.
        }
    }
}
