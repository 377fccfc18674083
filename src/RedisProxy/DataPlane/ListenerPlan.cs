using RedisProxy.Configuration;

namespace RedisProxy.DataPlane;

/// <summary>
/// The listeners of other options, with all that could go wrong done already: addresses that are new are bound. Nothing has changed yet,
/// and nobody is served by what was bound.
/// </summary>
/// <param name="Options">The other ones.</param>
/// <param name="Sockets">By the listener's name; listeners that keep theirs are not in it.</param>
/// <param name="Errors">Why it cannot be carried out, a sentence each; empty when it can.</param>
internal sealed record ListenerPlan(
    ProxyOptions Options, IReadOnlyDictionary<string, ListenerSockets> Sockets, IReadOnlyList<string> Errors)
{
    /// <summary>Instead of carrying it out.</summary>
    public void Discard()
    {
        foreach (ListenerSockets sockets in Sockets.Values)
        {
            sockets.Close();
        }
    }
}
