namespace RedisProxy.Configuration;

/// <summary>The options that the process goes by now. A reload puts others in their place, as a whole.</summary>
internal sealed class RunningOptions(ProxyOptions options)
{
    private volatile ProxyOptions _current = options;

    public ProxyOptions Current
    {
        get => _current;
        set => _current = value;
    }
}
