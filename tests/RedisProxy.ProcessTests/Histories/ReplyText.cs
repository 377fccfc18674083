using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Histories;

/// <summary>A reply as the harness's own reader would give it, from its text. Only the kinds that tests write by hand.</summary>
internal static class ReplyText
{
    public static RawReply Parse(string text)
    {
        int position = 0;
        return Parse(text, ref position);
    }

    private static RawReply Parse(string text, ref int position)
    {
        int end = text.IndexOf("\r\n", position, StringComparison.Ordinal);
        char kind = text[position];
        string line = text[(position + 1)..end];
        position = end + 2;
        if (kind is '+' or '-' or ':')
        {
            return new RawReply(kind, line, []);
        }

        int length = int.Parse(line, System.Globalization.CultureInfo.InvariantCulture);
        if (length < 0)
        {
            return new RawReply(kind, null, []) { IsNullLength = true };
        }

        if (kind == '$')
        {
            string bulk = text.Substring(position, length);
            position += length + 2;
            return new RawReply(kind, bulk, []);
        }

        var items = new List<RawReply>();
        for (int i = 0; i < length; i++)
        {
            items.Add(Parse(text, ref position));
        }

        return new RawReply(kind, null, items);
    }
}
