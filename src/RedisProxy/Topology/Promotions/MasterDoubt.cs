namespace RedisProxy.Topology;

/// <summary>
/// A reason, other than what Sentinels report, why what the accepted master acknowledges may be lost. As long as it lasts, nothing is sent
/// to that master, and none of its replies is trusted.
/// </summary>
/// <param name="Who">The server whose budget of pauses it uses.</param>
/// <param name="Reason">One sentence, for logs and status.</param>
internal sealed record MasterDoubt(string Who, string Reason);
