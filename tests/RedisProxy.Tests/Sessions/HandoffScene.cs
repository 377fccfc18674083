using RedisProxy.Configuration;
using RedisProxy.Testing;
using RedisProxy.Topology;

using static RedisProxy.Tests.Sessions.Requests;

namespace RedisProxy.Tests.Sessions;

/// <summary>A lab that tells clients of failovers, and what it says.</summary>
internal static class HandoffScene
{
    public const string Ok = "+OK\r\n";

    public const string Hello3 = "%1\r\n+server\r\n+redis\r\n";

    public static readonly string Ask = Of("CLIENT", "MAINT_NOTIFICATIONS", "ON", "moving-endpoint-type", "internal-ip");

    public static Task<SessionLab> StartAsync(Func<ListenerOptions, ListenerOptions>? change = null)
    {
        ListenerOptions listener = SessionLab.Options().Listeners[0] with { Handoffs = true };
        return SessionLab.StartAsync(SessionLab.Options(change is null ? listener : change(listener)));
    }

    /// <summary>A client that has asked to be told.</summary>
    public static async Task<(RawClient Client, RawClient Backend)> ConnectTakingPartAsync(SessionLab lab)
    {
        (RawClient client, RawClient backend) = await lab.ConnectPairAsync();
        await (client, backend).ExchangeAsync(Of("HELLO", "3"), Hello3);
        await client.SendAsync(Ask);
        await client.ExpectAsync(Ok);
        return (client, backend);
    }

    /// <summary>Requests wait from now on; the master still answers.</summary>
    /// <returns>What clients are told then.</returns>
    public static async Task<string> BeginHoldAsync(SessionLab lab)
    {
        await lab.ShowAsync(Availability.PlannedHold, 1, lab.First);
        return $">4\r\n$12\r\nFAILING_OVER\r\n:{lab.LastNumber}\r\n:10\r\n$1\r\n1\r\n";
    }

    /// <summary>Nothing came of it.</summary>
    public static async Task<string> EndHoldAsync(SessionLab lab)
    {
        await lab.ServeFirstAsync();
        return Over(lab);
    }

    public static string Over(SessionLab lab) => $">3\r\n$11\r\nFAILED_OVER\r\n:{lab.LastNumber}\r\n$1\r\n1\r\n";

    /// <summary>Nothing has come before the reply to this, which is asked now.</summary>
    public static Task ExpectNothingAsync(this (RawClient Client, RawClient Backend) pair) => pair.ExchangeAsync(Get, "$-1\r\n");

    /// <summary>It is told of a hold and of its end.</summary>
    public static async Task ExpectHoldAsync(this RawClient client, SessionLab lab)
    {
        await client.ExpectAsync(await BeginHoldAsync(lab));
        await client.ExpectAsync(await EndHoldAsync(lab));
    }
}
