using System.Globalization;
using System.Text;

using RedisProxy.ProcessTests.Harness;
using RedisProxy.Testing;
using RedisProxy.Tests.Sessions;

namespace RedisProxy.ProcessTests.Fuzz.Strangers;

/// <summary>
/// Redis 7.2 and later replies nothing to refused credentials while earlier replies are still to be written. On a shared link, everybody
/// would get the next one's reply from then on.
/// </summary>
[Collection(HeavyLoad.Tests)]
public sealed class RevokedCredentialsTests
{
    private const int Clients = 4;
    private const int Depth = 50;
    private const int Late = 200;

    [Fact]
    public async Task RefusedCredentials_OfALinkThatOthersUse_TouchNobody()
    {
        await using StrangersBed bed = await StrangersBed.StartAsync(ServerRelease.Find("redis-8.0") ?? ServerRelease.Default);
        using var end = new CancellationTokenSource();
        RawClient[] clients = await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => bed.ConnectAsync()));
        foreach (RawClient client in clients)
        {
            Assert.Equal("OK", (await client.CallAsync("AUTH", Detours.User, Detours.Password)).Text);
        }

        Task<int>[] all = [.. clients.Select((client, i) => Task.Run(() => AskAsync(client, i, end.Token)))];
        await bed.ChangePasswordAsync();
        for (int i = 0; i < Late; i++)
        {
            using RawClient late = await bed.ConnectAsync();
            Assert.Equal("WRONGPASS", (await late.CallAsync("AUTH", Detours.User, Detours.Password)).ErrorCode);
        }

        await end.CancelAsync();
        Assert.All(await Task.WhenAll(all), static batches => Assert.NotEqual(0, batches));
        Array.ForEach(clients, static client => client.Dispose());
    }

    private static async Task<int> AskAsync(RawClient client, int number, CancellationToken end)
    {
        int batch = 0;
        for (; !end.IsCancellationRequested; batch++)
        {
            string prefix = string.Create(CultureInfo.InvariantCulture, $"{number}:{batch}:");
            string[] tokens = [.. Enumerable.Range(0, Depth).Select(i => prefix + i.ToString(CultureInfo.InvariantCulture))];
            await client.SendAsync(Encoding.Latin1.GetString([.. tokens.SelectMany(static token => Words.Request("ECHO", token))]));
            await client.ExpectAsync(Encoding.Latin1.GetString([.. tokens.SelectMany(Words.Bulk)]));
        }

        return batch;
    }
}
