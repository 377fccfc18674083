namespace RedisProxy.Transport;

/// <summary>Why a handshake failed, for the log. The framework often hides the reason in an inner exception.</summary>
internal static class TlsFailure
{
    public static string Describe(Exception failure)
    {
        Exception innermost = failure;
        while (innermost.InnerException is { } inner)
        {
            innermost = inner;
        }

        return innermost.Message.Trim();
    }
}
