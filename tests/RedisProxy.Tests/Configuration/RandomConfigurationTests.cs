using System.Text.Json.Nodes;

using RedisProxy.Configuration;

namespace RedisProxy.Tests.Configuration;

/// <summary>
/// Whatever a file holds, reading it ends in options or in messages: one line each, without secrets, and never an exception.
/// </summary>
public sealed class RandomConfigurationTests
{
    /// <summary>Fixed, so that a build does not fail by chance; any other one will do.</summary>
    private const int Seed = 6380;

    private const string Secret = "s3cret";

    private static readonly string[] Keys =
    [
        "listeners", "sentinel", "backend", "client", "hold", "replay", "admin", "shutdown", "loops", "name", "bind", "master", "role",
        "tls", "maxSessions", "endpoints", "endpoint", "username", "password", "passwordFile", "addressMap", "allowedNetworks", "keepAlive",
        "time", "timeout", "planned", "maxBytesPerSession", "blocking", "count", "token", "", ":", "a:b", "0", "h:1", "x\ny", "[::1]:1",
    ];

    private static readonly string[] Texts =
    [
        "", "h:1", "127.0.0.1:6380", "0.0.0.0:6380", "[::]:6380", "unix:/run/x", "4s", "64KiB", "5", "-1", "true", "off", "a b", "x\0y",
        "\n", "10.0.0.0/8", "LOADING", "replica", "{}", "[]", "..", "/dev/null", "🙂", new string('9', 200),
    ];

    [Fact]
    public void Reading_AnyFile_EndsInOptionsOrInMessages()
    {
        var random = new Random(Seed);
        for (int i = 0; i < 200; i++)
        {
            string json = Tree(random, depth: 0)!.ToJsonString();
            OptionsReading reading = Read(json, out Exception? exception);

            bool isHonest = exception is null && reading.Options is null == reading.Errors.Count > 0
                && reading.Errors.All(e => !e.Contains(Secret, StringComparison.Ordinal) && !e.Any(char.IsControl));
            Assert.True(isHonest, $"{json}\n{exception}\n{string.Join('\n', reading.Errors)}");
        }
    }

    private static OptionsReading Read(string json, out Exception? exception)
    {
        OptionsReading? reading = null;
        exception = Record.Exception(() => reading = Configured.Read(json));
        return reading!;
    }

    private static JsonNode? Tree(Random random, int depth)
    {
        switch (depth == 0 ? 0 : random.Next(depth > 3 ? 3 : 0, 8))
        {
            case 0 or 1:
                var node = new JsonObject();
                foreach (string key in random.GetItems(Keys, random.Next(0, 6)).Distinct())
                {
                    node[key] = key is "password" or "token" ? Secret : Tree(random, depth + 1);
                }

                return node;
            case 2:
                return new JsonArray([.. Enumerable.Range(0, random.Next(0, 4)).Select(_ => Tree(random, depth + 1))]);
            case 3:
                return null;
            case 4:
                return JsonValue.Create(random.Next(-2, 100));
            default:
                return JsonValue.Create(random.GetItems(Texts, 1)[0]);
        }
    }
}
