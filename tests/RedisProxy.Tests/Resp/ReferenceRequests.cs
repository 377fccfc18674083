using System.Text;
using RedisProxy.Resp;

namespace RedisProxy.Tests.Resp;

/// <summary>A second parser of requests, to compare the scanner with.</summary>
internal static class ReferenceRequests
{
    private static readonly Dictionary<string, CommandTraits> Commands = ReadCommands();

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
                string says = ReadRequest(reader);
                parts.Add(CorpusItem.Message(reader.At - begin, says));
            }
            catch (EndOfStreamException)
            {
                parts.Add(CorpusItem.Unfinished(input.Length - begin));
                break;
            }
            catch (FormatException error)
            {
                parts.Add(error.Message);
                break;
            }
        }

        return string.Join("; ", parts);
    }

    public static CommandTraits Find(byte[] name) => name.Take(24).Contains((byte)0)
        ? new CommandTraits(CommandKind.NulInName, CommandFlags.None)
        : Commands.GetValueOrDefault(Fold(Encoding.Latin1.GetString(name)));

    private static string ReadRequest(ReferenceReader reader)
    {
        if (reader.Peek() != '*')
        {
            return ReadInline(reader);
        }

        reader.Take();
        long count = reader.TakeNumber("InvalidMultibulkLength", "InvalidLineEnding");
        if (count <= 0)
        {
            return "no-op";
        }

        ReferenceReader.Require(count <= 1024 * 1024, "InvalidMultibulkLength");
        byte[] name = ReadArgument(reader);
        for (long i = 1; i < count; i++)
        {
            ReadArgument(reader);
        }

        return Transcript.DescribeTraits(Find(name));
    }

    private static byte[] ReadArgument(ReferenceReader reader)
    {
        char dollar = (char)reader.Take();
        ReferenceReader.Require(dollar == '$', $"ExpectedDollar '{dollar}'");
        long length = reader.TakeNumber("InvalidBulkLength", "InvalidLineEnding");
        ReferenceReader.Require(length is >= 0 and <= 512 * 1024 * 1024, "InvalidBulkLength");
        byte[] body = reader.Take(length);
        reader.Expect("\r\n", "InvalidLineEnding");
        return body;
    }

    private static string ReadInline(ReferenceReader reader)
    {
        ReferenceReader.Require(reader.Peek() != 0x16, "TlsHello");
        for (int length = 0; ; length++)
        {
            ReferenceReader.Require(length <= 64 * 1024, "TooBigInline");
            byte value = reader.Take();
            ReferenceReader.Require(value != 0, "NulInInline");
            if (value == '\n')
            {
                return "inline";
            }
        }
    }

    private static Dictionary<string, CommandTraits> ReadCommands()
    {
        const CommandFlags OfData = CommandFlags.Shareable | CommandFlags.LeavesNothing;
        var commands = new Dictionary<string, CommandTraits>(StringComparer.Ordinal);
        (string Names, CommandFlags Flags)[] lists =
        [
            (CommandNames.Reads, CommandFlags.Resendable | OfData),
            (CommandNames.Writes, OfData),
            (CommandNames.Blocking, CommandFlags.Blocking | CommandFlags.LeavesNothing),
            (CommandNames.Nested, CommandFlags.Nested | OfData),
            (CommandNames.NestedReads, CommandFlags.Nested | CommandFlags.Resendable | OfData),
        ];
        foreach ((string names, CommandFlags flags) in lists)
        {
            foreach (string name in names.Split(' '))
            {
                // Commands of a module.
                CommandFlags notOf = name is "tfcall" or "tfcallasync" ? OfData : CommandFlags.None;
                commands.Add(Fold(name), new CommandTraits(CommandKind.Plain, flags & ~notOf));
            }
        }

        foreach ((string name, CommandKind kind, CommandFlags flags) in CommandNames.Special)
        {
            commands.Add(Fold(name), new CommandTraits(kind, flags));
        }

        return commands;
    }

    // Bit 5 of every byte, as the table documents it: letters lose their case, and a few other bytes meet.
    private static string Fold(string name) => string.Concat(name.Select(c => (char)(c | 0x20)));
}
