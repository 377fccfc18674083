using System.Globalization;
using System.Text;

namespace RedisProxy.Tests.Resp;

/// <summary>Makes replies of RESP3, nested at random, and knows what they are.</summary>
internal sealed class RandomReplies(Random random, bool mayStream)
{
    private const string LineTypes = "+-:,(#_";
    private const string BulkTypes = "$=!";
    private const string AggregateTypes = "*~%";

    private readonly List<byte> _bytes = [];

    /// <summary>One to six replies and pushes, and their transcript.</summary>
    public static (byte[] Input, string Expected) Pipeline(Random random, bool mayStream = true)
    {
        var replies = new RandomReplies(random, mayStream);
        var parts = new List<string>();
        for (int i = random.Next(1, 7); i > 0; i--)
        {
            int begin = replies._bytes.Count;
            string says = replies.AppendReply();
            parts.Add(CorpusItem.Message(replies._bytes.Count - begin, says));
        }

        return ([.. replies._bytes], string.Join("; ", parts));
    }

    private string AppendReply()
    {
        string attributes = AppendAttributes(depth: 0) ? " with attributes" : "";
        if (random.Next(6) > 0)
        {
            return AppendValue(depth: 0) + attributes;
        }

        AppendItems('>', depth: 0);
        return ">" + attributes;
    }

    private bool AppendAttributes(int depth)
    {
        int count = random.Next(12) == 0 ? random.Next(1, 3) : 0;
        for (int i = 0; i < count; i++)
        {
            AppendItems('|', depth);
        }

        return count > 0;
    }

    private void AppendPush(int depth)
    {
        if (random.Next(24) == 0)
        {
            AppendItems('>', depth);
        }
    }

    private char AppendValue(int depth)
    {
        string types = random.Next((2 * depth) + 2) == 0 ? AggregateTypes : random.Next(2) == 0 ? LineTypes : BulkTypes;
        char type = types[random.Next(types.Length)];
        switch (types)
        {
            case LineTypes:
                Append(type + RandomLine() + "\r\n");
                break;
            case BulkTypes:
                AppendBulk(type);
                break;
            default:
                AppendItems(type, depth);
                break;
        }

        return type;
    }

    private void AppendBulk(char type)
    {
        if (type == '$' && random.Next(6) == 0)
        {
            Append("$-1\r\n");
        }
        else if (type == '$' && mayStream && random.Next(6) == 0)
        {
            Append("$?\r\n");
            for (int i = random.Next(4); i > 0; i--)
            {
                AppendBody(';', [(byte)'c', .. RandomRequests.Body(random, 20)]);
            }

            Append(";0\r\n");
        }
        else
        {
            AppendBody(type, RandomRequests.Body(random, 1 << random.Next(9)));
        }
    }

    private void AppendItems(char type, int depth)
    {
        if (type == '*' && random.Next(8) == 0)
        {
            Append("*-1\r\n");
            return;
        }

        bool isStreamed = mayStream && random.Next(6) == 0;
        int count = random.Next(5);
        int items = type is '%' or '|' ? count * 2 : count;
        Append(isStreamed ? $"{type}?\r\n" : string.Create(CultureInfo.InvariantCulture, $"{type}{count}\r\n"));
        for (int i = 0; i < items; i++)
        {
            AppendAttributes(depth + 1);
            AppendPush(depth + 1);
            AppendValue(depth + 1);
        }

        Append(isStreamed ? ".\r\n" : "");
    }

    private void AppendBody(char type, byte[] body)
    {
        Append(string.Create(CultureInfo.InvariantCulture, $"{type}{body.Length}\r\n"));
        _bytes.AddRange(body);
        Append("\r\n");
    }

    // Any bytes but the pair that ends a line; it must not come about with the line end that follows, either.
    private string RandomLine() =>
        Encoding.Latin1.GetString(RandomRequests.Body(random, 20)).Replace("\r\n", "\r ", StringComparison.Ordinal);

    private void Append(string text) => _bytes.AddRange(Encoding.Latin1.GetBytes(text));
}
