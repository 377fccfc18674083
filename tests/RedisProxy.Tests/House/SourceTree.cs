namespace RedisProxy.Tests.House;

/// <summary>All sources, found from the test assembly upward.</summary>
internal static class SourceTree
{
    private const string RootMark = "Proxy.sln";
    private static readonly string[] CodeFolders = ["src", "tests", "demo", "benchmarks"];
    private static readonly string[] Generated = ["bin", "obj", "TestResults", "BenchmarkDotNet.Artifacts"];

    public static string Root { get; } = FindRoot();

    public static IReadOnlyList<SourceFile> Files { get; } = [.. CodeFolders.SelectMany(ReadFolder)];

    public static IReadOnlyList<SourceFile> ProxyFiles { get; } = [.. Files.Where(f => f.IsProxy)];

    private static IEnumerable<SourceFile> ReadFolder(string folder)
    {
        string path = Path.Combine(Root, folder);
        if (!Directory.Exists(path))
        {
            return [];
        }

        return from file in Directory.EnumerateFiles(path, "*.cs", SearchOption.AllDirectories)
               let relative = Path.GetRelativePath(Root, file).Replace('\\', '/')
               where !relative.Split('/').Intersect(Generated).Any()
               orderby relative
               select new SourceFile(relative, File.ReadAllText(file));
    }

    private static string FindRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, RootMark)))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException($"no {RootMark} above {AppContext.BaseDirectory}");
    }
}
