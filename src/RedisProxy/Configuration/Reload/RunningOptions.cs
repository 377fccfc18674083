namespace RedisProxy.Configuration;

/// <summary>The options in effect. A reload replaces them as a whole.</summary>
internal sealed class RunningOptions(ProxyOptions options)
{
    private volatile ProxyOptions _current = options;

    public ProxyOptions Current
    {
        get => _current;
        set => _current = value;
    }
}
