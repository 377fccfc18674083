namespace RedisProxy.Tests.Simulation;

/// <summary>The simulated end of a wire: a client, or a connection of a redis. Its process has read what it is given here.</summary>
internal interface IWireEnd
{
    void OnBytes(ReadOnlySpan<byte> bytes);

    /// <summary>The proxy has shut down its side.</summary>
    void OnFin();

    void OnReset();
}

/// <summary>An end before anybody has accepted.</summary>
internal sealed class Nobody : IWireEnd
{
    public static Nobody Instance { get; } = new();

    public void OnBytes(ReadOnlySpan<byte> bytes)
    {
    }

    public void OnFin()
    {
    }

    public void OnReset()
    {
    }
}
