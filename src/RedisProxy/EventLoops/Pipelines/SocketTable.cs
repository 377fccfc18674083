using System.Diagnostics;

namespace RedisProxy.EventLoops;

/// <summary>Numbers sockets as the operating system numbers descriptors: small, and used again. Any thread.</summary>
internal sealed class SocketTable
{
    private readonly Lock _changing = new();
    private readonly Stack<int> _free = new();
    private PipelinesSocket?[] _sockets = new PipelinesSocket?[256];
    private int _next;

    public PipelinesSocket this[int number] => Volatile.Read(ref _sockets)[number]!;

    public int Add(PipelinesSocket socket)
    {
        lock (_changing)
        {
            if (!_free.TryPop(out int number))
            {
                number = _next++;
            }

            if (number == _sockets.Length)
            {
                PipelinesSocket?[] larger = new PipelinesSocket?[number * 2];
                _sockets.CopyTo(larger, 0);
                Volatile.Write(ref _sockets, larger);
            }

            _sockets[number] = socket;
            return number;
        }
    }

    public PipelinesSocket Remove(int number)
    {
        lock (_changing)
        {
            PipelinesSocket? socket = _sockets[number];
            Debug.Assert(socket is not null, "closed already");
            _sockets[number] = null;
            _free.Push(number);
            return socket;
        }
    }
}
