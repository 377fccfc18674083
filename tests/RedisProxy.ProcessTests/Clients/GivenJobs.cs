using System.Globalization;

namespace RedisProxy.ProcessTests.Clients;

/// <summary>What the program that gave jobs was told of each: it was taken, or an error.</summary>
internal sealed record GivenJobs(List<int> Acknowledged, List<int> Unknown)
{
    /// <summary>A line of that program.</summary>
    public void Note(string line)
    {
        string[] words = line.Split([' ', ':'], 3);
        if (words[0] is "given" or "unknown")
        {
            (words[0] == "given" ? Acknowledged : Unknown).Add(int.Parse(words[1], CultureInfo.InvariantCulture));
        }
    }
}
