using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace RedisProxy.Resp;

/// <summary>
/// The head of a client's last request: its number of arguments and its command, such as <c>*2 $3 GET</c> with their line ends. Clients
/// repeat themselves, and comparing two words costs less than parsing two numbers and looking up a name.
/// </summary>
internal struct RequestHead
{
    // The words compared. A head of up to one word does not contain the name.
    private const int MaxBytes = 2 * sizeof(ulong);

    private ulong _first;
    private ulong _second;
    private CommandTable? _commands;
    private int _arguments;
    private CommandTraits _command;
    private byte _length;

    /// <summary>True: the input begins with this head, and the table is still the same.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool TryTake(
        ReadOnlySpan<byte> input, CommandTable commands, out int bytes, out int arguments, out CommandTraits command)
    {
        bytes = _length;
        arguments = _arguments;
        command = _command;
        return input.Length >= MaxBytes && ReferenceEquals(_commands, commands)
            && BinaryPrimitives.ReadUInt64LittleEndian(input) == _first
            && SecondWord(input, _length) == _second;
    }

    /// <param name="input">Begins with a whole request.</param>
    /// <param name="commands">The table in which the command was found.</param>
    /// <param name="bytes">Length of the head.</param>
    /// <param name="arguments">Number of arguments, including the command's name.</param>
    /// <param name="command">Its traits in that table.</param>
    public void Remember(ReadOnlySpan<byte> input, CommandTable commands, int bytes, int arguments, CommandTraits command)
    {
        if (bytes is > sizeof(ulong) and <= MaxBytes && input.Length >= MaxBytes)
        {
            _first = BinaryPrimitives.ReadUInt64LittleEndian(input);
            _second = SecondWord(input, bytes);
            _length = (byte)bytes;
            _arguments = arguments;
            _command = command;
            _commands = commands;
        }
    }

    // Excludes the bytes that follow the head.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong SecondWord(ReadOnlySpan<byte> input, int headBytes) =>
        BinaryPrimitives.ReadUInt64LittleEndian(input[sizeof(ulong)..]) << (8 * (MaxBytes - headBytes));
}
