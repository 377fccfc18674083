using System.Buffers;
using System.Globalization;
using System.Text;

using RedisProxy.Resp;

namespace RedisProxy.Sessions;

/// <summary>
/// The requests that bring a new connection to the state of the old one, in the order in which redis allows them, and what has to come
/// back before it may be used.
/// </summary>
internal sealed class StateReplay
{
    private readonly ArrayBufferWriter<byte> _output = new(256);

    private StateReplay()
    {
        RequestWriter.Write(_output, "PING");
        RepliesOwed = 1;
    }

    private StateReplay(ConnectionState state, byte[][]? credentials)
    {
        MustSucceed = true;
        if (credentials is not null)
        {
            Say("AUTH", credentials);
        }

        SayIdentity(state);
        SayMode(state);
        if (state.Subscriptions is { IsEmpty: false } subscriptions)
        {
            RepliesOwed += subscriptions.WriteReplay(_output);
        }

        if (state.Caching is { } caching)
        {
            Say("CLIENT CACHING", caching[2]);
        }

        if (state.Transaction.IsOpen)
        {
            Say("MULTI");
            Queue = state.Queue;
        }
    }

    public ReadOnlyMemory<byte> Requests => _output.WrittenMemory;

    /// <summary>No state: a question whose answer, whatever it is, shows that the server has accepted the connection.</summary>
    public static StateReplay Nothing { get; } = new();

    /// <summary>None of the replies to <see cref="Requests"/> may be an error.</summary>
    public bool MustSucceed { get; }

    /// <summary>Replies to <see cref="Requests"/>.</summary>
    public int RepliesOwed { get; private set; }

    /// <summary>
    /// To be sent once MULTI was confirmed, else it would be executed. Null: nothing. What it is answered with does not matter: when a
    /// part of it is refused, EXEC is.
    /// </summary>
    public TransactionQueue? Queue { get; }

    /// <param name="state">Of the client's connection.</param>
    /// <param name="credentials">With which the proxy authenticates it; null: with those of the state, if there are any.</param>
    /// <returns>Null: there is nothing to say.</returns>
    public static StateReplay? Of(ConnectionState state, byte[][]? credentials)
    {
        if (state.IsUntouched && credentials is null)
        {
            return null;
        }

        var replay = new StateReplay(state, credentials);
        return replay._output.WrittenCount == 0 ? null : replay;
    }

    // Redis wants the user first; a name and what follows may need a right of that user.
    private void SayIdentity(ConnectionState state)
    {
        if (state.Password is { } password)
        {
            Say("AUTH", state.Username is { } username ? [username, password] : [password]);
        }

        if (state.Protocol != ConnectionState.DefaultProtocol)
        {
            Say("HELLO", Number(state.Protocol));
        }

        if (state.Database != 0)
        {
            Say("SELECT", Number(state.Database));
        }

        if (state.Name is { } name)
        {
            Say("CLIENT SETNAME", name);
        }

        if (state.LibraryName is { } library)
        {
            Say("CLIENT SETINFO LIB-NAME", library);
        }

        if (state.LibraryVersion is { } version)
        {
            Say("CLIENT SETINFO LIB-VER", version);
        }
    }

    private void SayMode(ConnectionState state)
    {
        if (state.IsNoEvict)
        {
            Say("CLIENT NO-EVICT on");
        }

        if (state.IsNoTouch)
        {
            Say("CLIENT NO-TOUCH on");
        }

        if (state.IsReadOnly)
        {
            Say("READONLY");
        }

        foreach (IReadOnlyList<byte[]> tracking in state.Tracking ?? [])
        {
            Say("CLIENT TRACKING", [.. tracking.Skip(2)]);
        }
    }

    private void Say(string words, params ReadOnlySpan<byte[]> more)
    {
        RequestWriter.WriteBytes(_output, [.. words.Split(' ').Select(Encoding.ASCII.GetBytes), .. more]);
        RepliesOwed++;
    }

    private static byte[] Number(int value) => Encoding.ASCII.GetBytes(value.ToString(CultureInfo.InvariantCulture));
}
