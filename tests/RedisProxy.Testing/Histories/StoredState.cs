namespace RedisProxy.Testing.Histories;

/// <summary>Content of a server at the end.</summary>
/// <param name="Keys">Every key, with its database.</param>
/// <param name="Lists">The connections' own lists, by writer.</param>
/// <param name="Queues">Elements left in the queues, by key.</param>
internal sealed record StoredState(
    IReadOnlyList<(int Database, string Key)> Keys,
    IReadOnlyDictionary<int, IReadOnlyList<string>> Lists,
    IReadOnlyDictionary<string, IReadOnlyList<string>> Queues)
{
    private const int RedisDatabases = 16;
    private const int Page = 5000;

    public static async Task<StoredState> ReadAsync(RedisServer master)
    {
        using RawClient client = await master.ConnectAsync();
        var keys = new List<(int Database, string Key)>();
        var lists = new Dictionary<int, IReadOnlyList<string>>();
        var queues = new Dictionary<string, IReadOnlyList<string>>();
        for (int database = 0; database < RedisDatabases; database++)
        {
            RedisServer.Expect(await client.CallAsync("SELECT", $"{database}"), "SELECT");
            RawReply found = RedisServer.Expect(await client.CallAsync("KEYS", "*"), "KEYS");
            foreach (string key in found.Items.Select(item => item.Text ?? ""))
            {
                keys.Add((database, key));
                if (key.Split(':') is [_, "list", var writer])
                {
                    lists[int.Parse(writer, System.Globalization.CultureInfo.InvariantCulture)] = await ReadListAsync(client, key);
                }
                else if (key.Contains(":queue:", StringComparison.Ordinal))
                {
                    queues[key] = await ReadListAsync(client, key);
                }
            }
        }

        return new StoredState(keys, lists, queues);
    }

    private static async Task<IReadOnlyList<string>> ReadListAsync(RawClient client, string key)
    {
        var elements = new List<string>();
        int count;
        do
        {
            RawReply page = RedisServer.Expect(
                await client.CallAsync("LRANGE", key, $"{elements.Count}", $"{elements.Count + Page - 1}"), "LRANGE");
            elements.AddRange(page.Items.Select(item => item.Text ?? ""));
            count = page.Items.Count;
        }
        while (count == Page);

        return elements;
    }
}
