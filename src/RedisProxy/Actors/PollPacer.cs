namespace RedisProxy.Actors;

/// <summary>
/// Decides when to ask next: after an interval, or at once when kicked, but never sooner after the last round than a minimum, however
/// often it is kicked. Kicks from any thread, any number; one waiter. A kick during a round causes one more round after it, because
/// the answers on their way may be older than the kick's reason.
/// </summary>
internal sealed class PollPacer(TimeProvider time)
{
    public static readonly TimeSpan MinSpacing = TimeSpan.FromMilliseconds(50);

    /// <summary>For the few kicks saying that the answer has changed, not only that it might have.</summary>
    private static readonly TimeSpan MinUrgentSpacing = TimeSpan.FromMilliseconds(5);

    private readonly MonotonicClock _clock = new(time);
    private TaskCompletionSource _kicked = NewKick();
    private TaskCompletionSource _urgentlyKicked = NewKick();
    private TimeSpan _began;

    public void Kick() => Volatile.Read(ref _kicked).TrySetResult();

    public void KickUrgently() => Volatile.Read(ref _urgentlyKicked).TrySetResult();

    /// <summary>A round begins now and covers all kicks so far.</summary>
    public void Begin()
    {
        Volatile.Write(ref _kicked, NewKick());
        Volatile.Write(ref _urgentlyKicked, NewKick());
        _began = _clock.Now;
    }

    /// <summary>Waits until the next round is due, and begins it.</summary>
    /// <param name="interval">Since the last round began, without a kick.</param>
    /// <param name="interrupt">Its completion is an urgent kick.</param>
    public async Task NextAsync(TimeSpan interval, Task interrupt, CancellationToken stop)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stop);
        Task kick = _kicked.Task;
        Task urgentKick = _urgentlyKicked.Task;
        await Task.WhenAny(UntilAsync(interval, over.Token), kick, urgentKick, interrupt);
        await Task.WhenAny(UntilAsync(MinSpacing, over.Token), urgentKick, interrupt);
        await UntilAsync(MinUrgentSpacing, over.Token);
        await over.CancelAsync();
        stop.ThrowIfCancellationRequested();
        Begin();
    }

    private Task UntilAsync(TimeSpan sinceBegan, CancellationToken over)
    {
        TimeSpan rest = _began + sinceBegan - _clock.Now;
        return rest <= TimeSpan.Zero ? Task.CompletedTask : Task.Delay(rest, time, over);
    }

    private static TaskCompletionSource NewKick() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
