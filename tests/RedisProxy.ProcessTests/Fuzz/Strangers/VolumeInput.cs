using System.Net.Sockets;

namespace RedisProxy.ProcessTests.Fuzz.Strangers;

/// <summary>What has been received and not been looked at.</summary>
internal sealed class VolumeInput(Socket socket, int roomBytes)
{
    private readonly byte[] _room = new byte[roomBytes];
    private int _begin;
    private int _end;

    public ReadOnlyMemory<byte> Bytes => _room.AsMemory(_begin, _end - _begin);

    public void Take(int bytes) => _begin += bytes;

    /// <summary>Receives if there is nothing.</summary>
    /// <returns>False: the connection has ended.</returns>
    public async Task<bool> FillAsync()
    {
        if (_begin == _end)
        {
            _begin = 0;
            _end = await socket.ReceiveAsync(_room, SocketFlags.None);
        }

        return _end > 0;
    }

    /// <summary>Takes a line that begins so.</summary>
    public async Task<bool> SkipLineAsync(byte first)
    {
        bool isFirst = true;
        for (byte last = 0; last != '\n';)
        {
            if (!await FillAsync())
            {
                return false;
            }

            last = _room[_begin];
            Assert.True(!isFirst || last == first, "another reply than expected");
            isFirst = false;
            _begin++;
        }

        return true;
    }
}
