using System.Net.Sockets;

namespace RedisProxy.SentinelFacade;

/// <summary>
/// The output of one client, in order, from two writers: its own dialogue, and the server that publishes. Written under the lock
/// <see cref="Gate"/>, sent outside of it by one sender at a time, so that no writer waits for a client.
/// </summary>
internal sealed class FacadeOutput(Socket socket, ReplyWriter reply)
{
    private TaskCompletionSource _sent = new();
    private bool _isSending;

    public Lock Gate { get; } = new();

    /// <summary>Sends what was written. Not under the lock.</summary>
    /// <returns>Completes when all of it is sent; fails when the connection has.</returns>
    public Task FlushAsync()
    {
        TaskCompletionSource sent;
        lock (Gate)
        {
            if (_isSending)
            {
                return _sent.Task;
            }

            if (reply.Length == 0)
            {
                return Task.CompletedTask;
            }

            _isSending = true;
            sent = _sent = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        _ = SendAsync(sent);
        return sent.Task;
    }

    private async Task SendAsync(TaskCompletionSource sent)
    {
        try
        {
            while (TakePending() is { } bytes)
            {
                ReadOnlyMemory<byte> rest = bytes;
                while (!rest.IsEmpty)
                {
                    rest = rest[await socket.SendAsync(rest, SocketFlags.None)..];
                }
            }

            sent.SetResult();
        }
        catch (Exception failure)
        {
            // The failed sender stays the sender, so nothing is sent after a gap; the receiver learns of the end, too.
            sent.SetException(failure);
            _ = sent.Task.Exception; // Observed, even without a waiter.
            socket.Dispose();
        }
    }

    private byte[]? TakePending()
    {
        lock (Gate)
        {
            _isSending = reply.Length > 0;
            return _isSending ? reply.Take() : null;
        }
    }
}
