namespace RedisProxy.Sessions;

/// <summary>Requests that a link has taken wait again: they move from the end of its ledger to the beginning of what waits.</summary>
internal static class TakenBack
{
    /// <summary>Those that the link has not begun to send, because the way is shut now.</summary>
    /// <param name="session">The link's.</param>
    /// <param name="link">Of the session.</param>
    /// <param name="begunToo">Also the one of which a part was sent: the link is given up, so it will never be complete there.</param>
    public static void Unsent(Conversation session, BackendLink link, bool begunToo)
    {
        Pipeline pipeline = session.Pipeline;
        while (!link.InFlight.IsEmpty)
        {
            ref PendingRequest newest = ref link.InFlight.Newest;
            bool isBegun = newest.Start < link.SentTo;
            if (!newest.IsProxyReply)
            {
                if (begunToo ? newest.End <= link.SentTo : isBegun)
                {
                    break;
                }

                newest.Outcome = newest.Start < pipeline.Buffer.Kept ? Outcome.NotExecuted : Outcome.Forward;
            }

            MoveNewest(session, link);
        }

        link.SendEnd = link.InFlight.IsEmpty ? link.SentTo : Math.Max(link.SentTo, pipeline.SendEndOf(link.InFlight.Newest));
        pipeline.ArmDeadline();
    }

    /// <summary>Everything that the lost link owed, each with the outcome that was decided for it.</summary>
    public static void All(Conversation session, BackendLink link)
    {
        while (!link.InFlight.IsEmpty)
        {
            MoveNewest(session, link);
        }

        link.InFlight.Release();
        session.Pipeline.ArmDeadline();
    }

    private static void MoveNewest(Conversation session, BackendLink link)
    {
        ref PendingRequest newest = ref link.InFlight.Newest;
        if (!newest.HasWaited || session.Loop.NowMs - link.OpenedAtMs > session.Settings.HoldTimeoutMs)
        {
            // Its wait begins now, not again with every backend that turns it away.
            newest.WaitsSinceMs = session.Loop.NowMs;
            newest.HasWaited = true;
        }

        newest.IsAnswered = false;
        newest.Rejection = Outcome.Forward;
        link.ForgetSubstitute(newest);
        session.Pipeline.Waiting.AddOldest(newest);
        link.InFlight.RemoveNewest();
    }
}
