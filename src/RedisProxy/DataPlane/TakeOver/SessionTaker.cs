using System.Runtime.Versioning;

using RedisProxy.EventLoops;
using RedisProxy.Sessions;

namespace RedisProxy.DataPlane;

/// <summary>
/// Takes the sessions of the process that this one takes over from. It connects at once, so that the other one knows, and asks for them
/// when this process knows the master. Only the first loop's thread touches it.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed class SessionTaker(PassageContext context)
{
    private const int MostTogether = 128;

    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan SeekInterval = TimeSpan.FromMilliseconds(50);

    // Between two processes that follow each other quickly, the meeting point is nobody's for a moment.
    private static readonly TimeSpan SeekFor = TimeSpan.FromSeconds(2);

    private int _nextPart;

    /// <summary>Called with what has come so far.</summary>
    public required Action<TakeOverRecord> OnTaken { get; init; }

    /// <summary>Until the other process has ended, or it is certain that there is none.</summary>
    /// <param name="name">The meeting point.</param>
    /// <param name="onFree">The meeting point is left to this process. Called once.</param>
    public async Task RunAsync(string name, Action onFree)
    {
        long began = context.Time.GetTimestamp();
        bool isOver = false;
        while (!isOver && context.Time.GetElapsedTime(began) < SeekFor)
        {
            if (PassageSocket.TryConnect(context.Loop, name) is { } other)
            {
                isOver = await TakeFromAsync(other, onFree);
                other.Close();
            }

            if (!isOver)
            {
                await Task.Delay(SeekInterval, context.Time, CancellationToken.None);
            }
        }

        if (!isOver)
        {
            onFree();
        }
    }

    /// <returns>False: it is busy with another process, or has ended.</returns>
    private async Task<bool> TakeFromAsync(PassageSocket other, Action onFree)
    {
        (int process, uint user) = other.Peer;
        string? objection = user == PassageSocket.OwnUser ? null : $"it runs as user {user}";
        if (objection is null)
        {
            await KnowMasterAsync(other);
            other.TrySend(PassageTerms.Write(context.Terms()));
            PassedMessage? answer = await other.ReceiveAsync();
            answer?.Close(context.Loop.Kernel);
            if (answer is null)
            {
                return false;
            }

            objection = answer.Bytes.Span[0] == (byte)Adoption.Adopted ? null : "it has refused, and its log says why";
        }

        onFree();
        if (objection is not null)
        {
            DataPlaneLog.SessionsNotTaken(context.Log, context.Listener, process, objection);
            return true;
        }

        TakeOverRecord record = await TakeAllAsync(other, new TakeOverRecord(context.Time.GetUtcNow(), process, 0, null));
        record = record with { IsOver = true };
        OnTaken(record);
        DataPlaneLog.SessionsTaken(context.Log, context.Listener, record.Sessions, process, record.Rest);
        return true;
    }

    private async Task KnowMasterAsync(PassageSocket other)
    {
        while (!other.IsPeerClosed)
        {
            bool[] areOpen = await Task.WhenAll(context.Parts.Select(static part => part.Gate.Loop.InvokeAsync(() => part.Gate.AllowsAll)));
            if (!areOpen.Contains(false))
            {
                return;
            }

            await Task.Delay(LookInterval, context.Time, CancellationToken.None);
        }
    }

    private async Task<TakeOverRecord> TakeAllAsync(PassageSocket other, TakeOverRecord record)
    {
        OnTaken(record);
        bool isHeard = true;
        while (isHeard && await other.ReceiveAsync() is { } first)
        {
            if (PassageReport.IsOne(first))
            {
                record = record with { Report = PassageReport.TryRead(first) };
                OnTaken(record);
                continue;
            }

            List<PassedMessage> messages = [first];
            while (messages.Count < MostTogether && other.TryReceive(out PassedMessage? next) && next is not null)
            {
                messages.Add(next);
            }

            (Adoption Verdict, string Problem)[] verdicts = await AdoptAsync(messages);
            for (int i = 0; i < messages.Count; i++)
            {
                (Adoption verdict, string problem) = verdicts[i];
                record = record with { Sessions = record.Sessions + (verdict == Adoption.Adopted ? 1 : 0) };
                if (verdict != Adoption.Adopted)
                {
                    messages[i].Close(context.Loop.Kernel);
                }

                if (verdict == Adoption.Refused)
                {
                    DataPlaneLog.SessionRefused(context.Log, context.Listener, problem);
                }

                // Sent only now, when nothing of a session that was not adopted is open here any more. Verdicts are told apart by their
                // order alone: behind one that cannot be sent, none is.
                isHeard = isHeard && other.TrySend([(byte)verdict]);
            }

            OnTaken(record);
        }

        return record;
    }

    // In turn, so that each loop has its share of them.
    private async Task<(Adoption Verdict, string Problem)[]> AdoptAsync(List<PassedMessage> messages)
    {
        var verdicts = new (Adoption, string)[messages.Count];
        int first = _nextPart;
        int count = context.Parts.Count;
        _nextPart = (first + messages.Count) % count;
        await Task.WhenAll(context.Parts.Select((part, index) => part.Gate.Loop.InvokeAsync(() =>
        {
            for (int i = (index - first + count) % count; i < messages.Count; i += count)
            {
                verdicts[i] = (part.Arrivals.Adopt(messages[i], out string problem), problem);
            }

            return true;
        })));
        return verdicts;
    }
}
