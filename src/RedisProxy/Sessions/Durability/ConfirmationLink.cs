using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Text;

using RedisProxy.EventLoops;
using RedisProxy.Resp;
using RedisProxy.Transport;

namespace RedisProxy.Sessions;

/// <summary>
/// A connection of the proxy's own to a master, on which it asks one question at a time: <see cref="WriteMark"/> and WAIT. While the
/// server waits for its replicas, nothing else can be said on it.
/// </summary>
internal sealed class ConfirmationLink
{
    private static readonly Action<object?> ResumeRead = static link => ((ConfirmationLink)link!).Read();

    // Answers are short; the longest is an error's text.
    private const int MaxAnswerBytes = 1024;

    // To the answer, beyond the time that the server was given.
    private const long AnswerMs = 1_000;

    private readonly LoopSocket _socket;
    private readonly SessionSettings _settings;
    private readonly byte[] _input = new byte[MaxAnswerBytes];
    private readonly LoopTimer _deadline;
    private int _received;

    // Replies to come: those to the greeting, then two to each question.
    private int _greetings;
    private int _owed;
    private bool _isEnded;
    private bool _wasUsed = true;

    public ConfirmationLink(LoopSocket socket, SessionSettings settings, long generation)
    {
        _socket = socket;
        _settings = settings;
        Generation = generation;
        _deadline = new LoopTimer(static link => ((ConfirmationLink)link).End(refusal: null), this);
    }

    public long Generation { get; }

    /// <summary>It can carry a question now.</summary>
    public required Action OnIdle { get; init; }

    /// <summary>It has ended by itself: receives what it carried, and the reason if it was refused something.</summary>
    public required Action<ConfirmationLink, IReadOnlyList<Confirmation>, string?> OnEnded { get; init; }

    /// <summary>A bug in this program.</summary>
    public required Action<Exception> OnFault { get; init; }

    /// <summary>What is being asked on it.</summary>
    public IReadOnlyList<Confirmation> Carried { get; private set; } = [];

    /// <summary>On the loop's clock.</summary>
    public long AskedAtMs { get; private set; }

    public bool IsConnecting { get; private set; } = true;

    public bool IsIdle => !_isEnded && !IsConnecting && Carried.Count == 0;

    private DurableSettings Durable => _settings.Durable!;

    /// <summary>Was a question asked on it since the last look, or is one under way?</summary>
    public bool WasUsed()
    {
        bool wasUsed = _wasUsed || !IsIdle;
        _wasUsed = false;
        return wasUsed;
    }

    public void Start() => _ = StartAsync();

    /// <summary>Asks for all of them at once. Those that are not decided by the answer stay open.</summary>
    public void Carry(IReadOnlyList<Confirmation> confirmations)
    {
        Debug.Assert(IsIdle, "one question at a time");
        _wasUsed = true;
        Carried = confirmations;
        AskedAtMs = _socket.Loop.NowMs;
        long leftMs = Math.Max(1, confirmations.Max(static confirmation => confirmation.DeadlineMs) - _socket.Loop.NowMs);
        var question = new ArrayBufferWriter<byte>(128);
        RequestWriter.WriteBytes(question, WriteMark.Words);
        RequestWriter.Write(question, ["WAIT", Text(Durable.Replicas), Text(leftMs)]);
        _owed = 2;

        // A server that does not answer at all is asked on another connection.
        _socket.Loop.Timers.Arm(_deadline, AskedAtMs + leftMs + AnswerMs);
        Send(question.WrittenSpan);

        static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>It is of no use any more.</summary>
    public void Close()
    {
        _isEnded = true;
        _socket.Loop.Timers.Disarm(_deadline);
        _socket.Close();
    }

    // A fault in it must not leave it connecting: while it does, no other one is opened.
    private async Task StartAsync()
    {
        try
        {
            await ConnectAsync();
        }
        catch (Exception error)
        {
            OnFault(error);
            End(refusal: null);
        }
    }

    private async Task ConnectAsync()
    {
        _socket.Loop.Timers.Arm(_deadline, _socket.Loop.NowMs + _settings.ConnectTimeoutMs);
        await _socket.WaitWritableAsync();
        if (_isEnded)
        {
            return;
        }

        if (_socket.TakeError() != 0)
        {
            End(refusal: null);
            return;
        }

        if (_settings.SendsProxyHeader)
        {
            Send(ProxyHeader.WriteLocal());
        }

        Exception? failure = _settings.BackendTls is not { } tls ? null
            : await _socket.SecureAsync(stream => tls.AuthenticateAsync(stream, host: null, CancellationToken.None));
        if (failure is not null)
        {
            End(failure.Message);
        }

        if (_isEnded)
        {
            return;
        }

        _socket.Loop.Timers.Disarm(_deadline);
        Greet();
        IsConnecting = false;
        OnIdle();
        Read();
    }

    private void Greet()
    {
        var greeting = new ArrayBufferWriter<byte>(128);
        if (Durable.Credentials is { } credentials)
        {
            RequestWriter.WriteBytes(greeting, ["AUTH"u8.ToArray(), .. credentials]);
            _greetings++;
        }

        RequestWriter.Write(greeting, ["CLIENT", "SETNAME", "redisproxy-durable"]);
        _greetings++;
        Send(greeting.WrittenSpan);
    }

    // A question is asked only when the one before was answered, so the kernel has room for it.
    private unsafe void Send(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            if (_socket.TrySend(start, bytes.Length) != bytes.Length)
            {
                End(refusal: null);
            }
        }
    }

    private void Read()
    {
        while (!_isEnded && _socket.IsReadableOr(ResumeRead, this))
        {
            if (_socket.IsReadable)
            {
                Receive();
            }
        }
    }

    private unsafe void Receive()
    {
        int received;
        fixed (byte* start = &_input[_received])
        {
            received = _socket.TryReceive(start, _input.Length - _received);
        }

        if (received == Kernel.WouldBlock)
        {
            return;
        }

        _received += Math.Max(0, received);
        while (!_isEnded && TryTakeLine(out string line))
        {
            Take(line);
        }

        if (!_isEnded && (received <= 0 || _received == _input.Length))
        {
            End(refusal: null);
        }
    }

    private bool TryTakeLine(out string line)
    {
        int end = _input.AsSpan(0, _received).IndexOf("\r\n"u8);
        line = end < 0 ? "" : Encoding.Latin1.GetString(_input, 0, end);
        if (end < 0)
        {
            return false;
        }

        _received -= end + 2;
        _input.AsSpan(end + 2, _received).CopyTo(_input);
        return true;
    }

    private void Take(string line)
    {
        if (_greetings > 0)
        {
            // A name is not needed; nor is a password, until the server asks for one.
            _greetings--;
        }
        else if (_owed == 0 || line is not [':', ..] || !int.TryParse(line.AsSpan(1), CultureInfo.InvariantCulture, out int number))
        {
            End(line);
        }
        else if (--_owed == 0)
        {
            Answer(number >= Durable.Replicas);
        }
    }

    private void Answer(bool areEnough)
    {
        if (_received > 0)
        {
            // It is unknown to what this was the answer.
            End("more answers than questions");
            return;
        }

        _socket.Loop.Timers.Disarm(_deadline);
        IReadOnlyList<Confirmation> carried = Carried;
        Carried = [];
        if (areEnough)
        {
            foreach (Confirmation confirmation in carried)
            {
                confirmation.Decide(Verdict.Confirmed);
            }
        }

        OnIdle();
    }

    private void End(string? refusal)
    {
        if (!_isEnded)
        {
            Close();
            OnEnded(this, Carried, refusal);
        }
    }
}
