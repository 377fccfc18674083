namespace RedisProxy.Tests.Simulation;

/// <summary>What a simulated redis stores: lists of words by database and key. A string is a list of one.</summary>
internal sealed class Dataset
{
    private readonly Dictionary<(int Db, string Key), List<string>> _lists = [];
    private readonly Dictionary<(int Db, string Key), int> _changes = [];

    public IEnumerable<((int Db, string Key) Place, List<string> Words)> Lists => _lists.Select(pair => (pair.Key, pair.Value));

    public int Length(int db, string key) => _lists.TryGetValue((db, key), out List<string>? list) ? list.Count : 0;

    public IReadOnlyList<string> Read(int db, string key) => _lists.TryGetValue((db, key), out List<string>? list) ? list : [];

    public string ReadText(int db, string key) => string.Join(' ', Read(db, key));

    /// <summary>Grows with every change of the key, for WATCH.</summary>
    public int Changes(int db, string key) => _changes.GetValueOrDefault((db, key));

    public void Apply(Effect effect)
    {
        if (effect.Kind == EffectKind.Publish)
        {
            return;
        }

        (int db, string key) = (effect.Db, effect.Key);
        _changes[(db, key)] = Changes(db, key) + 1;
        if (!_lists.TryGetValue((db, key), out List<string>? list))
        {
            _lists[(db, key)] = list = [];
        }

        switch (effect.Kind)
        {
            case EffectKind.Push:
                list.Add(effect.Word);
                break;
            case EffectKind.Pop:
                list.RemoveRange(0, Math.Min(1, list.Count));
                break;
            default:
                list.Clear();
                list.Add(effect.Word);
                break;
        }
    }

    public Dataset Copy()
    {
        var copy = new Dataset();
        foreach (((int, string) place, List<string> list) in _lists)
        {
            copy._lists[place] = [.. list];
        }

        return copy;
    }
}

internal enum EffectKind
{
    Push,
    Pop,
    Set,

    /// <summary>Of no data.</summary>
    Publish,
}

/// <summary>What a write does, as it is replicated.</summary>
/// <param name="Kind">What.</param>
/// <param name="Db">Where.</param>
/// <param name="Key">To what.</param>
/// <param name="Word">What is written, and so whose write it is. Of a pop only that.</param>
internal readonly record struct Effect(EffectKind Kind, int Db, string Key, string Word = "");
