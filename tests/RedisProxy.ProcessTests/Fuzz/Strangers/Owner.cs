using System.Globalization;
using System.Text;

namespace RedisProxy.ProcessTests.Fuzz.Strangers;

/// <summary>
/// Who a reply belongs to: its tokens say the owner and a running number, <c>&lt;owner:number&gt;</c>, so that a reply that went astray
/// names whose it is and which.
/// </summary>
internal sealed class Owner
{
    public const int IdChars = 8;

    private int _next;

    /// <param name="random">Decides its name.</param>
    /// <param name="prefix">Of the numbers: a page of requests that is sent again has other ones each time.</param>
    public Owner(Random random, string prefix = "")
    {
        char[] id = new char[IdChars];
        for (int i = 0; i < IdChars; i++)
        {
            id[i] = (char)('a' + random.Next(26));
        }

        Id = new string(id);
        Prefix = prefix;
    }

    /// <summary>The same owner, whose numbers begin anew behind this prefix.</summary>
    public Owner(Owner owner, string prefix) => (Id, Prefix) = (owner.Id, prefix);

    public string Id { get; }

    public string Prefix { get; }

    public int Issued => _next;

    /// <summary>The number of the next token.</summary>
    public int Number() => ++_next;

    public string Token() => string.Create(CultureInfo.InvariantCulture, $"<{Id}:{Prefix}{Number():0000}>");

    /// <summary>The owners other than this one who are named in these bytes.</summary>
    /// <param name="bytes">Received by this one.</param>
    /// <param name="isKnown">There is such an owner: hostile clients write names that nobody has.</param>
    public string? FindForeign(ReadOnlySpan<byte> bytes, Predicate<string> isKnown)
    {
        for (int at = bytes.IndexOf((byte)'<'); at >= 0 && at + IdChars + 2 <= bytes.Length;)
        {
            if (bytes[at + IdChars + 1] == ':')
            {
                string id = Encoding.Latin1.GetString(bytes.Slice(at + 1, IdChars));
                if (id != Id && isKnown(id))
                {
                    return id;
                }
            }

            int next = bytes[(at + 1)..].IndexOf((byte)'<');
            at = next < 0 ? -1 : at + 1 + next;
        }

        return null;
    }
}
