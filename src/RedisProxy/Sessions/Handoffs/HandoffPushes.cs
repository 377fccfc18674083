using System.Text;

using RedisProxy.EventLoops;

namespace RedisProxy.Sessions;

/// <summary>
/// What is due to a client that asked for notifications, as RESP3 pushes between two replies: the beginning of a hold, so that it waits
/// longer for replies; its end, when requests go to a master again; and that it is to move. A client hears of an end if and only if it
/// has heard of the beginning, whatever the hold came to. Whoever asks in the middle of a hold is told at once that there is one.
/// </summary>
internal static class HandoffPushes
{
    // Clients have limits of their own; those that go by this one may be patient for so long.
    private const int HoldSeconds = 10;

    public static bool AreDue(Conversation session) =>
        session.State.Handoffs is { } told && MayPush(session.Link) && (told.Move is not null || IsTurn(session, told));

    /// <summary>Writes what is due, if anything is.</summary>
    public static void Compose(Conversation session, Slab slab)
    {
        if (session.State.Handoffs is not { } told || !MayPush(session.Link))
        {
            return;
        }

        if (told.Move is not null)
        {
            MovePush move = told.TakeMove();
            if (told.IsInHold)
            {
                SetHold(session, slab, isInHold: false, move.HoldEnd);
            }

            Write(session, slab, HandoffEvent.Moving, move.Text);
        }
        else if (IsTurn(session, told))
        {
            SetHold(session, slab, !told.IsInHold, session.Gate.HandoffNumber);
        }
    }

    // A reply too large to be kept is passed on in parts; after MONITOR it is unknown where one ends.
    private static bool MayPush(BackendLink? link) => link is not ({ IsMidReply: true } or { IsRaw: true });

    // The hold has ended for a session when its requests go somewhere again, which may be later than for others.
    private static bool IsTurn(Conversation session, SessionHandoffs told) => told.IsInHold
        ? session.Gate.AllowsAll && (session.Link is not null || (session.Pipeline.TakesTurns && session.Pipeline.Waiting.IsEmpty))
        : !told.IsLeaving && !session.Gate.AllowsAll;

    private static void SetHold(Conversation session, Slab slab, bool isInHold, long number)
    {
        session.State.Handoffs!.IsInHold = isInHold;
        Write(session, slab, isInHold ? HandoffEvent.FailingOver : HandoffEvent.FailedOver, Encoding.ASCII.GetBytes(isInHold
            ? $">4\r\n$12\r\nFAILING_OVER\r\n:{number}\r\n:{HoldSeconds}\r\n$1\r\n1\r\n"
            : $">3\r\n$11\r\nFAILED_OVER\r\n:{number}\r\n$1\r\n1\r\n"));
    }

    private static void Write(Conversation session, Slab slab, HandoffEvent what, byte[] text)
    {
        text.CopyTo(slab.Tail);
        slab.End += text.Length;
        session.Counters.Handoffs[(int)what]++;
    }
}
