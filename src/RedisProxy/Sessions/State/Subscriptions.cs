using System.Buffers;
using System.Buffers.Text;
using System.Text;

using RedisProxy.Resp;

namespace RedisProxy.Sessions;

/// <summary>
/// A connection's subscriptions, as confirmed by its backend. Confirmations are a special kind of reply: one per channel, arrays in
/// RESP2 and pushes in RESP3. Messages may appear between any two replies and answer nothing.
/// <para>Names are kept only to subscribe again on another backend (<c>pubsub: resubscribe</c>), up to a limit.</para>
/// </summary>
/// <param name="keepsNames">Names are needed.</param>
internal sealed class Subscriptions(bool keepsNames)
{
    /// <summary>A session that subscribed to more than this is closed by a failover like one that does not resubscribe.</summary>
    private const int MaxNameBytes = 1024 * 1024;

    // Channel of invalidations that another connection has redirected here (redis.io, client-side caching).
    private const string Invalidations = "__redis__:invalidate";
    private const string OwnChannels = "__redis__";

    private readonly Space[] _spaces = [new("SUBSCRIBE"), new("PSUBSCRIBE"), new("SSUBSCRIBE")];
    private long _nameBytes;

    private bool KeepsNames => keepsNames;

    public long Count => Channels.Count + Patterns.Count + ShardChannels.Count;

    public bool IsEmpty => Count <= 0;

    /// <summary>All of it can be replayed.</summary>
    public bool AreNamesKnown => keepsNames && _nameBytes <= MaxNameBytes;

    /// <summary>
    /// Another connection's cache depends on the invalidations received here. On another backend this connection has another id, so
    /// invalidations would stop without the client noticing.
    /// </summary>
    public bool HearsInvalidations => Channels.Names.Contains(Invalidations)
        || (Patterns.Names.Count > 0 && Patterns.Names.Any(static name => name.StartsWith(OwnChannels, StringComparison.Ordinal)));

    private Space Channels => _spaces[0];

    private Space Patterns => _spaces[1];

    private Space ShardChannels => _spaces[2];

    /// <summary>Is it a published message and not a reply? Only meaningful for a connection with subscriptions.</summary>
    /// <param name="reply">Its beginning is enough.</param>
    public static bool IsMessage(ReadOnlySpan<byte> reply)
    {
        ReadOnlySpan<byte> word = FirstWord(ref reply);
        return word.SequenceEqual("message"u8) || word.SequenceEqual("pmessage"u8) || word.SequenceEqual("smessage"u8);
    }

    /// <summary>Is it a reply that confirms the beginning or the end of a subscription?</summary>
    public static bool IsConfirmation(ReadOnlySpan<byte> reply)
    {
        ReadOnlySpan<byte> word = FirstWord(ref reply);
        return word.SequenceEqual("subscribe"u8) || word.SequenceEqual("psubscribe"u8) || word.SequenceEqual("ssubscribe"u8)
            || word.SequenceEqual("unsubscribe"u8) || word.SequenceEqual("punsubscribe"u8) || word.SequenceEqual("sunsubscribe"u8);
    }

    /// <summary>Handles one confirmation.</summary>
    /// <param name="reply">The whole of it.</param>
    /// <param name="request">The request it confirms.</param>
    /// <returns>True: the last one for this request.</returns>
    public bool Confirm(ReadOnlySpan<byte> reply, StateChange request)
    {
        ReadOnlySpan<byte> word = FirstWord(ref reply);
        bool isEnd = word.EndsWith("unsubscribe"u8);
        Space space = word.Length == (isEnd ? "unsubscribe" : "subscribe").Length ? Channels : word[0] == 'p' ? Patterns : ShardChannels;
        ReadOnlySpan<byte> name = TakeBulk(ref reply);
        _ = Utf8Parser.TryParse(reply[1..], out long count, out _);
        Note(space, name, isEnd);

        // Redis counts channels and patterns together, and shard channels separately.
        space.Count = space == Channels ? count - Patterns.Count : space == Patterns ? count - Channels.Count : count;
        request.Confirmed++;
        int asked = request.Arguments.Count - 1;
        return asked > 0 ? request.Confirmed == asked : space.Count <= 0;
    }

    /// <summary>Writes the requests that restore the subscriptions.</summary>
    /// <returns>How many confirmations to expect.</returns>
    public int WriteReplay(IBufferWriter<byte> output)
    {
        int confirmations = 0;
        foreach (Space space in _spaces)
        {
            if (space.Names.Count > 0)
            {
                byte[][] arguments = [Encoding.Latin1.GetBytes(space.Command), .. space.Names.Select(Encoding.Latin1.GetBytes)];
                RequestWriter.WriteBytes(output, arguments);
                confirmations += space.Names.Count;
            }
        }

        return confirmations;
    }

    public void Clear()
    {
        _nameBytes = 0;
        foreach (Space space in _spaces)
        {
            space.Count = 0;
            space.Names.Clear();
        }
    }

    /// <summary>Writes it, or reads it. What a connection keeps does not change with the listener that serves it.</summary>
    public static Subscriptions? Carry(StateCodec codec, Subscriptions? subscriptions)
    {
        if (!codec.Bool(subscriptions is not null))
        {
            return null;
        }

        bool keepsNames = codec.Bool(subscriptions?.KeepsNames ?? false);
        subscriptions ??= new Subscriptions(keepsNames);
        subscriptions._nameBytes = codec.Int64(subscriptions._nameBytes);
        foreach (Space space in subscriptions._spaces)
        {
            space.Count = codec.Int64(space.Count);
            string[] names = [.. space.Names];
            int count = codec.Count(names.Length);
            for (int i = 0; i < count; i++)
            {
                ReadOnlyMemory<byte> name = codec.Bytes(codec.IsReading ? default : Encoding.Latin1.GetBytes(names[i]));
                space.Names.Add(Encoding.Latin1.GetString(name.Span));
            }
        }

        return subscriptions;
    }

    private void Note(Space space, ReadOnlySpan<byte> name, bool isEnd)
    {
        if (!AreNamesKnown)
        {
            return;
        }

        string text = Encoding.Latin1.GetString(name);
        if (isEnd ? space.Names.Remove(text) : space.Names.Add(text))
        {
            _nameBytes += isEnd ? -name.Length : name.Length;
        }
    }

    /// <summary>The first element of an array or push, if it is a string.</summary>
    private static ReadOnlySpan<byte> FirstWord(ref ReadOnlySpan<byte> reply)
    {
        if (reply.IsEmpty || reply[0] is not ((byte)'*' or (byte)'>'))
        {
            return default;
        }

        reply = reply[(reply.IndexOf((byte)'\n') + 1)..];
        return TakeBulk(ref reply);
    }

    /// <summary>The next element; empty if it is null, not a string, or incomplete.</summary>
    private static ReadOnlySpan<byte> TakeBulk(ref ReadOnlySpan<byte> reply)
    {
        int start = reply.IndexOf((byte)'\n') + 1;
        int length = 0;
        bool isString = start > 0 && reply[0] == '$' && Utf8Parser.TryParse(reply[1..], out length, out _)
            && length >= 0 && start + length <= reply.Length;
        ReadOnlySpan<byte> body = isString ? reply.Slice(start, length) : default;
        reply = reply[Math.Min(reply.Length, isString ? start + length + 2 : start)..];
        return body;
    }

    /// <summary>One of redis's three separate kinds of channel names.</summary>
    private sealed class Space(string command)
    {
        public string Command => command;

        public HashSet<string> Names { get; } = [];

        /// <summary>As reported by the backend.</summary>
        public long Count { get; set; }
    }
}
