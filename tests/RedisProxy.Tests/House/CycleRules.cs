namespace RedisProxy.Tests.House;

/// <summary>
/// Files that use each other, directly or by way of others, can only be understood together. There are some; the list may only shrink.
/// </summary>
internal static class CycleRules
{
    /// <summary>Those that are known, by name and without extension.</summary>
    public static readonly string[][] Known =
    [
        // The session and the parts that move its bytes and get its links.
        [
            "ClientOutput", "LinkAttempt", "LinkKeeper", "ReplyPump", "ReplyReader", "RequestIntake", "RequestPump", "Session",
        ],

        // A command of the facade acts on the dialogue that has found it.
        ["FacadeCommand", "FacadeContext", "FacadeDialogue"],

        // A socket, the TLS on it, and the loop that both run on.
        [
            "CipherOutput", "CipherStream", "EventLoop", "LoopSocket", "LoopSocket.Closing", "LoopSocket.Tls",
            "LoopSynchronizationContext", "TlsLayer",
        ],
    ];

    /// <returns>Each set of files that use each other, the largest first.</returns>
    public static IReadOnlyList<IReadOnlyList<SourceFile>> Find(FileUses uses) =>
        [.. new Search(uses).Run().Where(static cycle => cycle.Count > 1).OrderByDescending(static cycle => cycle.Count)];

    public static IEnumerable<Violation> Check(FileUses uses, string[][] known)
    {
        var found = Find(uses).Select(static cycle => cycle.ToDictionary(static file => NameOf(file))).ToList();
        foreach (Dictionary<string, SourceFile> cycle in found)
        {
            string[]? allowed = known.FirstOrDefault(set => cycle.Keys.All(set.Contains));
            if (allowed is null)
            {
                yield return new Violation(
                    cycle.Values.First().Path, 1, $"a new cycle of files: {string.Join(", ", cycle.Keys.Order(StringComparer.Ordinal))}");
            }
        }

        foreach (string name in known.SelectMany(static set => set).Where(name => !found.Any(cycle => cycle.ContainsKey(name))))
        {
            yield return new Violation($"{nameof(CycleRules)}.cs", 1, $"'{name}' is in no cycle any more: take it from the list");
        }
    }

    private static string NameOf(SourceFile file) => file.FileName[..^".cs".Length];

    /// <summary>Strongly connected components, by Tarjan.</summary>
    private sealed class Search(FileUses uses)
    {
        private readonly Dictionary<SourceFile, (int Index, int Low)> _seen = [];
        private readonly Stack<SourceFile> _open = new();
        private readonly List<IReadOnlyList<SourceFile>> _found = [];

        public List<IReadOnlyList<SourceFile>> Run()
        {
            foreach (SourceFile file in uses.Files.Where(file => !_seen.ContainsKey(file)))
            {
                Visit(file);
            }

            return _found;
        }

        private int Visit(SourceFile file)
        {
            int index = _seen.Count;
            int low = index;
            _seen[file] = (index, low);
            _open.Push(file);
            foreach (SourceFile used in uses.Uses[file].Keys)
            {
                if (!_seen.TryGetValue(used, out (int Index, int Low) known))
                {
                    low = Math.Min(low, Visit(used));
                }
                else if (_open.Contains(used))
                {
                    low = Math.Min(low, known.Index);
                }
            }

            if (low == index)
            {
                var component = new List<SourceFile>();
                SourceFile last;
                do
                {
                    last = _open.Pop();
                    component.Add(last);
                }
                while (last != file);

                _found.Add(component);
            }

            return low;
        }
    }
}
