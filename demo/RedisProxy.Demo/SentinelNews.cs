using RedisProxy.Testing;

namespace RedisProxy.Demo;

/// <summary>Describes what Sentinels publish, each event once although three Sentinels publish it.</summary>
internal sealed class SentinelNews(Narrator narrator)
{
    private readonly HashSet<string> _said = [];
    private readonly Lock _gate = new();
    private IReadOnlyList<RedisServer> _servers = [];

    /// <summary>So that servers have names; until then there is no news.</summary>
    public void Introduce(IReadOnlyList<RedisServer> servers) => Volatile.Write(ref _servers, servers);

    /// <summary>A new round begins, in which the same may happen again.</summary>
    public void Forget()
    {
        lock (_gate)
        {
            _said.Clear();
        }
    }

    public void OnEvent(SentinelEvent e)
    {
        if (Volatile.Read(ref _servers).Count == 0 || Say(e) is not { } text)
        {
            return;
        }

        lock (_gate)
        {
            if (_said.Add(text))
            {
                narrator.Event("Sentinel: " + text);
            }
        }
    }

    // Most events read: kind name ip port @ master ip port
    private string? Say(SentinelEvent e)
    {
        string[] words = e.Text.Split(' ');
        return e.Channel switch
        {
            "+sdown" when words[0] is "master" or "slave" => $"{Name(words, 3)} does not answer",
            "-sdown" when words[0] is "master" or "slave" => $"{Name(words, 3)} answers again",
            "+odown" => $"all agree that {Name(words, 3)} is down",
            "+elected-leader" => $"{e.Sentinel.Name} leads the failover",
            "+promoted-slave" => $"{Name(words, 3)} was promoted",
            "+switch-master" => $"the master is now {Name(words, 4)} (the first Sentinel says so)",
            "+convert-to-slave" => $"{Name(words, 3)} still calls itself a master and is demoted to a replica now",
            _ => null,
        };
    }

    private string Name(string[] words, int portAt) =>
        words.Length > portAt && Volatile.Read(ref _servers).FirstOrDefault(s => s.Port.ToString() == words[portAt]) is { } server
            ? server.Name
            : "a server";
}
