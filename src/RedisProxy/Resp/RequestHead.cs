using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace RedisProxy.Resp;

/// <summary>
/// The head of a client's last request: its number of arguments and its command, such as <c>*2 $3 GET</c> with their line ends. Clients
/// repeat themselves, and two words to compare cost less than two numbers to parse and a name to look up.
/// </summary>
internal struct RequestHead
{
    // The words that are compared. A head of up to one word has no name in it.
    private const int MaxBytes = 2 * sizeof(ulong);

    private ulong _first;
    private ulong _second;
    private CommandTable? _commands;
    private int _arguments;
    private CommandTraits _command;
    private byte _length;

    /// <summary>True: the input begins with it, and it still means what it meant in that table.</summary>
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
    /// <param name="bytes">Of the head.</param>
    /// <param name="arguments">The command's name among them.</param>
    /// <param name="command">What was found.</param>
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

    // Without what follows the head in it.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong SecondWord(ReadOnlySpan<byte> input, int headBytes) =>
        BinaryPrimitives.ReadUInt64LittleEndian(input[sizeof(ulong)..]) << (8 * (MaxBytes - headBytes));
}
