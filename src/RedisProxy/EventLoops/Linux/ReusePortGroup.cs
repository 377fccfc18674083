using System.Runtime.CompilerServices;
using System.Runtime.Versioning;

namespace RedisProxy.EventLoops;

/// <summary>
/// The listening sockets that share one TCP address (SO_REUSEPORT, socket(7)), including those of other processes of the same user. The
/// kernel keeps them in the order of their listen calls and picks one by a hash of the connection, or by a program attached to the
/// group (SO_ATTACH_REUSEPORT_CBPF): an index out of range falls back to the hash, so an outdated program does no harm.
/// </summary>
[SupportedOSPlatform("linux")]
internal static unsafe class ReusePortGroup
{
    // Classic BPF, linux/filter.h: take a random number modulo the count, add the first index, return it.
    private const ushort LoadAbsolute = 0x20; // BPF_LD | BPF_W | BPF_ABS
    private const ushort LoadByteAbsolute = 0x30; // BPF_LD | BPF_B | BPF_ABS
    private const ushort And = 0x54; // BPF_ALU | BPF_AND | BPF_K
    private const ushort JumpIfEqual = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
    private const ushort Return = 0x06; // BPF_RET | BPF_K
    private const ushort Modulo = 0x94; // BPF_ALU | BPF_MOD | BPF_K
    private const ushort Add = 0x04; // BPF_ALU | BPF_ADD | BPF_K
    private const ushort ReturnAccumulator = 0x16; // BPF_RET | BPF_A
    private const uint RandomNumber = 0xfffff000 + 56; // SKF_AD_OFF + SKF_AD_RANDOM

    // RFC 9293, 3.1. A filter of a TCP socket sees the segment starting at its header.
    private const uint FlagsOffset = 13;
    private const uint Syn = 0x02;
    private const uint Ack = 0x10;
    private const uint WholeSegment = uint.MaxValue;

    /// <summary>From now on only these sockets of the group get new connections. Connections already queued elsewhere stay there.</summary>
    /// <param name="fd">Any socket of the group.</param>
    /// <param name="first">Number of sockets in the group that began to listen before them.</param>
    /// <param name="count">Number of these sockets, at least one.</param>
    /// <returns>False: not supported by this kernel.</returns>
    public static bool TrySteer(int fd, int first, int count)
    {
        ulong* program = stackalloc ulong[]
        {
            Instruction(LoadAbsolute, RandomNumber),
            Instruction(Modulo, (uint)count),
            Instruction(Add, (uint)first),
            Instruction(ReturnAccumulator, 0),
        };
        return TryAttach(fd, LibcConstants.SoAttachReusePortFilter, program, 4);
    }

    /// <summary>
    /// Drops every new SYN to this socket; handshakes in progress continue. The client retransmits after a second (RFC 6298), perhaps to
    /// another socket of the group by then; a reset would be final.
    /// </summary>
    /// <returns>False: not supported by this kernel.</returns>
    public static bool TryTurnAway(int fd)
    {
        ulong* program = stackalloc ulong[]
        {
            Instruction(LoadByteAbsolute, FlagsOffset),
            Instruction(And, Syn | Ack),
            Jump(JumpIfEqual, Syn, ifTrue: 0, ifFalse: 1),
            Instruction(Return, 0),
            Instruction(Return, WholeSegment),
        };
        return TryAttach(fd, LibcConstants.SoAttachFilter, program, 5);
    }

    /// <summary>Lets all sockets of the group get new connections again.</summary>
    public static void Release(int fd)
    {
        int none = 0;
        _ = Libc.SetOption(fd, LibcConstants.SolSocket, LibcConstants.SoDetachReusePortFilter, &none, sizeof(int));
    }

    private static bool TryAttach(int fd, int option, ulong* program, ushort length)
    {
        var whole = new FilterProgram { Length = length, Instructions = program };
        return Libc.SetOption(fd, LibcConstants.SolSocket, option, &whole, (uint)Unsafe.SizeOf<FilterProgram>()) == 0;
    }

    // struct sock_filter: 16 bits of code, two jumps of 8 bits, 32 bits of operand.
    private static ulong Instruction(ushort code, uint operand) => code | ((ulong)operand << 32);

    private static ulong Jump(ushort code, uint operand, byte ifTrue, byte ifFalse) =>
        Instruction(code, operand) | ((ulong)ifTrue << 16) | ((ulong)ifFalse << 24);

    // struct sock_fprog
    private struct FilterProgram
    {
        public ushort Length;
        public ulong* Instructions;
    }
}
