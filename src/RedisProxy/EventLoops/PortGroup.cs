using System.Runtime.CompilerServices;

namespace RedisProxy.EventLoops;

/// <summary>
/// The listening sockets that share one TCP address (SO_REUSEPORT, socket(7)), those of other processes of the same user included. The
/// kernel keeps them in the order in which they began to listen and chooses one by a hash of the connection, or by a program of the
/// group (SO_ATTACH_REUSEPORT_CBPF): an index that does not exist falls back to the hash, so a program that is out of date does no harm.
/// </summary>
internal static unsafe class PortGroup
{
    // Classic BPF, linux/filter.h: take a random number modulo the count, add the first index, return it.
    private const ushort LoadAbsolute = 0x20; // BPF_LD | BPF_W | BPF_ABS
    private const ushort Modulo = 0x94; // BPF_ALU | BPF_MOD | BPF_K
    private const ushort Add = 0x04; // BPF_ALU | BPF_ADD | BPF_K
    private const ushort ReturnAccumulator = 0x16; // BPF_RET | BPF_A
    private const uint RandomNumber = 0xfffff000 + 56; // SKF_AD_OFF + SKF_AD_RANDOM

    /// <summary>From now on only these sockets of the group get new connections. What others have in their queues stays there.</summary>
    /// <param name="fd">Any socket of the group.</param>
    /// <param name="first">So many began to listen before the first of them.</param>
    /// <param name="count">So many of them, at least one.</param>
    /// <returns>False: this kernel cannot.</returns>
    public static bool TrySteer(int fd, int first, int count)
    {
        ulong* program = stackalloc ulong[]
        {
            Instruction(LoadAbsolute, RandomNumber),
            Instruction(Modulo, (uint)count),
            Instruction(Add, (uint)first),
            Instruction(ReturnAccumulator, 0),
        };
        var whole = new FilterProgram { Length = 4, Instructions = program };
        return Libc.SetOption(
            fd, LibcConstants.SolSocket, LibcConstants.SoAttachReusePortFilter, &whole, (uint)Unsafe.SizeOf<FilterProgram>()) == 0;
    }

    /// <summary>From now on all sockets of the group get new connections.</summary>
    public static void Release(int fd)
    {
        int none = 0;
        _ = Libc.SetOption(fd, LibcConstants.SolSocket, LibcConstants.SoDetachReusePortFilter, &none, sizeof(int));
    }

    // struct sock_filter: the code in 16 bits, two jumps that are not used in 8 each, the operand in 32.
    private static ulong Instruction(ushort code, uint operand) => code | ((ulong)operand << 32);

    // struct sock_fprog
    private struct FilterProgram
    {
        public ushort Length;
        public ulong* Instructions;
    }
}
