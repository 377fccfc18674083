using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace RedisProxy.Sessions;

/// <summary>
/// Writes the state of a session, or reads it, in the same calls: each returns the value that it was given, or the one that it has read.
/// So what carries its state has one list of fields for both directions, and these cannot diverge. Numbers are little-endian, and what
/// has a length is preceded by it.
/// </summary>
internal sealed class StateCodec
{
    private readonly ArrayBufferWriter<byte>? _output;

    // Of one authentication there is one object, to which requests refer.
    private readonly Dictionary<int, ClientCredentials> _users = [];
    private ReadOnlyMemory<byte> _input;

    private StateCodec(ArrayBufferWriter<byte>? output, ReadOnlyMemory<byte> input)
    {
        _output = output;
        _input = input;
    }

    public bool IsReading => _output is null;

    /// <summary>Everything was read.</summary>
    public bool IsAtEnd => _input.IsEmpty;

    public static StateCodec Writer(ArrayBufferWriter<byte> output) => new(output, default);

    public static StateCodec Reader(ReadOnlyMemory<byte> input) => new(null, input);

    /// <exception cref="InvalidDataException">The input is no session of this version.</exception>
    public static void Require(bool holds, string what)
    {
        if (!holds)
        {
            throw new InvalidDataException(what);
        }
    }

    public byte Byte(byte value)
    {
        if (!IsReading)
        {
            _output!.Write([value]);
            return value;
        }

        return Take(1)[0];
    }

    public bool Bool(bool value) => Byte(value ? (byte)1 : (byte)0) != 0;

    public long Int64(long value)
    {
        if (!IsReading)
        {
            BinaryPrimitives.WriteInt64LittleEndian(_output!.GetSpan(sizeof(long)), value);
            _output.Advance(sizeof(long));
            return value;
        }

        return BinaryPrimitives.ReadInt64LittleEndian(Take(sizeof(long)));
    }

    public int Int32(int value)
    {
        long read = Int64(value);
        Require(read is >= int.MinValue and <= int.MaxValue, "a number is too large");
        return (int)read;
    }

    /// <summary>A number of things that follow, a byte each at least.</summary>
    public int Count(int value)
    {
        int count = Int32(value);
        Require(count >= 0 && (!IsReading || count <= _input.Length), "a count is wrong");
        return count;
    }

    /// <param name="value">Of an enumeration of bytes, whose numbers are part of the format.</param>
    public T Named<T>(T value)
        where T : struct, Enum
    {
        byte read = Byte(Unsafe.BitCast<T, byte>(value));
        T named = Unsafe.BitCast<byte, T>(read);
        Require(Enum.IsDefined(named), $"{read} is no {typeof(T).Name}");
        return named;
    }

    public ReadOnlyMemory<byte> Bytes(ReadOnlyMemory<byte> value)
    {
        int length = Count(value.Length);
        if (!IsReading)
        {
            _output!.Write(value.Span);
            return value;
        }

        ReadOnlyMemory<byte> read = _input[..length];
        _input = _input[length..];
        return read;
    }

    /// <summary>Null stays null.</summary>
    public byte[]? Text(byte[]? value) => Bool(value is not null) ? Bytes(value).ToArray() : null;

    public IReadOnlyList<byte[]>? Words(IReadOnlyList<byte[]>? value)
    {
        if (!Bool(value is not null))
        {
            return null;
        }

        int count = Count(value?.Count ?? 0);
        var words = new byte[count][];
        for (int i = 0; i < count; i++)
        {
            words[i] = Bytes(value?[i]).ToArray();
        }

        return words;
    }

    public ClientCredentials? User(ClientCredentials? value)
    {
        if (!Bool(value is not null))
        {
            return null;
        }

        int order = Int32(value?.Order ?? 0);
        byte[]? name = Text(value?.Username);
        byte[] password = Bytes(value?.Password).ToArray();
        return value ?? (_users.TryGetValue(order, out ClientCredentials? known)
            ? known
            : _users[order] = new ClientCredentials(order, name, password));
    }

    public Said? Said(Said? value)
    {
        if (!Bool(value is not null))
        {
            return null;
        }

        ClientCredentials? by = User(value?.By);
        IReadOnlyList<byte[]> words = Words(value?.Words) ?? [];
        return value ?? new Said(by, words);
    }

    public StateChange Change(StateChange? value)
    {
        var read = new StateChange(Named(value?.Kind ?? default), Words(value?.Arguments) ?? [])
        {
            Pins = Named(value?.Pins ?? default),
            Replies = Named(value?.Replies ?? default),
            KeepsName = Bool(value?.KeepsName ?? false),
            Confirmed = Int32(value?.Confirmed ?? 0),
        };
        return value ?? read;
    }

    private ReadOnlySpan<byte> Take(int length)
    {
        Require(length <= _input.Length, "it ends too early");
        ReadOnlySpan<byte> taken = _input.Span[..length];
        _input = _input[length..];
        return taken;
    }
}
