using System.Text;

namespace RedisProxy.Configuration;

/// <summary>External names of enum members: in metric labels and in JSON.</summary>
internal static class Labels
{
    /// <summary><c>ClientClosed</c> becomes <c>client_closed</c>.</summary>
    public static string Of(object value)
    {
        var label = new StringBuilder();
        foreach (char letter in value.ToString()!)
        {
            if (char.IsAsciiLetterUpper(letter) && label.Length > 0)
            {
                label.Append('_');
            }

            label.Append(char.ToLowerInvariant(letter));
        }

        return label.ToString();
    }
}
