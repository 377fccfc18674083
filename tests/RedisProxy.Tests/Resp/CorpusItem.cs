using System.Globalization;
using System.Text;

namespace RedisProxy.Tests.Resp;

/// <summary>
/// A stream and what a scanner has to say of it: whole messages, then perhaps a beginning of one, or bytes that are refused.
/// Texts are Latin-1, one char a byte.
/// </summary>
/// <param name="Name">Unique in its corpus.</param>
/// <param name="Messages">Each whole message, and its description in the words of <see cref="Transcript"/>.</param>
/// <param name="Tail">What follows the messages.</param>
/// <param name="Error">The description of the error in the tail; null when the tail is only unfinished.</param>
internal sealed record CorpusItem(string Name, (string Bytes, string Says)[] Messages, string Tail = "", string? Error = null)
{
    public byte[] Input => Encoding.Latin1.GetBytes(string.Concat(Messages.Select(m => m.Bytes)) + Tail);

    public string Expected
    {
        get
        {
            IEnumerable<string> parts = Messages.Select(m => Message(m.Bytes.Length, m.Says));
            string? end = Error ?? (Tail.Length > 0 ? Unfinished(Tail.Length) : null);
            return string.Join("; ", end is null ? parts : parts.Append(end));
        }
    }

    public static string Message(int bytes, string says) => string.Create(CultureInfo.InvariantCulture, $"{bytes} {says}");

    public static string Unfinished(int bytes) => string.Create(CultureInfo.InvariantCulture, $"+{bytes}");

    /// <summary>One message and nothing else.</summary>
    public static CorpusItem Whole(string name, string bytes, string says) => new(name, [(bytes, says)]);

    public static CorpusItem Unfinished(string name, string tail) => new(name, [], tail);

    public static CorpusItem Wrong(string name, string tail, string error) => new(name, [], tail, error);
}
