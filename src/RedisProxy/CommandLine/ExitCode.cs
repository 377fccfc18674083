namespace RedisProxy.CommandLine;

/// <summary>What the process says to its supervisor. Part of the published behaviour.</summary>
internal static class ExitCode
{
    /// <summary>Ended because it was asked to; or the check found nothing wrong.</summary>
    public const int Ok = 0;

    /// <summary>Could not serve, or failed while serving. Starting it again may help.</summary>
    public const int Failure = 1;

    /// <summary>Bad configuration or usage. Starting it again cannot help.</summary>
    public const int BadConfiguration = 2;

    /// <summary>A second SIGTERM or SIGINT ended it before its sessions had ended.</summary>
    public const int EndedAtOnce = 3;
}
