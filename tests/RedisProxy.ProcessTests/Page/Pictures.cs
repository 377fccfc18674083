using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Page;

/// <summary>The documents' pictures of the page, written anew when asked for.</summary>
internal static class Pictures
{
    public static bool AreKept => Environment.GetEnvironmentVariable("REDISPROXY_WRITE_DOCS") == "1";

    /// <param name="browser">What it shows now.</param>
    /// <param name="name">In the folder docs.</param>
    public static async Task KeepAsync(Browser browser, string name)
    {
        byte[] picture = await browser.TakePictureAsync();
        Assert.True(picture.Length > 10_000, "an empty picture");
        if (AreKept)
        {
            await File.WriteAllBytesAsync(Path.Combine(ProxyProgram.RepositoryRoot(), "docs", name), picture);
        }
    }
}
