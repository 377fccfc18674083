using System.Text;

namespace RedisProxy.SentinelFacade;

/// <summary>
/// Channels and patterns of one client, in the order of subscription. As Latin-1, so that every byte is one character. Subscriptions
/// to anything but <see cref="SwitchChannel"/> are kept and confirmed, but never receive a message.
/// </summary>
internal sealed class FacadeSubscriptions
{
    /// <summary>The channel on which a Sentinel announces a new master: <c>name old-ip old-port new-ip new-port</c>.</summary>
    public const string SwitchChannel = "+switch-master";

    /// <summary>Redis has no such limit; here any client may subscribe, and only one channel is ever used.</summary>
    public const int MaxNames = 1024;

    public List<string> Channels { get; } = [];

    public List<string> Patterns { get; } = [];

    public int Count => Channels.Count + Patterns.Count;

    public void Clear()
    {
        Channels.Clear();
        Patterns.Clear();
    }

    /// <summary>Is this client subscribed to the channel?</summary>
    public bool Match(string channel) =>
        Channels.Contains(channel) || Patterns.Exists(pattern => GlobPattern.IsMatch(pattern, channel));

    /// <summary>A message to this client: once for the channel, and once for each pattern that matches it.</summary>
    public void WriteMessage(ReplyWriter reply, string channel, string message)
    {
        if (Channels.Contains(channel))
        {
            reply.Push(3);
            reply.Bulk("message");
            reply.Bulk(channel);
            reply.Bulk(message);
        }

        foreach (string pattern in Patterns.Where(pattern => GlobPattern.IsMatch(pattern, channel)))
        {
            reply.Push(4);
            reply.Bulk("pmessage");
            reply.Bulk(BytesOf(pattern));
            reply.Bulk(channel);
            reply.Bulk(message);
        }
    }

    public static string NameOf(byte[] argument) => Encoding.Latin1.GetString(argument);

    public static byte[] BytesOf(string name) => Encoding.Latin1.GetBytes(name);
}
