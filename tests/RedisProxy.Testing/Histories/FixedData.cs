namespace RedisProxy.Testing.Histories;

/// <summary>Keys written once in every database, before the load begins; their values follow from their names.</summary>
internal static class FixedData
{
    public const int Databases = 4;
    public const int LargeBytes = 100 * 1024;

    private const int Keys = 20;
    private const int LargeKeys = 3;

    /// <summary>Every key begins with its database, so that one in the wrong place is obvious.</summary>
    public static string Key(int database, string rest) => $"db{database}:{rest}";

    /// <summary>A long text derived from a name, different at every position.</summary>
    public static string Large(string name) =>
        string.Concat(Enumerable.Range(0, LargeBytes / (name.Length + 7)).Select(i => $"{name}|{i:00000}|"));

    /// <summary>Returns when the replicas have it too.</summary>
    public static async Task WriteAsync(RedisServer master, int replicas)
    {
        using RawClient client = await master.ConnectAsync();
        for (int database = 0; database < Databases; database++)
        {
            RedisServer.Expect(await client.CallAsync("SELECT", $"{database}"), "SELECT");
            foreach (string key in Enumerable.Range(0, Keys).Select(i => SmallKey(database, i)))
            {
                RedisServer.Expect(await client.CallAsync("SET", key, ValueOf(key)), "SET");
            }

            foreach (string key in Enumerable.Range(0, LargeKeys).Select(i => LargeKey(database, i)))
            {
                RedisServer.Expect(await client.CallAsync("SET", key, Large(key)), "SET");
            }

            RedisServer.Expect(await client.CallAsync("HSET", HashKey(database), "field", ValueOf(HashKey(database))), "HSET");
        }

        await Eventually.Within(
            TimeSpan.FromSeconds(30),
            async () => (await client.CallAsync("WAIT", $"{replicas}", "1000")).Number >= replicas,
            "the replicas have the fixed keys");
    }

    public static Request GetSmall(int database, Random random)
    {
        string key = SmallKey(database, random.Next(Keys));
        return new Request("GET", key) { IsRead = true, Subject = key, Judge = reply => Replies.Bulk(reply, ValueOf(key)) };
    }

    public static Request GetLarge(int database, Random random)
    {
        string key = LargeKey(database, random.Next(LargeKeys));
        return new Request("GET", key)
        {
            IsRead = true, HasLargeReply = true, Subject = key, Judge = reply => Replies.Bulk(reply, Large(key)),
        };
    }

    /// <summary>A map only in RESP3.</summary>
    public static Request GetHash(Identity identity)
    {
        string key = HashKey(identity.Database);
        return new Request("HGETALL", key)
        {
            IsRead = true,
            Subject = key,
            Judge = reply => Replies.Expect(
                reply.Kind == (identity.IsResp3 ? '%' : '*') && reply.Items.Count == 2 && reply.Value("field") == ValueOf(key),
                identity.IsResp3 ? "the map of the hash" : "the array of the hash"),
        };
    }

    public static Request GetMissing(Identity identity) =>
        new("GET", Key(identity.Database, "missing")) { IsRead = true, Judge = reply => Replies.Null(reply, identity.IsResp3) };

    private static string ValueOf(string key) => $"the value of {key}";

    private static string SmallKey(int database, int index) => Key(database, $"fixed:{index}");

    private static string LargeKey(int database, int index) => Key(database, $"large:{index}");

    private static string HashKey(int database) => Key(database, "hash");
}
