using System.Buffers;
using System.Globalization;

using RedisProxy.Configuration;
using RedisProxy.EventLoops;

namespace RedisProxy.Sessions;

/// <summary>
/// What a process tells the next one, and its log, about a listener's sessions when it gives no more. A process that does not know this
/// message takes it for a session that is cut off, and refuses it; nobody waits for its answer.
/// </summary>
/// <param name="Given">Sessions that went.</param>
/// <param name="Stayed">Those that did not, by <see cref="StayReason"/>.</param>
/// <param name="LongestQuiet">The most time for which one was served by neither process, at most.</param>
internal sealed record PassageReport(long Given, IReadOnlyList<long> Stayed, TimeSpan LongestQuiet)
{
    private static readonly StayReason[] Reasons = Enum.GetValues<StayReason>();

    private static ReadOnlySpan<byte> Head => "RedisProxy passed on "u8;

    /// <summary>By their reasons; those that occurred.</summary>
    public IReadOnlyDictionary<string, long> Why => Reasons.Where(reason => Stayed[(int)reason] > 0)
        .ToDictionary(static reason => Labels.Of(reason), reason => Stayed[(int)reason]);

    /// <param name="given">See <see cref="Given"/>.</param>
    /// <param name="left">By <see cref="StayReason"/>, of each loop.</param>
    /// <param name="longestQuiet">See <see cref="LongestQuiet"/>.</param>
    public static PassageReport Of(long given, long[][] left, TimeSpan longestQuiet) =>
        new(given, [.. Reasons.Select(reason => left.Sum(of => of[(int)reason]))], longestQuiet);

    public static bool IsOne(PassedMessage message) =>
        message is { IsWhole: true, First: PassedMessage.None } && message.Bytes.Span.StartsWith(Head);

    /// <returns>Null: it is not understood.</returns>
    public static PassageReport? TryRead(PassedMessage message)
    {
        try
        {
            var report = new PassageReport(0, new long[Reasons.Length], default);
            return report.Carry(StateCodec.Reader(message.Bytes[Head.Length..]));
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }

    public byte[] Write()
    {
        var output = new ArrayBufferWriter<byte>();
        output.Write(Head);
        Carry(StateCodec.Writer(output));
        return output.WrittenSpan.ToArray();
    }

    /// <summary>For people.</summary>
    public override string ToString()
    {
        string why = string.Join(", ", Why.Select(static pair => string.Create(CultureInfo.InvariantCulture, $"{pair.Key} {pair.Value}")));
        string stayed = why.Length == 0 ? "none stayed" : $"stayed: {why}";
        return string.Create(CultureInfo.InvariantCulture, $"{stayed}; none was quiet for longer than {LongestQuiet.TotalSeconds:0.000} s");
    }

    private PassageReport Carry(StateCodec codec)
    {
        long given = codec.Int64(Given);
        long[] stayed = new long[Reasons.Length];
        StateCodec.Require(codec.Count(stayed.Length) == stayed.Length, "there are other reasons");
        for (int i = 0; i < stayed.Length; i++)
        {
            stayed[i] = codec.Int64(Stayed[i]);
        }

        return new PassageReport(given, stayed, TimeSpan.FromMicroseconds(codec.Int64((long)LongestQuiet.TotalMicroseconds)));
    }
}
