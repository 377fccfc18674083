using System.Globalization;
using System.Text;

using RedisProxy.Resp;

namespace RedisProxy.Sessions;

/// <summary>
/// How a client has identified itself: user, protocol, and the names that it set. Everything that was sent with HELLO is replayed with
/// HELLO, which every user may send, unlike CLIENT SETNAME.
/// </summary>
internal sealed class Identity
{
    public const int DefaultProtocol = 2;

    private int _authentications;
    private ClientCredentials? _namedBy;

    public ClientCredentials? User { get; private set; }

    public int Protocol { get; private set; } = DefaultProtocol;

    /// <summary>The server supports HELLO (redis 6).</summary>
    public bool HasSaidHello { get; private set; }

    public byte[]? Name { get; private set; }

    /// <summary>CLIENT SETNAME with <see cref="Name"/>, if it cannot be part of HELLO.</summary>
    public Said? Naming => HasSaidHello || Name is not { } name ? null : Said.Client(_namedBy, "SETNAME", name);

    /// <summary>CLIENT SETINFO LIB-NAME.</summary>
    public Said? LibraryName { get; private set; }

    /// <summary>CLIENT SETINFO LIB-VER.</summary>
    public Said? LibraryVersion { get; private set; }

    /// <summary>Equal for connections that look alike in the server's list of clients; empty for one without names.</summary>
    public string NamesKey => (Name, LibraryName, LibraryVersion) is (null, null, null)
        ? ""
        : $"{TextOf(Name)}\n{TextOf(LibraryName?.Words[^1])}\n{TextOf(LibraryVersion?.Words[^1])}";

    /// <summary>AUTH [username] password was confirmed.</summary>
    public void ApplyAuth(IReadOnlyList<byte[]> arguments) => SetUser(arguments.Count > 2 ? arguments[1] : null, arguments[^1]);

    /// <summary>HELLO [protover [AUTH username password] [SETNAME clientname]] was confirmed.</summary>
    /// <returns>False: it had an unknown option.</returns>
    public bool TryApplyHello(IReadOnlyList<byte[]> arguments)
    {
        HasSaidHello = true;
        if (arguments.Count > 1)
        {
            Protocol = int.Parse(arguments[1], NumberStyles.Integer, CultureInfo.InvariantCulture);
        }

        for (int i = 2; i < arguments.Count; i++)
        {
            switch (RequestArguments.Upper(arguments[i]))
            {
                case "AUTH":
                    SetUser(arguments[i + 1], arguments[i + 2]);
                    i += 2;
                    break;
                case "SETNAME":
                    SetName(arguments[i + 1]);
                    i++;
                    break;
                default:
                    return false;
            }
        }

        return true;
    }

    public void SetName(byte[] name)
    {
        Name = name.Length == 0 ? null : name;
        _namedBy = User;
    }

    /// <summary>CLIENT SETINFO was confirmed.</summary>
    /// <returns>False: it set an unknown attribute.</returns>
    public bool TrySetInfo(string attribute, byte[] value)
    {
        switch (attribute)
        {
            case "LIB-NAME":
                LibraryName = Said.Client(User, "SETINFO", Encoding.ASCII.GetBytes(attribute), value);
                return true;
            case "LIB-VER":
                LibraryVersion = Said.Client(User, "SETINFO", Encoding.ASCII.GetBytes(attribute), value);
                return true;
            default:
                return false;
        }
    }

    /// <summary>RESET. The library's name and version survive it, as in redis.</summary>
    public void Reset()
    {
        User = null;
        Protocol = DefaultProtocol;
        Name = null;
    }

    /// <summary>Writes it, or reads it into a new one.</summary>
    public void Carry(StateCodec codec)
    {
        _authentications = codec.Int32(_authentications);
        User = codec.User(User);
        _namedBy = codec.User(_namedBy);
        Protocol = codec.Int32(Protocol);
        HasSaidHello = codec.Bool(HasSaidHello);
        Name = codec.Text(Name);
        LibraryName = codec.Said(LibraryName);
        LibraryVersion = codec.Said(LibraryVersion);
    }

    private static string TextOf(byte[]? name) => name is null ? "" : Encoding.Latin1.GetString(name);

    private void SetUser(byte[]? username, byte[] password) => User = new ClientCredentials(++_authentications, username, password);
}
