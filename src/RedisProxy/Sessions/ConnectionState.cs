using System.Buffers;
using System.Globalization;
using System.Text;

using RedisProxy.Resp;

namespace RedisProxy.Sessions;

/// <summary>
/// What a client has made of its connection, as far as the backend agreed: enough to say it again on another one. Only what is listed
/// here can be replayed; everything else pins the session. The list of what a connection has is that of RESET (redis.io/commands/reset).
/// </summary>
internal sealed class ConnectionState
{
    private const int DefaultProtocol = 2;

    private byte[]? _username;
    private byte[]? _password;
    private int _protocol = DefaultProtocol;
    private byte[]? _name;
    private byte[]? _libraryName;
    private byte[]? _libraryVersion;
    private bool _noEvict;
    private bool _noTouch;
    private bool _readOnly;
    private int _database;

    public TransactionState Transaction { get; private set; }

    /// <summary>Why the session cannot be moved now; <see cref="PinReason.None"/> when it can.</summary>
    public PinReason Pin => FixedPin != PinReason.None ? FixedPin : Transaction.Pin;

    /// <summary>As <see cref="Pin"/>, transactions aside: those end.</summary>
    public PinReason FixedPin { get; private set; }

    /// <summary>Nothing was ever changed, so there is nothing to replay.</summary>
    public bool IsDefault => _password is null && _protocol == DefaultProtocol && _database == 0 && _name is null
        && _libraryName is null && _libraryVersion is null && !_noEvict && !_noTouch && !_readOnly;

    /// <summary>The backend answered the request that asked for this change.</summary>
    /// <param name="change">What was asked for.</param>
    /// <param name="isError">It was refused.</param>
    /// <param name="isExecAborted">The error says that the transaction was thrown away (EXECABORT).</param>
    public void Apply(StateChange change, bool isError, bool isExecAborted)
    {
        bool inTransaction = Transaction.IsOpen;
        Transaction = Transaction.After(change.Kind, isError, isExecAborted);
        if (isError || change.Kind is CommandKind.Multi or CommandKind.Exec or CommandKind.Discard or CommandKind.Watch
            or CommandKind.Unwatch)
        {
            return;
        }

        if (change.Kind == CommandKind.Reset)
        {
            Reset();
        }
        else if (inTransaction)
        {
            // It was only queued, and what EXEC makes of it is not followed.
            FixedPin = PinReason.StateInTransaction;
        }
        else if (change.Pins != PinReason.None)
        {
            FixedPin = change.Pins;
        }
        else
        {
            ApplyReplayable(change);
        }
    }

    /// <summary>The requests that bring a new connection to this state, in the order in which redis allows them.</summary>
    /// <returns>How many replies to expect.</returns>
    public int WriteReplay(IBufferWriter<byte> output)
    {
        int count = 0;
        void Say(params ReadOnlySpan<byte[]> arguments)
        {
            RequestWriter.WriteBytes(output, arguments);
            count++;
        }

        if (_password is not null)
        {
            if (_username is null)
            {
                Say("AUTH"u8.ToArray(), _password);
            }
            else
            {
                Say("AUTH"u8.ToArray(), _username, _password);
            }
        }

        if (_protocol != DefaultProtocol)
        {
            Say("HELLO"u8.ToArray(), Number(_protocol));
        }

        if (_database != 0)
        {
            Say("SELECT"u8.ToArray(), Number(_database));
        }

        if (_name is not null)
        {
            Say("CLIENT"u8.ToArray(), "SETNAME"u8.ToArray(), _name);
        }

        if (_libraryName is not null)
        {
            Say("CLIENT"u8.ToArray(), "SETINFO"u8.ToArray(), "LIB-NAME"u8.ToArray(), _libraryName);
        }

        if (_libraryVersion is not null)
        {
            Say("CLIENT"u8.ToArray(), "SETINFO"u8.ToArray(), "LIB-VER"u8.ToArray(), _libraryVersion);
        }

        if (_noEvict)
        {
            Say("CLIENT"u8.ToArray(), "NO-EVICT"u8.ToArray(), "on"u8.ToArray());
        }

        if (_noTouch)
        {
            Say("CLIENT"u8.ToArray(), "NO-TOUCH"u8.ToArray(), "on"u8.ToArray());
        }

        if (_readOnly)
        {
            Say("READONLY"u8.ToArray());
        }

        return count;
    }

    private void ApplyReplayable(StateChange change)
    {
        IReadOnlyList<byte[]> arguments = change.Arguments;
        switch (change.Kind)
        {
            case CommandKind.Auth when arguments.Count == 2:
                SetUser(null, arguments[1]);
                break;
            case CommandKind.Auth:
                SetUser(arguments[1], arguments[2]);
                break;
            case CommandKind.Hello:
                ApplyHello(arguments);
                break;
            case CommandKind.Select:
                _database = int.Parse(arguments[1], NumberStyles.Integer, CultureInfo.InvariantCulture);
                break;
            case CommandKind.ReadOnly:
                _readOnly = true;
                break;
            case CommandKind.ReadWrite:
                _readOnly = false;
                break;
            case CommandKind.Client:
                ApplyClient(arguments);
                break;
        }
    }

    // HELLO [protover [AUTH username password] [SETNAME clientname]]
    private void ApplyHello(IReadOnlyList<byte[]> arguments)
    {
        if (arguments.Count > 1)
        {
            _protocol = int.Parse(arguments[1], NumberStyles.Integer, CultureInfo.InvariantCulture);
        }

        for (int i = 2; i < arguments.Count; i++)
        {
            switch (Upper(arguments[i]))
            {
                case "AUTH":
                    SetUser(arguments[i + 1], arguments[i + 2]);
                    i += 2;
                    break;
                case "SETNAME":
                    _name = arguments[i + 1];
                    i++;
                    break;
                default:
                    FixedPin = PinReason.UnknownState;
                    return;
            }
        }
    }

    private void ApplyClient(IReadOnlyList<byte[]> arguments)
    {
        bool isOn = arguments.Count > 2 && Upper(arguments[2]) == "ON";
        switch (Upper(arguments[1]))
        {
            case "SETNAME":
                _name = arguments[2].Length == 0 ? null : arguments[2];
                break;
            case "NO-EVICT":
                _noEvict = isOn;
                break;
            case "NO-TOUCH":
                _noTouch = isOn;
                break;
            case "SETINFO" when Upper(arguments[2]) == "LIB-NAME":
                _libraryName = arguments[3];
                break;
            case "SETINFO" when Upper(arguments[2]) == "LIB-VER":
                _libraryVersion = arguments[3];
                break;
            default:
                FixedPin = PinReason.UnknownState;
                break;
        }
    }

    private void SetUser(byte[]? username, byte[] password)
    {
        _username = username;
        _password = password;
    }

    // The library's name and version survive RESET, as in redis.
    private void Reset()
    {
        _username = null;
        _password = null;
        _protocol = DefaultProtocol;
        _name = null;
        _noEvict = false;
        _noTouch = false;
        _readOnly = false;
        _database = 0;
        FixedPin = PinReason.None;
    }

    private static byte[] Number(int value) => Encoding.ASCII.GetBytes(value.ToString(CultureInfo.InvariantCulture));

    private static string Upper(byte[] argument) => Encoding.Latin1.GetString(argument).ToUpperInvariant();
}
