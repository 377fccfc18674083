using RedisProxy.EventLoops;

namespace RedisProxy.Sessions;

/// <summary>Sends to the client.</summary>
internal static unsafe class ClientOutput
{
    /// <summary>Sends the first part of a buffer, up to the given end.</summary>
    /// <returns>False: the client's socket takes no more now, and will run the reply pump again when it does.</returns>
    public static bool TrySend(Session session, Slab slab, int end)
    {
        while (slab.Begin < end && !session.IsEnded)
        {
            int sent = session.Client.TrySend(slab.Memory + slab.Begin, end - slab.Begin);
            if (sent >= 0)
            {
                slab.Begin += sent;
                session.Replies.SentBytes += sent;
                session.Counters.ReplyBytes += sent;
            }
            else if (sent != Kernel.WouldBlock)
            {
                session.End(EndCause.ClientReset);
            }
            else if (!session.Client.IsWritableOr(Session.ResumeReplies, session))
            {
                return false;
            }
        }

        return true;
    }
}
