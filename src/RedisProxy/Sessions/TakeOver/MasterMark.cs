using System.Net;
using System.Text;

using RedisProxy.Topology;

namespace RedisProxy.Sessions;

/// <summary>
/// The server behind a session, in terms that two processes share: each counts generations for itself.
/// </summary>
/// <param name="Epoch">Sentinel's config epoch of the master; 0 without Sentinel.</param>
/// <param name="Address">Where the server is reached; empty: nowhere in particular.</param>
/// <param name="IsCurrent">The link was not superseded in the process that wrote this.</param>
internal readonly record struct MasterMark(long Epoch, string Address, bool IsCurrent)
{
    /// <summary>A generation that no view has.</summary>
    public const long Superseded = 0;

    public static MasterMark Of(Session session)
    {
        TopologyView view = session.Gate.View;
        IPEndPoint? address = session.Link is { } link ? link.Target?.Address ?? view.Master?.Address : view.Master?.Address;
        return new MasterMark(view.Epoch, $"{address}", session.Link is not { } known || view.IsCurrent(known.Generation));
    }

    public MasterMark Carry(StateCodec codec) => new(
        codec.Int64(Epoch),
        Encoding.ASCII.GetString(codec.Bytes(codec.IsReading ? default : Encoding.ASCII.GetBytes(Address)).Span),
        codec.Bool(IsCurrent));

    /// <summary>This process has not heard yet of what the other one knew.</summary>
    public bool IsAheadOf(TopologyView view) => view.Targets.Count == 0 && Epoch > view.Epoch;

    /// <summary>The generation that the server has in this view; <see cref="Superseded"/>: it is another one's turn by now.</summary>
    /// <param name="view">Of this process.</param>
    /// <param name="target">Of a replica listener.</param>
    public long GenerationIn(TopologyView view, out ReplicaTarget? target)
    {
        string address = Address;
        target = IsCurrent ? view.Targets.FirstOrDefault(one => one.Address.ToString() == address) : null;
        bool isMaster = view.Targets.Count == 0 && IsCurrent && view.Epoch == Epoch && view.Master?.Address.ToString() == address;
        return target?.Generation ?? (isMaster ? view.Generation : Superseded);
    }
}
