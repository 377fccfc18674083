using System.Diagnostics;
using System.Runtime.Versioning;

using RedisProxy.EventLoops;
using RedisProxy.Sessions;

namespace RedisProxy.DataPlane;

/// <summary>
/// Gives a listener's sessions to the process that takes over from this one: waits for it at the meeting point, and sends session after
/// session, each in one message together with its sockets. At every moment a session belongs to one process: from the message on to the
/// other one, unless that says that it has not adopted it. If the other one ends without having said so, the sockets are closed here too,
/// and the client learns it; silence is never taken for a no. Only the first loop's thread touches it.
/// </summary>
/// <param name="context">Of the listener.</param>
/// <param name="areKept">No session leaves as long as this holds, see <see cref="PortTakeover.KeepsSessions"/>.</param>
[SupportedOSPlatform("linux")]
internal sealed class SessionGiver(PassageContext context, Func<bool> areKept)
{
    // Sessions of one loop that are under way together: none of them is served from its stop until its arrival. The first one goes alone,
    // because a process that does something for the first time needs longer; then as many as take no longer than this.
    private const int MostTogether = 32;
    // Of all loops. The other process must be able to say its word on each of them, and its socket keeps some 270 that are not read yet.
    private const int MostUnanswered = 128;

    private static readonly TimeSpan QuickRound = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan SlowRound = TimeSpan.FromMilliseconds(60);

    private static readonly TimeSpan PassInterval = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LaterInterval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan ListenInterval = TimeSpan.FromMilliseconds(100);

    // What has not moved for so long does not move.
    private static readonly TimeSpan QuietTime = TimeSpan.FromSeconds(1);

    // A process that does not answer for so long is stopped, or hangs: what is under way to it is lost.
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(10);

    private LoopListener? _door;
    private PassageSocket? _asking;
    private string _name = "";
    private long _quietSince;
    private long _given;
    private TimeSpan _longestQuiet;
    private int _together;
    private bool _isStopped = true;

    /// <summary>Another process is there for the sessions.</summary>
    public bool IsServing { get; private set; }

    /// <summary>There may be sessions that it has not taken yet.</summary>
    public bool IsBusy => IsServing && (_asking is not null || context.Time.GetElapsedTime(_quietSince) < QuietTime);

    /// <summary>Waits for another process from now on.</summary>
    /// <param name="name">The meeting point. While another process is there, this one waits until it leaves.</param>
    public async Task OpenAsync(string name)
    {
        Debug.Assert(context.Loop.IsCurrent, "it lives on one loop");
        Close();
        _name = name;
        _isStopped = false;
        while (!_isStopped && _name == name && !IsServing && _door is null && !TryListen(name))
        {
            await Task.Delay(ListenInterval, context.Time, CancellationToken.None);
        }
    }

    /// <summary>No further session is given away; those under way are answered first.</summary>
    public void Close()
    {
        _isStopped = true;
        CloseDoor();
        _asking?.Close();
    }

    private bool TryListen(string name)
    {
        int fd = PassageSocket.Listen(name);
        if (fd < 0)
        {
            return false;
        }

        var socket = new LoopSocket(context.Loop, fd);
        if (!socket.TryRegister(isConnected: false))
        {
            context.Loop.Kernel.Close(fd);
            return false;
        }

        _door = new LoopListener(socket, accepted => _ = ServeAsync(accepted));
        _ = _door.RunAsync();
        return true;
    }

    private void CloseDoor()
    {
        _door?.Stop();
        _door = null;
    }

    private async Task ServeAsync(int fd)
    {
        if (PassageSocket.Adopt(context.Loop, fd) is not { } other)
        {
            return;
        }

        try
        {
            if (!IsServing && !_isStopped)
            {
                IsServing = true;
                _asking = other;
                await GiveAsync(other);
                IsServing = false;
                _asking = null;
            }
        }
        catch (Exception fault)
        {
            IsServing = false;
            DataPlaneLog.LoopCallbackFailed(context.Log, fault);
        }
        finally
        {
            other.Close();
        }

        if (!_isStopped && !IsServing && _door is null)
        {
            await OpenAsync(_name);
        }
    }

    private async Task GiveAsync(PassageSocket other)
    {
        (int process, uint user) = other.Peer;
        string? objection = user != PassageSocket.OwnUser ? $"it runs as user {user}" : null;
        if (objection is null)
        {
            if (await other.ReceiveAsync() is not { } hello)
            {
                return;
            }

            hello.Close(context.Loop.Kernel);
            objection = PassageTerms.ObjectionTo(hello.Bytes.Span, context.Terms());
        }

        if (objection is not null)
        {
            DataPlaneLog.SessionsNotGiven(context.Log, context.Listener, process, objection);
            other.TrySend([(byte)Adoption.Refused]);
            return;
        }

        while (areKept() && !other.IsPeerClosed)
        {
            await Task.Delay(PassInterval, context.Time, CancellationToken.None);
        }

        // From now on the name is the other's: it gives its sessions to the next process.
        CloseDoor();
        if (!other.TrySend([(byte)Adoption.Adopted]))
        {
            return;
        }

        _given = 0;
        _longestQuiet = TimeSpan.Zero;
        _together = 1;
        _asking = null;
        _quietSince = context.Time.GetTimestamp();
        await GiveAllAsync(other);
        long[][] left = await Task.WhenAll(context.Parts.Select(static part => part.Gate.Loop.InvokeAsync(part.Moves.Forget)));
        PassageReport report = PassageReport.Of(_given, left, _longestQuiet);
        other.TrySend(report.Write());
        DataPlaneLog.SessionsGiven(context.Log, context.Listener, _given, process, report.ToString());
    }

    private async Task GiveAllAsync(PassageSocket other)
    {
        while (!_isStopped && !other.IsPeerClosed)
        {
            long before = _given;
            long began = context.Time.GetTimestamp();
            if (await GiveSomeAsync(other) is not { } isLater)
            {
                return;
            }

            if (_given > before)
            {
                _quietSince = context.Time.GetTimestamp();
                Pace(context.Time.GetElapsedTime(began));
            }

            if (_given == before || isLater)
            {
                await Task.Delay(isLater ? LaterInterval : PassInterval, context.Time, CancellationToken.None);
            }
        }
    }

    private void Pace(TimeSpan round) =>
        _together = round < QuickRound ? Math.Min(2 * _together, MostTogether) : round > SlowRound ? Math.Max(1, _together / 2) : _together;

    /// <returns>Null: the other process is gone. True: it does not take sessions now.</returns>
    private async Task<bool?> GiveSomeAsync(PassageSocket other)
    {
        long began = context.Time.GetTimestamp();
        (SessionListener Part, PassedMessage Message)[][] some = await Task.WhenAll(context.Parts.Select(TakeAsync));
        (SessionListener Part, PassedMessage Message)[] taken = [.. some.SelectMany(static of => of)];
        var back = new List<(SessionListener Part, PassedMessage Message, bool IsRefused)>();
        bool isLater = false;
        bool isGone = false;
        int sent = 0;
        int answered = 0;
        while (answered < sent || (sent < taken.Length && !isGone))
        {
            if (sent < taken.Length && !isGone && sent - answered < MostUnanswered && TrySend(other, taken[sent].Message))
            {
                sent++;
                continue;
            }

            if (answered == sent)
            {
                // It cannot be sent at all.
                break;
            }

            (SessionListener part, PassedMessage message) = taken[answered++];
            Adoption? answer = isGone ? null : await AnswerOfAsync(other);
            isGone |= answer is null;
            isLater |= answer == Adoption.NotNow;
            TimeSpan quiet = context.Time.GetElapsedTime(began);
            _longestQuiet = quiet > _longestQuiet ? quiet : _longestQuiet;
            if (answer is Adoption.Refused or Adoption.NotNow)
            {
                back.Add((part, message, answer == Adoption.Refused));
                continue;
            }

            _given += answer == Adoption.Adopted ? 1 : 0;
            message.Close(context.Loop.Kernel);
        }

        back.AddRange(taken.Skip(sent).Select(static one => (one.Part, one.Message, false)));
        await Task.WhenAll(back.GroupBy(static one => one.Part).Select(static of => of.Key.Gate.Loop.InvokeAsync(() =>
        {
            of.ToList().ForEach(static one => one.Part.Arrivals.TakeBack(one.Message, one.IsRefused));
            return true;
        })));
        return isGone ? null : isLater;
    }

    private static bool TrySend(PassageSocket other, PassedMessage message) =>
        other.TrySend(message.Bytes.Span, message.First, message.Second);

    private async Task<(SessionListener Part, PassedMessage Message)[]> TakeAsync(SessionListener part) =>
        [.. (await part.Gate.Loop.InvokeAsync(() => part.Moves.Take(_together))).Select(message => (part, message))];

    private async Task<Adoption?> AnswerOfAsync(PassageSocket other)
    {
        using var limit = new CancellationTokenSource(AnswerWithin, context.Time);
        await using CancellationTokenRegistration ends = limit.Token.UnsafeRegister(
            _ => context.Loop.Post(static socket => ((PassageSocket)socket!).Close(), other), null);
        PassedMessage? answer = await other.ReceiveAsync();
        answer?.Close(context.Loop.Kernel);
        return answer is { Bytes.Length: 1 } && answer.Bytes.Span[0] <= (byte)Adoption.NotNow ? (Adoption)answer.Bytes.Span[0] : null;
    }
}
