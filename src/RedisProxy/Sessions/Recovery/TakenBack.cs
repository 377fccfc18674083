namespace RedisProxy.Sessions;

/// <summary>Requeues requests of a link: they move from the end of its ledger to the front of the waiting queue.</summary>
internal static class TakenBack
{
    /// <summary>Requeues requests that the link has not begun to send, because the gate is shut now.</summary>
    /// <param name="session">Of the link.</param>
    /// <param name="link">Of the session.</param>
    /// <param name="begunToo">Also a partly sent one: the link is being dropped, so it will never be complete there.</param>
    public static void Unsent(Conversation session, BackendLink link, bool begunToo)
    {
        Pipeline pipeline = session.Pipeline;
        while (!link.InFlight.IsEmpty)
        {
            ref PendingRequest newest = ref link.InFlight.Newest;
            bool isBegun = newest.Start < link.CommittedTo;
            if (!newest.IsProxyReply)
            {
                if (begunToo ? newest.End <= link.CommittedTo : isBegun)
                {
                    break;
                }

                newest.Outcome = newest.Start < pipeline.Buffer.Kept ? Outcome.NotExecuted : Outcome.Forward;
            }

            MoveNewest(session, link);
        }

        link.SendEnd = link.InFlight.IsEmpty ? link.CommittedTo : Math.Max(link.CommittedTo, pipeline.SendEndOf(link.InFlight.Newest));
        pipeline.ArmDeadline();
    }

    /// <summary>Requeues all requests of the lost link, each with the outcome decided for it.</summary>
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
        bool isOfSameOutage = session.Loop.NowMs - link.OpenedAtMs <= session.Settings.HoldTimeoutMs;
        newest.IsCountedAsHeld &= isOfSameOutage;
        if (!newest.HasWaited || !isOfSameOutage)
        {
            // Its wait begins now, and does not start over with every backend that rejects it.
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
