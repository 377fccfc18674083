using System.Globalization;

namespace RedisProxy.Tests.Simulation;

/// <summary>Commands that wait: while one does, nothing behind it is read.</summary>
internal sealed partial class RedisConnection
{
    private string[]? _blockedIn;
    private int _blocks;

    /// <summary>Gets what it waits for, if it is there by now.</summary>
    public void ServeWaiting()
    {
        if (_blockedIn is ["BLPOP", var key, _, _] request && node.Data.Length(_db, key) > 0)
        {
            _blockedIn = null;
            Pop(request);
            ReadOn();
        }
    }

    /// <summary>Gets its answer, if enough replicas have what it has written by now.</summary>
    public void ServeWait()
    {
        if (node.History.Durable is not null && _blockedIn is ["WAIT", var replicas, _] && CountReplicas() >= NumberOf(replicas))
        {
            Unblock(ReplicasInWords());
        }
    }

    /// <summary>As redis does when it becomes a replica.</summary>
    public void EndWaiting()
    {
        if (_blockedIn is not null)
        {
            Unblock("-UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)\r\n");
        }
    }

    private void WaitForReplicas(string[] request)
    {
        if (!node.IsMaster)
        {
            _output.Append("-ERR WAIT cannot be used with replica instances\r\n");
        }
        else if (CountReplicas() >= NumberOf(request[1]))
        {
            _output.Append(ReplicasInWords());
        }
        else
        {
            Block(request, NumberOf(request[2]) * 1000, ReplicasInWords);
        }
    }

    private int CountReplicas() => node.CountConfirmed(_writtenTo);

    private string ReplicasInWords() => FormattableString.Invariant($":{CountReplicas()}\r\n");

    private static long NumberOf(string text) => long.Parse(text, CultureInfo.InvariantCulture);

    private void Block(string[] request, long us, Func<string> answerAtLast)
    {
        _blockedIn = request;
        EndBlockAfter(us, ++_blocks, answerAtLast);
    }

    private void EndBlockAfter(long us, int block, Func<string> answerAtLast) => world.After(us, () =>
    {
        if (_isClosed || _blockedIn is null || block != _blocks)
        {
            return;
        }

        if (node.IsFrozen)
        {
            EndBlockAfter(10_000, block, answerAtLast);
        }
        else
        {
            Unblock(answerAtLast());
        }
    });

    private void Unblock(string answer)
    {
        _blockedIn = null;
        _output.Append(answer);
        ReadOn();
    }

    /// <summary>Of <c>BLPOP key tag timeout</c>: the second key, which never exists, says whose it is.</summary>
    private void Pop(string[] request)
    {
        string key = request[1];
        string word = node.Data.Read(_db, key)[0];
        Write(new Effect(EffectKind.Pop, _db, key, request[2]), $"*2\r\n${key.Length}\r\n{key}\r\n${word.Length}\r\n{word}\r\n");
    }
}
