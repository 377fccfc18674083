using Microsoft.Extensions.Logging;

using RedisProxy.EventLoops;
using RedisProxy.Sessions;

namespace RedisProxy.DataPlane;

/// <summary>
/// Limits the buffers of all sessions together: the limit per session times the number of sessions may exceed the memory. Each
/// loop has its share, and resets its largest sessions when that is used up; the many small ones never notice.
/// </summary>
internal static class MemoryBudget
{
    // Frees enough for some time, so that not every receive costs a session.
    private const int ShedPercent = 25;

    /// <param name="maxBytes">0: half of what this process may use.</param>
    /// <param name="loops">All of them, not started yet.</param>
    /// <param name="listeners">The current ones. Each has a part on each loop, in the loops' order.</param>
    /// <param name="log">Of the data plane.</param>
    public static void Apply(
        long maxBytes, IReadOnlyList<EventLoop> loops, Func<IReadOnlyList<DataPlaneListener>> listeners, ILogger log)
    {
        long budget = (maxBytes > 0 ? maxBytes : GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 2) / loops.Count;
        for (int i = 0; i < loops.Count; i++)
        {
            EventLoop loop = loops[i];
            int index = i;
            bool isDue = false;
            loop.Slabs.PressureBytes = budget;
            loop.Slabs.OnPressure = () =>
            {
                if (!isDue)
                {
                    // Not now: this may be in the middle of a receive.
                    isDue = true;
                    loop.Defer(
                        _ =>
                        {
                            isDue = false;
                            Shed(loop, listeners().Select(listener => listener.Parts[index]), budget, log);
                        },
                        null);
                }
            };
        }
    }

    private static long BytesOf(Session session) =>
        session.Pipeline.Buffer.KeptBytes + session.Pipeline.Memory.Bytes + session.Replies.Reader.HeldBytes
        + (session.Link?.KeptBytes ?? 0);

    private static void Shed(EventLoop loop, IEnumerable<SessionListener> parts, long budget, ILogger log)
    {
        long excess = loop.Slabs.InUseBytes + loop.Slabs.ChargedBytes - budget + (budget * ShedPercent / 100);
        int count = 0;
        (Session Session, long Bytes)[] largest =
        [
            .. parts.SelectMany(part => part.Gate.Sessions)
                .Select(session => (session, BytesOf(session)))
                .OrderByDescending(pair => pair.Item2),
        ];
        for (; excess > 0 && count < largest.Length && largest[count].Bytes > 0; count++)
        {
            excess -= largest[count].Bytes;
            largest[count].Session.End(EndCause.MemoryShed, abort: true);
        }

        DataPlaneLog.MemoryShed(log, count, budget);
    }
}
