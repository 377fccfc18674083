namespace RedisProxy.EventLoops;

/// <summary>A message from one process to another, and with it open connections.</summary>
/// <param name="Bytes">At least one.</param>
/// <param name="First">A descriptor that is open in this process; <see cref="None"/>: there is none.</param>
/// <param name="Second">Likewise.</param>
/// <param name="IsWhole">False: it was cut off, or this process has no room for its descriptors.</param>
internal sealed record PassedMessage(ReadOnlyMemory<byte> Bytes, int First, int Second, bool IsWhole)
{
    public const int None = -1;

    /// <summary>Closes its descriptors. A connection that is also open elsewhere stays open.</summary>
    public void Close(Kernel kernel)
    {
        if (First >= 0)
        {
            kernel.Close(First);
        }

        if (Second >= 0)
        {
            kernel.Close(Second);
        }
    }
}
