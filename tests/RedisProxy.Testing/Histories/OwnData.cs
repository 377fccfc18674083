using System.Globalization;

namespace RedisProxy.Testing.Histories;

/// <summary>The keys written by one connection only, and what it knows about each.</summary>
internal sealed class OwnData
{
    private const string PushScript = "redis.call('RPUSH', KEYS[1], ARGV[1]) return ARGV[1]";
    private const int TailLength = 4;

    private readonly HistoryLog _log;
    private readonly int _writer;
    private readonly VersionChain _list;
    private readonly OwnCounter _counter;
    private readonly OwnValue _value;
    private readonly OwnValue _large;

    /// <param name="log">Receives each list element.</param>
    /// <param name="database">Of the connection.</param>
    /// <param name="lost">Receives each acknowledgement that a later read contradicts.</param>
    public OwnData(HistoryLog log, int database, Action<LostAcknowledgement> lost)
    {
        _log = log;
        _writer = log.NextWriter();
        ListKey = FixedData.Key(database, ListPrefix + _writer.ToString(CultureInfo.InvariantCulture));
        _list = new VersionChain(ListKey, Element, lost);
        _counter = new OwnCounter(FixedData.Key(database, $"counter:{_writer}"), lost);
        _value = new OwnValue(FixedData.Key(database, $"value:{_writer}"), isLarge: false, lost);
        _large = new OwnValue(FixedData.Key(database, $"own-large:{_writer}"), isLarge: true, lost);
        Watched = new OwnValue(FixedData.Key(database, $"watched:{_writer}"), isLarge: false, lost);
    }

    public const string ListPrefix = "list:";

    public string ListKey { get; }

    /// <summary>For transactions that watch it.</summary>
    public OwnValue Watched { get; }

    public Request Push()
    {
        int number = _list.Add();
        return new Request("RPUSH", ListKey, Element(number))
        {
            Subject = ListKey, Judge = Replies.PositiveInteger, Settled = s => SettleElement(number, s),
        };
    }

    public Request PushByScript()
    {
        int number = _list.Add();
        string element = Element(number);
        return new Request("EVAL", PushScript, "1", ListKey, element)
        {
            Subject = ListKey, Judge = reply => Replies.Bulk(reply, element), Settled = s => SettleElement(number, s),
        };
    }

    /// <summary>Reads the end of the list: acknowledged elements must be there.</summary>
    public Request ReadTail() => new("LRANGE", ListKey, $"-{TailLength}", "-1")
    {
        IsRead = true, Subject = ListKey, Judge = JudgeTail,
    };

    public Request Count() => _counter.Increment();

    public Request Exchange() => _value.Exchange();

    public Request ReadValue() => _value.Read();

    public Request SetLarge() => _large.Set();

    public Request ReadLarge() => _large.Read();

    private string Element(int number) => WriteRecord.Element(_writer, number);

    private void SettleElement(int number, Settlement s)
    {
        _list.Settle(number, s);
        _log.Add(new WriteRecord(_writer, number, s.Outcome, s.Error, s.SentAt, s.AnsweredAt));
    }

    private Finding? JudgeTail(RawReply reply)
    {
        if (reply.Kind != '*' || reply.Items.Count > TailLength)
        {
            return Replies.Expect(false, $"at most {TailLength} elements");
        }

        string prefix = Element(0)[..^1];
        int last = 0;
        foreach (RawReply item in reply.Items)
        {
            string text = item.Text ?? "";
            if (!text.StartsWith(prefix, StringComparison.Ordinal) || !int.TryParse(text.AsSpan(prefix.Length), out int number))
            {
                return Replies.Expect(false, $"elements that begin with {prefix}");
            }

            if (number <= last)
            {
                return new Finding(number == last ? ViolationKind.Duplicate : ViolationKind.Reordered, "the elements grow");
            }

            last = number;
        }

        return _list.Observe(last);
    }
}

/// <summary>A key set by one connection only, to a new value each time.</summary>
internal sealed class OwnValue
{
    private readonly string _key;
    private readonly bool _isLarge;
    private readonly VersionChain _chain;

    public OwnValue(string key, bool isLarge, Action<LostAcknowledgement> lost)
    {
        _key = key;
        _isLarge = isLarge;
        _chain = new VersionChain(key, Name, lost);
    }

    public string Key => _key;

    public Request Set()
    {
        int number = _chain.Add();
        return new Request("SET", _key, Content(number))
        {
            Subject = _key, Judge = Replies.Ok, Settled = s => _chain.Settle(number, s),
        };
    }

    /// <summary>SET with GET: the reply is the previous value.</summary>
    public Request Exchange()
    {
        int number = _chain.Add();
        return new Request("SET", _key, Content(number), "GET")
        {
            Subject = _key, Judge = JudgeContent, Settled = s => _chain.Settle(number, s), HasLargeReply = _isLarge,
        };
    }

    public Request Read() => new("GET", _key) { IsRead = true, Subject = _key, Judge = JudgeContent, HasLargeReply = _isLarge };

    private string Name(int number) => string.Create(CultureInfo.InvariantCulture, $"{_key}#{number}");

    private string Content(int number) => _isLarge ? FixedData.Large(Name(number)) : Name(number);

    private Finding? JudgeContent(RawReply reply)
    {
        if (reply.IsNull)
        {
            return _chain.Observe(0);
        }

        string text = reply.Text ?? "";
        string name = text.Split('|', 2)[0];
        string digits = name[(name.IndexOf('#', StringComparison.Ordinal) + 1)..];
        return reply.Kind == '$' && int.TryParse(digits, out int number) && text == Content(number)
            ? _chain.Observe(number)
            : Replies.Expect(false, $"a value of {_key}");
    }
}
