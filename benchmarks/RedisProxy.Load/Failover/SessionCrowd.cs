using System.Net;
using System.Net.Sockets;
using System.Text;

using RedisProxy.Testing;

namespace RedisProxy.Load.Failover;

/// <summary>
/// Thousands of sessions of one process, each with at most one request under way. What is wanted are two moments, that of the first
/// reply and that of the last, and as little work as possible in between, because the proxy runs on the same processors. So: plain blocking
/// sockets and one thread. It sleeps in one poll(2) over all sockets until the first reply is there, and then reads the sessions one
/// after the other: where a reply has come already, that is one system call, and where none has, the thread sleeps until it has. The
/// moment after the last one is late by no more than what was left to read then. Asynchronous receives would need as many wake-ups as there
/// are sessions, and would measure the queue of the thread pool. The moments of the sessions in between are not known; nobody asks.
/// </summary>
internal sealed class SessionCrowd : IDisposable
{
    // Well below the backlog of any listener.
    private const int OpenedAtOnce = 200;

    private static readonly TimeSpan OpenWithin = TimeSpan.FromSeconds(10);

    private readonly List<CrowdSession> _sessions = [];

    public void Dispose() => _sessions.ForEach(session => session.Dispose());

    /// <summary>Connects all and lets each do a PING. Blocks.</summary>
    public static SessionCrowd Open(int port, int sessions)
    {
        var crowd = new SessionCrowd();
        try
        {
            byte[] ping = RawClient.Command("PING");
            while (crowd._sessions.Count < sessions)
            {
                int first = crowd._sessions.Count;
                for (int i = first; i < Math.Min(sessions, first + OpenedAtOnce); i++)
                {
                    crowd._sessions.Add(CrowdSession.Connect(port, i));
                }

                crowd._sessions[first..].ForEach(session => session.Send(ping, "+PONG\r\n"));
                if (crowd._sessions[first..].Find(session => session.Read(OpenWithin) != SessionAnswer.Right) is { } bad)
                {
                    throw new InvalidOperationException($"Session {bad.Number} was not answered to its PING.");
                }
            }

            return crowd;
        }
        catch
        {
            crowd.Dispose();
            throw;
        }
    }

    /// <summary>What the key of a session holds: another value for each, so that a reply in the wrong place shows.</summary>
    public static (string Key, string Value) Entry(int number) => ($"crowd:{number}", $"value of session {number}");

    /// <summary>Every session asks for its value.</summary>
    public void AskAll()
    {
        foreach (CrowdSession session in _sessions)
        {
            (string key, string value) = Entry(session.Number);
            session.Send(RawClient.Command("GET", key), $"${value.Length}\r\n{value}\r\n");
        }
    }

    /// <summary>Reads one answer for each. Blocks.</summary>
    /// <param name="within">The longest wait, for all together.</param>
    /// <param name="clock">Of the moments in the result.</param>
    public CrowdAnswers ReadAll(TimeSpan within, Func<TimeSpan> clock)
    {
        TimeSpan deadline = clock() + within;
        var answers = new List<SessionAnswer>();
        TimeSpan? first = null;
        while (first is null && answers.Count < _sessions.Count && clock() < deadline)
        {
            first = ReadReady(deadline, clock, answers);
        }

        TimeSpan last = first ?? deadline;
        foreach (CrowdSession session in _sessions.Where(session => !session.IsAnswered))
        {
            TimeSpan left = deadline - clock();
            SessionAnswer answer = session.Read(left > TimeSpan.Zero ? left : TimeSpan.Zero);
            answers.Add(answer);
            last = answer == SessionAnswer.Right ? clock() : last;
        }

        return new CrowdAnswers(answers, first ?? deadline, last);
    }

    // What is ready first need not be a reply: it can be the end of a connection. The moment is that of the first good one.
    private TimeSpan? ReadReady(TimeSpan deadline, Func<TimeSpan> clock, List<SessionAnswer> answers)
    {
        Dictionary<Socket, CrowdSession> open = _sessions.Where(session => !session.IsAnswered).ToDictionary(session => session.Socket);
        List<Socket> ready = [.. open.Keys];
        Socket.Select(ready, null, null, deadline - clock());
        TimeSpan now = clock();
        bool isFirst = false;
        foreach (Socket socket in ready)
        {
            SessionAnswer answer = open[socket].Read(OpenWithin);
            answers.Add(answer);
            isFirst |= answer == SessionAnswer.Right;
        }

        return isFirst ? now : null;
    }
}

internal enum SessionAnswer
{
    Right,

    /// <summary>An error, or another value.</summary>
    Wrong,

    Closed,

    /// <summary>Nothing came in time.</summary>
    Missing,
}

/// <param name="Answers">One for each session, in no order.</param>
/// <param name="First">When the first right one was there.</param>
/// <param name="Last">When the last right one had been read.</param>
internal sealed record CrowdAnswers(IReadOnlyList<SessionAnswer> Answers, TimeSpan First, TimeSpan Last)
{
    public int Count(SessionAnswer answer) => Answers.Count(a => a == answer);
}

/// <summary>One of them.</summary>
internal sealed class CrowdSession : IDisposable
{
    private const int MaxReplyBytes = 512;

    private string _expected = "";

    private CrowdSession(int number, Socket socket)
    {
        Number = number;
        Socket = socket;
    }

    public int Number { get; }

    public Socket Socket { get; }

    /// <summary>Nothing is under way.</summary>
    public bool IsAnswered { get; private set; } = true;

    public static CrowdSession Connect(int port, int number)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            socket.Connect(IPAddress.Loopback, port);
            return new CrowdSession(number, socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>A connection that has ended is noticed by <see cref="Read"/>.</summary>
    public void Send(byte[] request, string expected)
    {
        IsAnswered = false;
        _expected = expected;
        // So little always fits into the kernel's buffer.
        Socket.Send(request, SocketFlags.None, out _);
    }

    public SessionAnswer Read(TimeSpan within)
    {
        IsAnswered = true;
        Span<byte> buffer = stackalloc byte[MaxReplyBytes];
        int length = 0;
        do
        {
            if (!Socket.Poll(within, SelectMode.SelectRead))
            {
                return SessionAnswer.Missing;
            }

            int received = Socket.Receive(buffer[length..], SocketFlags.None, out SocketError error);
            if (received == 0 || error != SocketError.Success)
            {
                return SessionAnswer.Closed;
            }

            length += received;
        }
        while (length < MaxReplyBytes && !IsWhole(buffer[..length]));

        return Encoding.Latin1.GetString(buffer[..length]) == _expected ? SessionAnswer.Right : SessionAnswer.Wrong;
    }

    public void Dispose() => Socket.Dispose();

    // Errors are one line; a value is as long as the expected one or wrong, and then it is no matter where it ends.
    private bool IsWhole(ReadOnlySpan<byte> reply) =>
        reply.EndsWith("\r\n"u8) && (reply.Length >= _expected.Length || reply[0] is (byte)'-' or (byte)'_' || reply.StartsWith("$-1"u8));
}
