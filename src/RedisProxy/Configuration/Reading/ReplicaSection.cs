using System.Net;

namespace RedisProxy.Configuration;

/// <summary>The keys of a listener that are about replicas. One that serves from the master may not have them.</summary>
internal static class ReplicaSection
{
    private static readonly string[] Keys = ["maxLagBytes", "maxLagSeconds", "fallback", "slowStart", "weights"];

    /// <returns>Whom the listener serves from, and how.</returns>
    public static (ListenerRole Role, ReplicaOptions Replicas) Read(OptionSection listener, OptionErrors errors)
    {
        var defaults = new ReplicaOptions();
        ListenerRole role = listener.Value("role", ListenerRole.Master, ValueParsers.Choice(
            ("master", ListenerRole.Master), ("replica", ListenerRole.Replica)));
        var replicas = new ReplicaOptions
        {
            MaxLagBytes = listener.Value("maxLagBytes", defaults.MaxLagBytes, ValueParsers.LongSize(1 << 10, 1L << 40)),
            MaxLagSeconds = listener.Value("maxLagSeconds", defaults.MaxLagSeconds, ValueParsers.WholeNumber(0, 3600)),
            Fallback = listener.Value("fallback", defaults.Fallback, ValueParsers.Choice(
                ("master", ReplicaFallback.Master), ("reject", ReplicaFallback.Reject))),
            SlowStart = listener.Value("slowStart", defaults.SlowStart, ValueParsers.Duration(TimeSpan.Zero, TimeSpan.FromHours(1))),
            Weights = ReadWeights(listener),
        };
        foreach (string key in Keys.Where(key => role == ListenerRole.Master && listener.Has(key)))
        {
            errors.Add(listener.PathOf(key), "is about replicas; expected role: replica as well");
        }

        return (role, replicas);
    }

    private static IReadOnlyDictionary<IPNetwork, int> ReadWeights(OptionSection listener)
    {
        IReadOnlyDictionary<IPNetwork, int> weights = listener.Map("weights", ValueParsers.Network, ValueParsers.WholeNumber(0, 1000));
        return weights.Count > 0 ? weights : ReplicaOptions.NoWeights;
    }
}
