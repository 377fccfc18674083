namespace RedisProxy.Admin;

/// <summary>The document of <c>/hotkeys</c>.</summary>
/// <param name="Seconds">How long keys were sampled.</param>
/// <param name="Requests">Requests sampled: of replies that are read together, the oldest one's.</param>
/// <param name="Keys">Different keys among them.</param>
/// <param name="NotCounted">Requests of keys beyond those that are kept apart.</param>
/// <param name="Hot">The keys with the most requests.</param>
/// <param name="Big">The keys with the largest requests or replies.</param>
internal sealed record HotKeysAnswer(
    double Seconds, long Requests, int Keys, long NotCounted, IReadOnlyList<KeyStatus> Hot, IReadOnlyList<KeyStatus> Big)
{
    /// <summary>Somebody else has them sampled.</summary>
    public static readonly HotKeysAnswer Busy = new(0, 0, 0, 0, [], []);
}

/// <param name="Key">The first argument of its requests; of bytes that are no text, as \xHH.</param>
/// <param name="Requests">Sampled ones.</param>
/// <param name="LargestBytes">Of its largest request or reply.</param>
internal sealed record KeyStatus(string Key, long Requests, long LargestBytes);
