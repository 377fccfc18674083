namespace RedisProxy.Hosting;

/// <summary>The exit codes for the supervisor. Part of the published behaviour.</summary>
internal static class ExitCode
{
    /// <summary>Stopped on request; or the check found nothing wrong.</summary>
    public const int Ok = 0;

    /// <summary>Could not serve, or failed while serving. A restart may help.</summary>
    public const int Failure = 1;

    /// <summary>Bad configuration or usage. A restart cannot help.</summary>
    public const int BadConfiguration = 2;

    /// <summary>A second SIGTERM or SIGINT ended it before its sessions had ended.</summary>
    public const int EndedAtOnce = 3;

    /// <summary>The audit found something that changes with the next failover; nothing worse.</summary>
    public const int Warnings = 4;

    /// <summary>The audit found that the next failover loses data, refuses clients, or does not take place.</summary>
    public const int Critical = 5;
}
