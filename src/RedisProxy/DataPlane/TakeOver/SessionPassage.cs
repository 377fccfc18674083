using System.Runtime.Versioning;

using RedisProxy.Configuration;
using RedisProxy.EventLoops;

namespace RedisProxy.DataPlane;

/// <summary>
/// One listener's way for live sessions from process to process: from the one that it takes over from, and to the one that takes over
/// from it. With a transport that cannot pass connections on, nothing happens.
/// </summary>
internal sealed class SessionPassage(PassageContext context, PortTakeover takeover)
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(10);

    // Sessions that go do not end, so they get this even where those that stay would get less. It is within the reserve of a stop.
    private static readonly TimeSpan LeastTime = TimeSpan.FromSeconds(5);

    private readonly SocketTransport _transport = takeover.Transport;
    private SessionGiver? _giver;
    private bool _hasTaken;
    private volatile TakeOverRecord? _taken;

    /// <summary>What came from the process before this one; null: nothing can have come.</summary>
    public TakeOverRecord? Taken => _taken;

    /// <summary>The listener accepts: asks the process before this one for its sessions, if there is one, and awaits the next.</summary>
    public void Open(BindAddress bind)
    {
        if (_transport.PassesConnections)
        {
            Watch(BeginAsync(bind));
        }
        else
        {
            takeover.EndTurn(bind);
        }
    }

    /// <summary>The listener stops: waits until the next process has what it can take, and gives no more.</summary>
    /// <param name="timeout">For the end of all sessions.</param>
    /// <param name="count">Sessions left.</param>
    /// <returns>What is left of the time for those that stay, at least half of it.</returns>
    public async Task<TimeSpan> CloseAsync(TimeSpan timeout, Func<long> count)
    {
        long began = context.Time.GetTimestamp();
        if (_transport.PassesConnections && _giver is { } giver)
        {
            await EndAsync(giver, timeout / 2 > LeastTime ? timeout / 2 : LeastTime, count);
        }

        TimeSpan left = timeout - context.Time.GetElapsedTime(began);
        return left > timeout / 2 ? left : timeout / 2;
    }

    [SupportedOSPlatform("linux")]
    private async Task BeginAsync(BindAddress bind)
    {
        string name = PassageTerms.NameOf(PassageSocket.OwnUser, bind);
        SessionGiver giver = _giver ??= new SessionGiver(context, () => takeover.KeepsSessions);
        bool takes = !_hasTaken && takeover.Sharing.HasFlag(AddressSharing.TakesOver);
        _hasTaken = true;
        var taker = new SessionTaker(context) { OnTaken = record => _taken = record };
        await await context.Loop.InvokeAsync(() =>
            takes ? taker.RunAsync(name, OnFree) : giver.OpenAsync(name));

        void OnFree()
        {
            takeover.EndTurn(bind);
            Watch(giver.OpenAsync(name));
        }
    }

    [SupportedOSPlatform("linux")]
    private async Task EndAsync(SessionGiver giver, TimeSpan atMost, Func<long> count)
    {
        long began = context.Time.GetTimestamp();
        while (context.Time.GetElapsedTime(began) < atMost && count() > 0 && await context.Loop.InvokeAsync(() => giver.IsBusy))
        {
            await Task.Delay(LookInterval, context.Time, CancellationToken.None);
        }

        while (await context.Loop.InvokeAsync(() =>
        {
            giver.Close();
            return giver.IsServing;
        }))
        {
            await Task.Delay(LookInterval, context.Time, CancellationToken.None);
        }
    }

    private void Watch(Task task) => _ = task.ContinueWith(
        failed => DataPlaneLog.LoopCallbackFailed(context.Log, failed.Exception!),
        CancellationToken.None,
        TaskContinuationOptions.OnlyOnFaulted,
        TaskScheduler.Default);
}
