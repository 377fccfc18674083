using System.Globalization;

namespace RedisProxy.Load.Measures;

/// <summary>Memory of a process that nothing but its end gives back: no pages of files.</summary>
/// <param name="AnonymousBytes">Heaps and stacks: <c>RssAnon</c>.</param>
/// <param name="SharedBytes">Shared and not of a file, which is where the runtime keeps code: <c>RssShmem</c>.</param>
internal sealed record ProcessMemory(long AnonymousBytes, long SharedBytes)
{
    public long Bytes => AnonymousBytes + SharedBytes;

    public static ProcessMemory Of(int processId)
    {
        string[] lines = File.ReadAllLines($"/proc/{processId.ToString(CultureInfo.InvariantCulture)}/status");
        return new ProcessMemory(BytesOf(lines, "RssAnon:"), BytesOf(lines, "RssShmem:"));
    }

    // RssAnon:	    1234 kB
    private static long BytesOf(string[] lines, string name)
    {
        string line = lines.FirstOrDefault(l => l.StartsWith(name, StringComparison.Ordinal))
            ?? throw new InvalidOperationException($"This kernel does not say {name} of a process.");
        return 1024 * long.Parse(line[name.Length..].TrimEnd('k', 'B').Trim(), NumberStyles.None, CultureInfo.InvariantCulture);
    }
}
