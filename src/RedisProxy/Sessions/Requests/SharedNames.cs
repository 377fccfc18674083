using System.Buffers;

using RedisProxy.Resp;

namespace RedisProxy.Sessions;

/// <summary>
/// Requests about the connection that a session of a shared listener answers itself, whatever link it has at the moment: the names that a
/// client gives to its connection, which are said on links of its own when those are prepared, and QUIT, which would end a shared link for
/// others too.
/// </summary>
internal static class SharedNames
{
    /// <param name="inspection">Of the request.</param>
    /// <param name="arguments">The command's name first.</param>
    /// <param name="room">Length of the request in bytes; a replacement must not be longer.</param>
    /// <param name="inTransaction">It will be queued by the server.</param>
    public static Inspection Answer(in Inspection inspection, IReadOnlyList<byte[]> arguments, int room, bool inTransaction)
    {
        Inspection answer = inTransaction || inspection.Answer != Outcome.Forward ? inspection : inspection.Traits.Kind switch
        {
            CommandKind.Quit => inspection with { Answer = Outcome.Acknowledged, Change = null },
            CommandKind.Client when arguments.Count > 1 => KeepName(inspection, arguments),
            CommandKind.Hello when inspection.Change is { } change => KeepNameOfHello(inspection, change, room),
            _ => inspection,
        };
        return MayName(answer)
            ? answer with { Traits = answer.Traits with { Flags = answer.Traits.Flags & ~CommandFlags.LeavesNothing } }
            : answer;
    }

    // The server will know names that the proxy does not expect there, or will have forgotten those that it does.
    private static bool MayName(in Inspection inspection) => inspection is { Answer: Outcome.Forward, Change.KeepsName: false }
        && inspection.Traits.Kind is CommandKind.Client or CommandKind.Reset or CommandKind.Hello;

    private static Inspection KeepName(in Inspection inspection, IReadOnlyList<byte[]> arguments) =>
        RequestArguments.Upper(arguments[1]) switch
        {
            "SETNAME" when arguments.Count == 3 && IsName(arguments[2]) => inspection with { Answer = Outcome.Named },
            "SETINFO" when arguments.Count == 4 && IsName(arguments[3]) && RequestArguments.Upper(arguments[2]) is "LIB-NAME" or "LIB-VER"
                => inspection with { Answer = Outcome.Named },
            "GETNAME" when arguments.Count == 2 => inspection with { Answer = Outcome.NameOfClient },
            _ => inspection,
        };

    private static Inspection KeepNameOfHello(in Inspection inspection, StateChange change, int room)
    {
        var rest = new List<byte[]>(change.Arguments.Take(2));
        bool keepsName = true;
        for (int i = 2; i < change.Arguments.Count; i++)
        {
            if (RequestArguments.Upper(change.Arguments[i]) == "SETNAME")
            {
                i++;
                keepsName &= IsName(change.Arguments[i]);
            }
            else
            {
                rest.AddRange(change.Arguments.Skip(i).Take(3));
                i += 2;
            }
        }

        var output = new ArrayBufferWriter<byte>();
        RequestWriter.WriteBytes(output, [.. rest]);
        if (!keepsName || output.WrittenCount > room)
        {
            return inspection;
        }

        byte[]? rewritten = rest.Count == change.Arguments.Count ? inspection.Rewritten : output.WrittenSpan.ToArray();
        return inspection with { Rewritten = rewritten, Change = change with { KeepsName = true } };
    }

    // Others are refused by the server, in its own words (redis source, validateClientName).
    private static bool IsName(byte[] name) => !name.AsSpan().ContainsAnyExceptInRange((byte)'!', (byte)'~');
}
