using RedisProxy.DataPlane;
using RedisProxy.EventLoops;

namespace RedisProxy.Admin;

/// <summary>Do the event loops run? Nothing else: a proxy is not dead because redis or Sentinel is.</summary>
internal sealed class Liveness(Forwarder forwarder, TimeProvider time)
{
    private static readonly TimeSpan MaxTurn = TimeSpan.FromSeconds(2);

    /// <returns>The loops that did not answer in time.</returns>
    public async Task<IReadOnlyList<int>> FindHungLoopsAsync()
    {
        bool[] hangs = await Task.WhenAll(forwarder.Loops.Select(HangsAsync));
        return [.. Enumerable.Range(0, hangs.Length).Where(i => hangs[i])];
    }

    private async Task<bool> HangsAsync(EventLoop loop)
    {
        try
        {
            await loop.InvokeAsync(() => true).WaitAsync(MaxTurn, time);
            return false;
        }
        catch (TimeoutException)
        {
            return true;
        }
    }
}
