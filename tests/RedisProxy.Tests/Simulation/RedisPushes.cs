namespace RedisProxy.Tests.Simulation;

/// <summary>What a connection of a simulated redis has asked to be told of: what is published, and changes of what it has read.</summary>
internal sealed class RedisPushes
{
    private readonly HashSet<string> _channels = [];
    private readonly HashSet<string> _read = [];

    /// <summary>CLIENT TRACKING is on.</summary>
    public bool Tracks { get; set; }

    public bool IsSubscribed => _channels.Count > 0;

    public static string Message(string channel, string word, int protocol) =>
        FormattableString.Invariant($"{Mark(protocol)}3\r\n{Bulk("message")}{Bulk(channel)}{Bulk(word)}");

    public static string Confirmation(string channel, int channels, int protocol) =>
        FormattableString.Invariant($"{Mark(protocol)}3\r\n{Bulk("subscribe")}{Bulk(channel)}:{channels}\r\n");

    public string Subscribe(string channel, int protocol)
    {
        _channels.Add(channel);
        return Confirmation(channel, _channels.Count, protocol);
    }

    public bool Hears(string channel) => _channels.Contains(channel);

    public void OnRead(string key)
    {
        if (Tracks)
        {
            _read.Add(key);
        }
    }

    /// <returns>What is to be said of it; empty: nothing.</returns>
    public string OnChanged(string key) =>
        _read.Remove(key) ? FormattableString.Invariant($">2\r\n{Bulk("invalidate")}*1\r\n{Bulk(key)}") : "";

    public void Clear()
    {
        Tracks = false;
        _channels.Clear();
        _read.Clear();
    }

    private static char Mark(int protocol) => protocol == 3 ? '>' : '*';

    private static string Bulk(string text) => Conversation.BulkOf(text);
}
