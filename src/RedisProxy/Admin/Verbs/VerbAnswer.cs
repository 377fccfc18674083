using Microsoft.AspNetCore.Http;

namespace RedisProxy.Admin;

/// <summary>The result of a verb.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Text">The body, one line or more.</param>
internal sealed record VerbAnswer(int Status, string Text)
{
    public static VerbAnswer Good(string text) => new(StatusCodes.Status200OK, text);

    public static VerbAnswer Bad(string text) => new(StatusCodes.Status400BadRequest, text);
}
