using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;

namespace RedisProxy.ProcessTests.Fuzz.Strangers;

/// <summary>
/// Sends pages as fast as they are answered, on one connection after another, some of which it leaves with replies owed. Every byte that
/// it receives is compared with the page's replies.
/// </summary>
internal sealed class VolumeClient
{
    private const int Pages = 2;

    // A page that was sent so often is replaced by another one.
    private const int Uses = 500;

    private readonly Random _random;
    private readonly Owner _owner;
    private readonly Predicate<string> _isKnown;
    private readonly Channel<VolumePage> _free = Channel.CreateUnbounded<VolumePage>();
    private readonly CancellationToken _end;
    private long _replies;
    private long _next;

    public VolumeClient(Random random, Owner owner, Predicate<string> isKnown, CancellationToken end)
    {
        _random = random;
        _owner = owner;
        _isKnown = isKnown;
        _end = end;
        for (int i = 0; i < Pages; i++)
        {
            Assert.True(_free.Writer.TryWrite(VolumePage.Make(random, owner)));
        }
    }

    /// <summary>Those that were compared.</summary>
    public long Replies => Interlocked.Read(ref _replies);

    public int Connections { get; private set; }

    public string? Fault { get; private set; }

    public bool IsCrossed { get; private set; }

    public async Task RunAsync(int port)
    {
        byte[] cleanup = [];
        while (!_end.IsCancellationRequested && Fault is null)
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(IPAddress.Loopback, port);
            Connections++;
            bool isCut = _random.Next(3) != 0;
            var sent = Channel.CreateUnbounded<VolumePage>();
            Task<byte[]> receiving = ReceiveAsync(socket, sent.Reader, cleanup, isCut);
            await SendAsync(socket, sent.Writer, cleanup, isCut);
            cleanup = await receiving;
        }
    }

    private async Task SendAsync(Socket socket, ChannelWriter<VolumePage> sent, byte[] cleanup, bool isCut)
    {
        int pages = _random.Next(3, 400);
        try
        {
            await SendAllAsync(socket, cleanup, cleanup.Length);
            for (int i = 0; i < pages && !_end.IsCancellationRequested && Fault is null; i++)
            {
                VolumePage page = await _free.Reader.ReadAsync(_end);
                page = _random.Next(Uses) == 0 ? VolumePage.Make(_random, _owner) : page;
                page.Renumber(++_next);
                await sent.WriteAsync(page);
                bool isLast = isCut && i == pages - 1;
                await SendAllAsync(socket, page.Bytes, isLast ? _random.Next(1, page.Bytes.Length) : page.Bytes.Length);
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            // The receiving side sees the end, or it is wanted.
        }

        sent.Complete();
        if (isCut)
        {
            socket.LingerState = new LingerOption(_random.Next(2) == 0, 0);
            socket.Dispose();
        }
    }

    private async Task SendAllAsync(Socket socket, byte[] bytes, int length)
    {
        int most = _random.Next(12) switch { 0 => 200, 1 or 2 => 4000, _ => 64 * 1024 };
        for (int at = 0; at < length;)
        {
            int size = Math.Min(length - at, most == 64 * 1024 ? most : _random.Next(1, most));
            at += await socket.SendAsync(bytes.AsMemory(at, size), SocketFlags.None);
        }
    }

    /// <returns>What removes the keys of pages that were not answered.</returns>
    private async Task<byte[]> ReceiveAsync(Socket socket, ChannelReader<VolumePage> sent, byte[] cleanup, bool isCut)
    {
        var input = new VolumeInput(socket, _random.Next(10) == 0 ? 500 : 64 * 1024);
        List<byte> unanswered = [];
        bool isOver = false;
        try
        {
            // How many keys there were is not known.
            for (int i = cleanup.AsSpan().Count("UNLINK"u8); i > 0 && !isOver; i--)
            {
                isOver = !await input.SkipLineAsync((byte)':');
            }
        }
        catch (SocketException)
        {
            isOver = true;
        }

        await foreach (VolumePage page in sent.ReadAllAsync())
        {
            isOver = isOver || !await TakeAsync(input, page);
            if (isOver)
            {
                unanswered.AddRange(page.Cleanup);
            }

            Assert.True(_free.Writer.TryWrite(page));
        }

        if (isOver && !isCut && !_end.IsCancellationRequested)
        {
            Fault ??= $"{_owner.Id}: the connection ended";
        }

        return [.. unanswered];
    }

    /// <returns>False: the connection has ended, or a reply was wrong.</returns>
    private async Task<bool> TakeAsync(VolumeInput input, VolumePage page)
    {
        byte[] expected = page.Replies;
        try
        {
            for (int at = 0; at < expected.Length;)
            {
                if (!await input.FillAsync())
                {
                    return false;
                }

                int compared = Math.Min(input.Bytes.Length, expected.Length - at);
                if (!input.Bytes.Span[..compared].SequenceEqual(expected.AsSpan(at, compared)))
                {
                    Blame(input.Bytes.Span, page, at);
                    return false;
                }

                input.Take(compared);
                at += compared;
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return false;
        }

        Interlocked.Add(ref _replies, page.Count);
        return true;
    }

    private void Blame(ReadOnlySpan<byte> got, VolumePage page, int at)
    {
        ReadOnlySpan<byte> wanted = page.Replies.AsSpan(at);
        int same = got.CommonPrefixLength(wanted);
        int from = Math.Max(0, same - 60);
        string? other = _owner.FindForeign(got[from..], _isKnown);
        IsCrossed = true;
        Fault = string.Create(CultureInfo.InvariantCulture,
            $"{_owner.Id}, page {page.Number}, byte {at + same} of {page.Replies.Length}: expected {Show(wanted[from..])}, "
            + $"but got{(other is null ? "" : $" what belongs to {other},")} {Show(got[from..])}");
    }

    private static string Show(ReadOnlySpan<byte> bytes) => Frames.Show(Encoding.Latin1.GetString(bytes[..Math.Min(150, bytes.Length)]));
}
