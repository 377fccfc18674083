using System.Text.Json;
using System.Text.Json.Nodes;

using RedisProxy.Admin;

namespace RedisProxy.Tests.Admin;

/// <summary>What the status and the sessions say of links, and that they say nothing of them where sessions share none.</summary>
public sealed class StatusTextTests
{
    private static readonly Dictionary<string, long> None = [];

    private static readonly LinksStatus Links = new(
        Shared: 2,
        Dedicated: 1,
        Kept: 0,
        new Dictionary<string, long> { ["shared"] = 40, ["dedicated"] = 1, ["none"] = 3 },
        new Dictionary<string, long> { ["transaction"] = 12 });

    [Fact]
    public void Status_OfASharedListener_HasALineAndAFieldForItsLinks()
    {
        Assert.Equal(
            """

            listener 'own' on 127.0.0.1:1, 0 of 10 sessions, 0 requests, 0 refused

            listener 'many' on 127.0.0.1:1, 0 of 10 sessions, 0 requests, 0 refused
              links      shared 2, dedicated 1, kept 0; sessions: shared 40, dedicated 1, none 3; dedicated so far: transaction 12

            """,
            StatusText.Of(Status)["RedisProxy 1, ready, up 1.0 s\n".Length..]);
        JsonNode json = JsonSerializer.SerializeToNode(Status, AdminJson.Default.ProxyStatus)!;
        Assert.False(json["listeners"]![0]!.AsObject().ContainsKey("links"));
        Assert.Equal(
            """{"shared":2,"dedicated":1,"kept":0,"sessions":{"shared":40,"dedicated":1,"none":3},"dedicatedTotal":{"transaction":12}}""",
            json["listeners"]![1]!["links"]!.ToJsonString());
    }

    [Fact]
    public void Sessions_OfASharedListener_HaveAColumnAndFieldsForTheirLink()
    {
        SessionsAnswer answer = new(3, [Session(1, null, null), Session(2, "shared", null), Session(3, "dedicated", "large_replies")]);
        string[] lines = StatusText.Of(answer).Split('\n');
        Assert.EndsWith("  HELD  LINK", lines[0], StringComparison.Ordinal);
        Assert.EndsWith("  0", lines[1], StringComparison.Ordinal);
        Assert.EndsWith("  0     shared", lines[2], StringComparison.Ordinal);
        Assert.EndsWith("  0     dedicated: large_replies", lines[3], StringComparison.Ordinal);
        JsonArray json = JsonSerializer.SerializeToNode(answer, AdminJson.Default.SessionsAnswer)!["sessions"]!.AsArray();
        Assert.Equal((null, null), WordsOf(json[0]!));
        Assert.False(json[0]!.AsObject().ContainsKey("link"));
        Assert.Equal(("shared", null), WordsOf(json[1]!));
        Assert.Equal(("dedicated", "large_replies"), WordsOf(json[2]!));
    }

    [Fact]
    public void Sessions_WithLinksOfTheirOwn_HaveNoSuchColumn() => Assert.EndsWith(
        "  HELD", StatusText.Of(new SessionsAnswer(1, [Session(1, null, null)])).Split('\n')[0], StringComparison.Ordinal);

    private static ProxyStatus Status => new(
        "1", "h", 1, Ready: true, Stopping: false, 1, [], [Listener("own", null), Listener("many", Links)]);

    private static ListenerStatus Listener(string name, LinksStatus? links) => new(
        name, "127.0.0.1:1", "m", Paused: false, Draining: false, MaxSessions: 10, None, 0, 0, 0, 0, 0, 0, None, None, "master", [], links);

    private static SessionStatus Session(long id, string? link, string? reason) =>
        new(id, "many", "127.0.0.1:9", "", 0, "serving", 1, 0, 0, 0, 0, link, reason);

    private static (string? Link, string? Reason) WordsOf(JsonNode session) => ((string?)session["link"], (string?)session["reason"]);
}
