using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Text;

namespace RedisProxy.Resp;

/// <summary>
/// Traits of each command. The built-in table is that of redis 7.0 to 8.6 and Valkey 8.1 and 9.1 by their replies to COMMAND, and of the
/// documentation for redis 8.8 and 8.10; a server's own reply adds to it, above all commands of modules. Commands not in the table are
/// writes.
/// <para>
/// Looked up once per request, so it is an open-addressed hash over names packed into three words. Case is folded by setting bit 5 of
/// every byte, which also folds a few bytes that are not letters; such a name is not a command, and redis answers it with an error. The
/// same bit distinguishes a name's bytes from padding: <c>GET\0</c> is not <c>GET</c>, but <see cref="CommandKind.NulInName"/>.
/// </para>
/// </summary>
internal sealed class CommandTable
{
    private const ulong FoldCase = 0x2020_2020_2020_2020;

    private const CommandFlags OfData = CommandFlags.Shareable | CommandFlags.LeavesNothing;

    // At most a quarter of the slots is used.
    private const int SlotsPerCommand = 4;

    /// <summary>Used until a server has replied to COMMAND.</summary>
    public static readonly CommandTable BuiltIn = new(BuiltInTraits());

    private readonly Slot[] _slots;
    private readonly int _shift;

    private CommandTable(Dictionary<string, CommandTraits> commands)
    {
        int bits = BitOperations.Log2(BitOperations.RoundUpToPowerOf2((uint)(commands.Count * SlotsPerCommand)));
        _slots = new Slot[1 << bits];
        _shift = 64 - bits;
        foreach ((string name, CommandTraits traits) in commands)
        {
            Add(name, traits);
        }
    }

    /// <summary>
    /// The built-in table, corrected by a server's reply to COMMAND (redis.io/commands/command): commands flagged <c>readonly</c> may be
    /// sent again, those flagged <c>write</c> may not. Commands that change a connection keep their traits.
    /// </summary>
    /// <returns>Null if this is not such a reply.</returns>
    public static CommandTable? Of(RespValue reply)
    {
        if (!reply.IsAggregate || reply.Items.Count == 0)
        {
            return null;
        }

        Dictionary<string, CommandTraits> commands = BuiltInTraits();
        foreach (RespValue command in reply.Items)
        {
            if (command.Items.Count > 2)
            {
                string[] flags = [.. command.Items[2].Items.Select(static flag => flag.Text)];
                Correct(commands, command.Items[0].Text.ToLowerInvariant(), flags);
            }
        }

        return new CommandTable(commands);
    }

    /// <summary>Names of the commands that the proxy inspects because they change a connection.</summary>
    public static IReadOnlyList<string> Inspected { get; } =
        [.. CommandNames.Special.Where(static command => command.Kind != CommandKind.CrossProtocol).Select(static command => command.Name)];

    /// <summary>
    /// Commands of <see cref="Inspected"/> that the server has renamed (<c>rename-command</c>): COMMAND lists commands by their original
    /// names, COMMAND INFO finds them by their current ones.
    /// </summary>
    /// <param name="commands">The reply to COMMAND.</param>
    /// <param name="named">The reply to COMMAND INFO for <see cref="Inspected"/>.</param>
    public static IReadOnlyList<string> RenamedOf(RespValue commands, RespValue named)
    {
        if (named.Items.Count != Inspected.Count)
        {
            return [];
        }

        IEnumerable<RespValue> described = commands.Items.Where(static command => command.Items.Count > 0);
        HashSet<string> known = [.. described.Select(static command => command.Items[0].Text)];
        return [.. Inspected.Where((name, i) => named.Items[i].Items.Count == 0 && known.Contains(name))];
    }

    public CommandTraits Find(ReadOnlySpan<byte> name)
    {
        if (name.Length is 0 or > CommandName.MaxBytes)
        {
            return OfUnknown(name);
        }

        Key key = Pack(name);
        Slot[] slots = _slots;
        for (int i = key.SlotIndex(_shift); ; i = (i + 1) & (slots.Length - 1))
        {
            ref readonly Slot slot = ref slots[i];
            if (slot.Key.First == key.First && slot.Key.Second == key.Second && slot.Key.Third == key.Third)
            {
                return slot.Traits;
            }

            if (slot.Key.First == 0)
            {
                return OfUnknown(name);
            }
        }
    }

    /// <param name="name">Perhaps only the beginning of it: no command is longer than a <see cref="CommandName"/>.</param>
    public static CommandTraits OfUnknown(ReadOnlySpan<byte> name) =>
        name[..Math.Min(name.Length, CommandName.MaxBytes)].Contains((byte)0)
            ? new CommandTraits(CommandKind.NulInName, CommandFlags.None)
            : default;

    private static void Correct(Dictionary<string, CommandTraits> commands, string name, string[] flags)
    {
        bool isKnown = commands.TryGetValue(name, out CommandTraits known);
        if (name.Length is 0 or > CommandName.MaxBytes || known.NeedsInspection || (known.Flags & CommandFlags.Nested) != 0)
        {
            return;
        }

        // Containers (XINFO, OBJECT) have their flags on their subcommands; their built-in traits apply.
        bool isRead = flags.Contains("readonly") && !CommandNames.IsNeverRepeated(name);
        bool isWrite = flags.Contains("write");
        bool isResendable = isRead || (isKnown && known.IsResendable && !isWrite);
        bool isBlocking = flags.Contains("blocking") || known.IsBlocking;
        commands[name] = new CommandTraits(
            CommandKind.Plain,
            (isResendable ? CommandFlags.Resendable : 0) | (isBlocking ? CommandFlags.Blocking : 0)
                | (CommandNames.RunsCode(name) ? CommandFlags.Nested : 0) | SharingOf(name, known, flags, isBlocking));
    }

    // An allow-list: commands of modules may do anything.
    private static CommandFlags SharingOf(string name, CommandTraits known, string[] flags, bool isBlocking)
    {
        bool isOfModule = flags.Contains("module") || CommandNames.RunsCode(name);
        bool isOfData = flags.Contains("readonly") || flags.Contains("write");
        bool isShareable = !isBlocking && !isOfModule
            && ((known.Flags & CommandFlags.Shareable) != 0 || (isOfData && !flags.Contains("admin") && !flags.Contains("pubsub")));
        bool leavesNothing = (known.Flags & CommandFlags.LeavesNothing) != 0
            || (!isOfModule && !CommandNames.MayLeaveSomething(name));
        return (isShareable ? CommandFlags.Shareable : 0) | (leavesNothing ? CommandFlags.LeavesNothing : 0);
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

    private static Dictionary<string, CommandTraits> BuiltInTraits()
    {
        var commands = new Dictionary<string, CommandTraits>();
        AddAll(CommandNames.Reads, CommandFlags.Resendable | OfData);
        AddAll(CommandNames.Writes, OfData);
        AddAll(CommandNames.Blocking, CommandFlags.Blocking | CommandFlags.LeavesNothing);
        AddAll(CommandNames.Nested, CommandFlags.Nested | OfData);
        AddAll(CommandNames.NestedReads, CommandFlags.Nested | CommandFlags.Resendable | OfData);
        foreach ((string name, CommandKind kind, CommandFlags flags) in CommandNames.Special)
        {
            commands.Add(name, new CommandTraits(kind, flags));
        }

        return commands;

        void AddAll(string names, CommandFlags flags)
        {
            foreach (string name in names.Split(' '))
            {
                commands.Add(name, new CommandTraits(CommandKind.Plain, CommandNames.RunsCode(name) ? flags & ~OfData : flags));
            }
        }
    }

    private void Add(string name, CommandTraits traits)
    {
        Key key = Pack(Encoding.Latin1.GetBytes(name));
        int i = key.SlotIndex(_shift);
        while (_slots[i].Key.First != 0)
        {
            i = (i + 1) & (_slots.Length - 1);
        }

        _slots[i] = new Slot(key, traits);
    }

    private readonly record struct Key(ulong First, ulong Second, ulong Third)
    {
        public int SlotIndex(int shift) => (int)(((First ^ (Second * 31) ^ (Third * 37)) * 0x9E37_79B9_7F4A_7C15) >> shift);
    }

    private readonly record struct Slot(Key Key, CommandTraits Traits);
}
