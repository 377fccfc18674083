using System.Collections.Concurrent;
using System.Text.Json;

using RedisProxy.Configuration;
using RedisProxy.Notify;
using RedisProxy.Tests.Topology;

namespace RedisProxy.Tests.Notify;

/// <summary>A receiver on a clock that stands still, with a way to it that does what a test says.</summary>
internal sealed class NotifyBench : IDisposable
{
    public static readonly NotifyOptions Options = new()
    {
        Name = "ops",
        Events = NotifyEvents.All,
        Webhook = new NotifyWebhookOptions { Url = new Uri("http://h/") },
    };

    private readonly NotificationIds _ids = new();

    public NotifyBench(NotifyOptions? options = null) => Receiver = new Receiver(options ?? Options, _ => Sender, Counts, Clock, Log);

    public FakeTimeProvider Clock { get; } = new();

    public RecordingLog Log { get; } = new();

    public ReceiverCounts Counts { get; } = new();

    public ScriptedSender Sender { get; } = new();

    public Receiver Receiver { get; }

    public (long Sent, long Failed, long Dropped) Outcomes =>
        (Counts.Of(NotifyOutcome.Sent), Counts.Of(NotifyOutcome.Failed), Counts.Of(NotifyOutcome.Dropped));

    public Notification Message(NotifyEvent one = NotifyEvent.FailoverFinished, string? master = "m") => new()
    {
        Id = _ids.NextMessage(),
        Event = one,
        At = Clock.GetUtcNow(),
        Master = master,
        Text = "something has happened",
    };

    /// <summary>Time passes until it holds.</summary>
    public Task PassTimeUntilAsync(Func<bool> condition, string what) => RedisProxy.Testing.Eventually.Within(
        TimeSpan.FromSeconds(10),
        () =>
        {
            Clock.Advance(TimeSpan.FromSeconds(1));
            return condition();
        },
        what);

    /// <summary>It holds without any time passing.</summary>
    public static Task EventuallyAsync(Func<bool> condition, string what) =>
        RedisProxy.Testing.Eventually.Within(TimeSpan.FromSeconds(10), condition, what);

    public void Dispose()
    {
        Receiver.Stop();
        Receiver.Dispose();
    }
}

/// <summary>Answers attempts as a test says, and keeps what it was to send.</summary>
internal sealed class ScriptedSender : ISender
{
    private readonly ConcurrentQueue<JsonElement> _bodies = [];

    public int MaxAttempts { get; set; } = 3;

    public TimeSpan FirstPause { get; } = TimeSpan.FromSeconds(1);

    public TimeSpan MaxPause { get; } = TimeSpan.FromSeconds(30);

    public Func<int, Attempt> Answer { get; set; } = _ => new Attempt(AttemptEnd.Done, "answered 200");

    /// <summary>Attempts wait for it.</summary>
    public Task Gate { get; set; } = Task.CompletedTask;

    public IReadOnlyList<JsonElement> Bodies => [.. _bodies];

    public async Task<Attempt> TryAsync(Message message, int attempt, CancellationToken stop)
    {
        _bodies.Enqueue(JsonDocument.Parse(message.Body).RootElement);
        await Gate.WaitAsync(stop);
        return Answer(attempt);
    }
}
