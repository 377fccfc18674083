using System.Text;

namespace RedisProxy.SentinelFacade;

/// <summary>
/// Channels and patterns of one client, in the order of their coming. As Latin-1, so that every byte is one character. What somebody
/// subscribes to beyond <see cref="SubscriptionCommands.SwitchChannel"/> is kept and confirmed, and nothing ever comes.
/// </summary>
internal sealed class FacadeSubscriptions
{
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

    public static string NameOf(byte[] argument) => Encoding.Latin1.GetString(argument);

    public static byte[] BytesOf(string name) => Encoding.Latin1.GetBytes(name);
}
