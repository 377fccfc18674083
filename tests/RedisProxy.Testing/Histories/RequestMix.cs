using System.Globalization;

namespace RedisProxy.Testing.Histories;

/// <summary>Random requests of one connection, of every kind whose reply is known beforehand.</summary>
internal sealed class RequestMix(HistoryLog log, Identity identity, OwnData own, Random random)
{
    private const int Queues = 2;
    private const int MaxQueued = 4;

    private int _tokens;

    public static string QueueKey(int database, int queue) => FixedData.Key(database, $"queue:{queue}");

    /// <summary>One pipeline of this many units, each one request or a few that belong together.</summary>
    public IReadOnlyList<Request> Burst(int depth)
    {
        var requests = new List<Request>();
        // Large ones are few, so that small ones are many.
        for (int i = 0; i < depth; i++)
        {
            requests.AddRange(random.Next(60) == 0 ? [Large()] : random.Next(12) == 0 ? Transaction() : [Small()]);
        }

        if (random.Next(20) == 0)
        {
            requests.AddRange(Excursion());
        }

        return requests;
    }

    /// <summary>Requests that are executed all together or not at all, in one piece.</summary>
    public IReadOnlyList<Request> Transaction()
    {
        var transaction = new Transaction();
        var requests = new List<Request> { transaction.Multi() };
        requests.AddRange(Enumerable.Range(0, random.Next(1, MaxQueued)).Select(_ => transaction.Queue(Queued())));
        requests.Add(random.Next(8) == 0 ? transaction.Discard() : transaction.Exec());
        return requests;
    }

    public Request Queued() => random.Next(3) switch
    {
        0 => Echo(),
        1 => own.Push(),
        _ => own.Count(),
    };

    public Request Echo()
    {
        string token = Token();
        return new Request("ECHO", token) { IsRead = true, Judge = reply => Replies.Bulk(reply, token) };
    }

    /// <summary>Waits for an element pushed by any connection.</summary>
    public Request Pop()
    {
        string queue = QueueKey(identity.Database, random.Next(Queues));
        string element = "";
        string seconds = (random.Next(1, 10) / 10.0).ToString(CultureInfo.InvariantCulture);
        return new Request("BLPOP", queue, seconds)
        {
            IsBlocking = true,
            Subject = queue,
            Judge = reply =>
            {
                element = reply.Items.Count == 2 ? reply.Items[1].Text ?? "" : "";
                return Replies.Expect(
                    reply.IsNull || (element.StartsWith(queue, StringComparison.Ordinal) && reply.Items[0].Text == queue),
                    $"{queue} and an element of it");
            },
            Settled = told =>
            {
                if (told.Outcome == WriteOutcome.Acknowledged && element.Length > 0)
                {
                    log.Queues.Popped(element, told);
                }
                else if (told.Outcome is WriteOutcome.Unknown or WriteOutcome.Broken)
                {
                    log.Queues.PopIsUnknown(queue);
                }
            },
        };
    }

    private Request Small() => random.Next(16) switch
    {
        0 => Echo(),
        1 => Ping(),
        2 => FixedData.GetSmall(identity.Database, random),
        3 => FixedData.GetHash(identity),
        4 => FixedData.GetMissing(identity),
        5 => own.Count(),
        6 => own.Exchange(),
        7 => own.ReadValue(),
        8 or 9 => own.Push(),
        10 => own.PushByScript(),
        11 => own.ReadTail(),
        12 => Script(),
        13 => Enqueue(),
        14 => identity.AskName(),
        _ => random.Next(2) == 0 ? identity.AskUser() : identity.AskAll(),
    };

    private Request Large() => random.Next(3) switch
    {
        0 => FixedData.GetLarge(identity.Database, random),
        1 => own.SetLarge(),
        _ => own.ReadLarge(),
    };

    private Request Ping()
    {
        string token = Token();
        return new Request("PING", token) { IsRead = true, Judge = reply => Replies.Bulk(reply, token) };
    }

    private Request Script()
    {
        string token = Token();
        return new Request("EVAL", "return ARGV[1]", "0", token) { Judge = reply => Replies.Bulk(reply, token) };
    }

    private Request Enqueue()
    {
        string queue = QueueKey(identity.Database, random.Next(Queues));
        string element = $"{queue}:{Token()}";
        return new Request("RPUSH", queue, element)
        {
            Subject = queue, Judge = Replies.PositiveInteger, Settled = told => log.Queues.Pushed(queue, element, told),
        };
    }

    /// <summary>Reads from another database, and returns. Last in its burst, because its failure makes the connection useless.</summary>
    private Request[] Excursion()
    {
        int other = (identity.Database + 1 + random.Next(FixedData.Databases - 1)) % FixedData.Databases;
        bool isThere = false;
        Request read = FixedData.GetSmall(other, random);
        return
        [
            new Request("SELECT", $"{other}")
            {
                IsRead = true, IsEssential = true, Judge = Replies.Ok, Settled = s => isThere = s.Outcome == WriteOutcome.Acknowledged,
            },
            new Request([.. read.Words]) { IsRead = true, Subject = read.Subject, Judge = reply => isThere ? read.Judge(reply) : null },
            new Request("SELECT", $"{identity.Database}") { IsRead = true, IsEssential = true, Judge = Replies.Ok },
        ];
    }

    private string Token() => string.Create(CultureInfo.InvariantCulture, $"c{identity.Connection}.{++_tokens}");
}
