using Microsoft.AspNetCore.Http;

namespace RedisProxy.Admin;

/// <summary>What a verb says in the end.</summary>
/// <param name="Status">Of HTTP.</param>
/// <param name="Text">The body, in one line or several.</param>
internal sealed record VerbAnswer(int Status, string Text)
{
    public static VerbAnswer Good(string text) => new(StatusCodes.Status200OK, text);

    public static VerbAnswer Bad(string text) => new(StatusCodes.Status400BadRequest, text);
}
