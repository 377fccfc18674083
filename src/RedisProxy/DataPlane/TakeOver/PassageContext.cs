using Microsoft.Extensions.Logging;

using RedisProxy.EventLoops;
using RedisProxy.Sessions;

namespace RedisProxy.DataPlane;

/// <summary>What both directions need of a listener.</summary>
/// <param name="Listener">Its name.</param>
/// <param name="Parts">Its parts, one on each loop. Messages are sent and received on the first loop.</param>
/// <param name="Terms">See <see cref="PassageTerms.Of"/>.</param>
/// <param name="Time">The loops' clock.</param>
/// <param name="Log">Of this layer.</param>
internal sealed record PassageContext(
    string Listener, IReadOnlyList<SessionListener> Parts, Func<string> Terms, TimeProvider Time, ILogger Log)
{
    public EventLoop Loop => Parts[0].Gate.Loop;
}
