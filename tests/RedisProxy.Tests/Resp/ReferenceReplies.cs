using System.Text;

using RedisProxy.Resp;

namespace RedisProxy.Tests.Resp;

/// <summary>A reply as the reference parser reads it. Attributes are read and dropped.</summary>
internal sealed record ReferenceReply(char Type, string Text, IReadOnlyList<ReferenceReply> Items, bool IsNull, bool HasAttributes);

/// <summary>A second parser of replies, recursive, to compare the scanner and <c>RespValue</c> with.</summary>
internal sealed class ReferenceReplies
{
    private const int MaxDepth = RespLimits.MaxReplyDepth;
    private const string Error = "error";

    private readonly ReferenceReader _reader;
    private int _depth;

    private ReferenceReplies(ReferenceReader reader) => _reader = reader;

    /// <summary>In the words of <see cref="Transcript"/>.</summary>
    public static string Transcribe(byte[] input)
    {
        var reader = new ReferenceReader(input);
        var parts = new List<string>();
        while (!reader.IsAtEnd)
        {
            int begin = reader.At;
            try
            {
                ReferenceReply reply = Read(reader);
                parts.Add(CorpusItem.Message(reader.At - begin, $"{reply.Type}{(reply.HasAttributes ? " with attributes" : "")}"));
            }
            catch (EndOfStreamException)
            {
                parts.Add(CorpusItem.Unfinished(input.Length - begin));
                break;
            }
            catch (FormatException)
            {
                parts.Add(Error);
                break;
            }
        }

        return string.Join("; ", parts);
    }

    public static ReferenceReply Read(ReferenceReader reader) => new ReferenceReplies(reader).ReadReply();

    private ReferenceReply ReadReply()
    {
        bool hasAttributes = false;
        while (IsUncounted)
        {
            hasAttributes |= _reader.Peek() == '|';
            SkipUncounted();
        }

        return ReadValue((char)_reader.Take()) with { HasAttributes = hasAttributes };
    }

    // An attribute, or a push among elements.
    private bool IsUncounted => _reader.Peek() == '|' || (_depth > 0 && _reader.Peek() == '>');

    private void SkipUncounted() => ReadItems(pairs: _reader.Take() == '|', mayBeNull: false);

    private ReferenceReply ReadValue(char type)
    {
        switch (type)
        {
            case '+' or '-' or ':' or ',' or '(' or '#' or '_':
                return new ReferenceReply(type, ReadLine(), [], IsNull: type == '_', HasAttributes: false);
            case '$' or '=' or '!':
                string? text = ReadBulk(mayBeNull: type == '$', mayBeStreamed: type == '$');
                return new ReferenceReply(type, text ?? "", [], IsNull: text is null, HasAttributes: false);
            case '*' or '~' or '%':
            case '>' when _depth == 0:
                List<ReferenceReply>? items = ReadItems(pairs: type == '%', mayBeNull: type == '*');
                return new ReferenceReply(type, "", items ?? [], IsNull: items is null, HasAttributes: false);
            default:
                throw new FormatException(Error);
        }
    }

    private string ReadLine()
    {
        var line = new StringBuilder();
        while (line.Length < 2 || line[^2] != '\r' || line[^1] != '\n')
        {
            line.Append((char)_reader.Take());
        }

        return line.ToString(0, line.Length - 2);
    }

    private string? ReadBulk(bool mayBeNull, bool mayBeStreamed)
    {
        if (mayBeStreamed && _reader.Peek() == '?')
        {
            return ReadChunks();
        }

        ReferenceReader.Require(mayBeNull || _reader.Peek() != '-', Error);
        long length = _reader.TakeNumber(Error);
        return length < 0 ? null : ReadBody(length);
    }

    private string ReadChunks()
    {
        _reader.Expect("?\r\n", Error);
        Enter();
        var text = new StringBuilder();
        while (true)
        {
            _reader.Expect(";", Error);
            ReferenceReader.Require(_reader.Peek() != '-', Error);
            long length = _reader.TakeNumber(Error);
            if (length == 0)
            {
                _depth--;
                return text.ToString();
            }

            text.Append(ReadBody(length));
        }
    }

    private string ReadBody(long length)
    {
        string body = Encoding.Latin1.GetString(_reader.Take(length));
        _reader.Expect("\r\n", Error);
        return body;
    }

    private List<ReferenceReply>? ReadItems(bool pairs, bool mayBeNull)
    {
        if (_reader.Peek() == '?')
        {
            return ReadStreamedItems();
        }

        ReferenceReader.Require(mayBeNull || _reader.Peek() != '-', Error);
        long count = _reader.TakeNumber(Error);
        if (count <= 0)
        {
            return count < 0 ? null : [];
        }

        Enter();
        var items = new List<ReferenceReply>();
        for (long i = 0; i < (pairs ? count * 2 : count); i++)
        {
            items.Add(ReadReply());
        }

        _depth--;
        return items;
    }

    private List<ReferenceReply> ReadStreamedItems()
    {
        _reader.Expect("?\r\n", Error);
        Enter();
        var items = new List<ReferenceReply>();
        while (_reader.Peek() != '.')
        {
            if (IsUncounted)
            {
                SkipUncounted();
            }
            else
            {
                items.Add(ReadReply());
            }
        }

        _reader.Expect(".\r\n", Error);
        _depth--;
        return items;
    }

    private void Enter()
    {
        ReferenceReader.Require(_depth < MaxDepth, Error);
        _depth++;
    }
}
