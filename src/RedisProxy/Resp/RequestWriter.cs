using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace RedisProxy.Resp;

/// <summary>Writes the proxy's own requests: to Sentinels, probes, and the replay of a session's state.</summary>
internal static class RequestWriter
{
    public static void Write(IBufferWriter<byte> output, params ReadOnlySpan<string> arguments)
    {
        WriteHeader(output, '*', arguments.Length);
        foreach (string argument in arguments)
        {
            WriteArgument(output, Encoding.UTF8.GetBytes(argument));
        }
    }

    /// <summary>As <see cref="Write"/>, for arguments from a client, which are bytes and not text.</summary>
    public static void WriteBytes(IBufferWriter<byte> output, params ReadOnlySpan<byte[]> arguments)
    {
        WriteHeader(output, '*', arguments.Length);
        foreach (byte[] argument in arguments)
        {
            WriteArgument(output, argument);
        }
    }

    private static void WriteArgument(IBufferWriter<byte> output, ReadOnlySpan<byte> argument)
    {
        WriteHeader(output, '$', argument.Length);
        output.Write(argument);
        output.Write("\r\n"u8);
    }

    private static void WriteHeader(IBufferWriter<byte> output, char type, int number)
    {
        const int MaxHeaderBytes = 16;
        Span<byte> span = output.GetSpan(MaxHeaderBytes);
        span[0] = (byte)type;
        Utf8Formatter.TryFormat(number, span[1..], out int digits);
        span[digits + 1] = (byte)'\r';
        span[digits + 2] = (byte)'\n';
        output.Advance(digits + 3);
    }
}
