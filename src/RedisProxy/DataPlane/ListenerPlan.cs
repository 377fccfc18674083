using RedisProxy.Configuration;

namespace RedisProxy.DataPlane;

/// <summary>
/// The listeners of new options, with everything that could fail done already: new addresses are bound. Nothing has changed yet, and the
/// bound sockets serve nobody.
/// </summary>
/// <param name="Options">The new ones.</param>
/// <param name="Sockets">By listener name, without listeners that keep theirs.</param>
/// <param name="Errors">Why it cannot be carried out, a sentence each; empty if it can.</param>
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
