using System.Buffers.Binary;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text;

namespace RedisProxy.Resp;

/// <summary>
/// The built-in table of commands. Which commands are reads is taken from the flag <c>readonly</c> in the reply to COMMAND of
/// redis 7.0.15, and of Valkey 8 and redis 8 documentation for later ones. Commands that are missing here are writes.
/// <para>
/// Looked up once per request, so it is an open-addressed hash over names packed into three words. Case is folded by setting bit 5 of
/// every byte, which also folds a few bytes that are no letters; such a name is no command, and redis answers it with an error. The
/// same bit tells a name's bytes from padding: <c>GET\0</c> is not <c>GET</c>.
/// </para>
/// </summary>
internal static class CommandTable
{
    private const int SlotBits = 10;
    private const ulong FoldCase = 0x2020_2020_2020_2020;

    private static readonly Slot[] Slots = Build();

    public static CommandTraits Find(ReadOnlySpan<byte> name)
    {
        if (name.Length is 0 or > CommandName.MaxBytes)
        {
            return default;
        }

        Key key = Pack(name);
        for (int i = key.SlotIndex; ; i = (i + 1) & (Slots.Length - 1))
        {
            ref readonly Slot slot = ref Slots[i];
            if (slot.Key.First == key.First && slot.Key.Second == key.Second && slot.Key.Third == key.Third)
            {
                return slot.Traits;
            }

            if (slot.Key.First == 0)
            {
                return default;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Key Pack(ReadOnlySpan<byte> name)
    {
        if (name.Length <= sizeof(ulong))
        {
            return new Key(PackWord(name), 0, 0);
        }

        return PackLong(name);
    }

    private static Key PackLong(ReadOnlySpan<byte> name) => new(
        PackWord(name[..8]),
        PackWord(name[8..Math.Min(16, name.Length)]),
        name.Length > 16 ? PackWord(name[16..]) : 0);

    // At least one byte, at most eight. Only name bytes are folded.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong PackWord(ReadOnlySpan<byte> bytes)
    {
        ulong word = 0;
        switch (bytes.Length)
        {
            case 8:
                word = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
                break;
            case >= 4:
                word = BinaryPrimitives.ReadUInt32LittleEndian(bytes)
                    | ((ulong)BinaryPrimitives.ReadUInt32LittleEndian(bytes[^4..]) << ((bytes.Length - 4) * 8));
                break;
            default:
                for (int i = bytes.Length - 1; i >= 0; i--)
                {
                    word = (word << 8) | bytes[i];
                }

                break;
        }

        return word | (FoldCase >> (8 * (sizeof(ulong) - bytes.Length)));
    }

    private static Slot[] Build()
    {
        var slots = new Slot[1 << SlotBits];
        foreach (string name in CommandNames.Reads.Split(' '))
        {
            Add(slots, name, new CommandTraits(CommandKind.Plain, CommandFlags.Resendable));
        }

        foreach (string name in CommandNames.Blocking.Split(' '))
        {
            Add(slots, name, new CommandTraits(CommandKind.Plain, CommandFlags.Blocking));
        }

        foreach (string name in CommandNames.Nested.Split(' '))
        {
            Add(slots, name, new CommandTraits(CommandKind.Plain, CommandFlags.Nested));
        }

        foreach ((string name, CommandKind kind, CommandFlags flags) in CommandNames.Special)
        {
            Add(slots, name, new CommandTraits(kind, flags));
        }

        return slots;
    }

    private static void Add(Slot[] slots, string name, CommandTraits traits)
    {
        Key key = Pack(Encoding.ASCII.GetBytes(name));
        int i = key.SlotIndex;
        while (slots[i].Key.First != 0)
        {
            Debug.Assert(slots[i].Key != key, "listed twice");
            i = (i + 1) & (slots.Length - 1);
        }

        slots[i] = new Slot(key, traits);
    }

    private readonly record struct Key(ulong First, ulong Second, ulong Third)
    {
        public int SlotIndex => (int)(((First ^ (Second * 31) ^ (Third * 37)) * 0x9E37_79B9_7F4A_7C15) >> (64 - SlotBits));
    }

    private readonly record struct Slot(Key Key, CommandTraits Traits);
}
