using System.Globalization;
using System.Text;

namespace RedisProxy.Sessions;

/// <summary>How often keys are used, and how large their requests and replies are, while somebody asks for it. On one loop.</summary>
internal sealed class KeySample
{
    public const int MaxKeys = 10_000;

    /// <summary>Longer ones are not kept apart beyond this.</summary>
    private const int MaxKeyBytes = 256;

    private readonly Dictionary<string, KeyUse> _uses = [];

    /// <summary>All that were looked at.</summary>
    public long Requests { get; private set; }

    /// <summary>Of them, those of keys that were one too many.</summary>
    public long NotCounted { get; private set; }

    /// <summary>By key, each byte of which is a character.</summary>
    public IReadOnlyDictionary<string, KeyUse> Uses => _uses;

    /// <param name="key">As sent.</param>
    /// <param name="bytes">Of the request or of its reply, whichever is larger.</param>
    public void Add(ReadOnlySpan<byte> key, long bytes)
    {
        Requests++;
        string name = Encoding.Latin1.GetString(key[..Math.Min(key.Length, MaxKeyBytes)]);
        if (_uses.TryGetValue(name, out KeyUse use) || _uses.Count < MaxKeys)
        {
            _uses[name] = new KeyUse(use.Requests + 1, Math.Max(use.LargestBytes, bytes));
        }
        else
        {
            NotCounted++;
        }
    }

    /// <summary>For people: as text if it is one, otherwise with \xHH for what is not printable.</summary>
    public static string TextOf(string key)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(key);
        string text = Encoding.UTF8.GetString(bytes);
        string more = bytes.Length == MaxKeyBytes ? "…" : "";
        return (text.Any(static letter => char.IsControl(letter) || letter == '\uFFFD')
            ? string.Concat(key.Select(static letter => letter is >= ' ' and <= '~'
                ? letter.ToString()
                : string.Create(CultureInfo.InvariantCulture, $"\\x{(int)letter:x2}")))
            : text) + more;
    }
}

/// <param name="Requests">Number of requests.</param>
/// <param name="LargestBytes">Size of the largest request or reply.</param>
internal readonly record struct KeyUse(long Requests, long LargestBytes);
