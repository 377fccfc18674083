namespace RedisProxy.Configuration;

/// <summary>
/// Reads a file that was named by an operator, perhaps by mistake: it may have any size, or no end, as <c>/dev/zero</c> has none.
/// </summary>
internal static class BoundedFile
{
    private const int ChunkBytes = 64 * 1024;

    /// <returns>The content; of a larger file, <paramref name="maxBytes"/> of it and one more.</returns>
    public static byte[] ReadStart(string path, int maxBytes)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        using var content = new MemoryStream();
        byte[] chunk = new byte[ChunkBytes];
        int count = 1;
        while (count > 0 && content.Length <= maxBytes)
        {
            count = file.Read(chunk, 0, (int)Math.Min(chunk.Length, maxBytes + 1 - content.Length));
            content.Write(chunk, 0, count);
        }

        return content.ToArray();
    }
}
