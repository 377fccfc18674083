using System.Text;

namespace RedisProxy.SentinelFacade;

/// <summary>
/// Channels and patterns of one client, in the order of their coming. As Latin-1, so that every byte is one character. What somebody
/// subscribes to beyond <see cref="SwitchChannel"/> is kept and confirmed, and nothing ever comes.
/// </summary>
internal sealed class FacadeSubscriptions
{
    /// <summary>In which a Sentinel says that a master was replaced: <c>name old-ip old-port new-ip new-port</c>.</summary>
    public const string SwitchChannel = "+switch-master";

    /// <summary>Redis has no such limit; here strangers may be subscribers, and one channel is all that there is.</summary>
    public const int MaxNames = 1024;

    public List<string> Channels { get; } = [];

    public List<string> Patterns { get; } = [];

    public int Count => Channels.Count + Patterns.Count;

    public void Clear()
    {
        Channels.Clear();
        Patterns.Clear();
    }

    /// <summary>Would a message in this channel be for this client?</summary>
    public bool Match(string channel) =>
        Channels.Contains(channel) || Patterns.Exists(pattern => GlobPattern.IsMatch(pattern, channel));

    /// <summary>A message to this client: once for the channel, and once for each pattern that it matches.</summary>
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
