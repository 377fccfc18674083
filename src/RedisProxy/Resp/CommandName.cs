using System.Runtime.CompilerServices;

namespace RedisProxy.Resp;

/// <summary>Room for the longest name in <see cref="CommandTable"/>; anything longer is an unknown command.</summary>
[InlineArray(MaxBytes)]
internal struct CommandName
{
    public const int MaxBytes = 24;

    private byte _first;
}
