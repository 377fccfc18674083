using System.Globalization;

namespace RedisProxy.ProcessTests.Fuzz.Strangers;

/// <summary>Makes plans from random numbers: the same for the same numbers.</summary>
internal static class StrangerPlans
{
    private const int Largest = 72 * 1024;

    // Of a stream, so many bytes go one by one; the rest would only take time.
    private const int SingleBytes = 700;

    /// <param name="random">Decides everything.</param>
    /// <param name="round">Of all that are made from these numbers: it says other words than in an earlier one.</param>
    public static StrangerPlan Make(Random random, int round)
    {
        int kind = random.Next(10);
        var owner = new Owner(random, string.Create(CultureInfo.InvariantCulture, $"{round}."));
        return kind switch
        {
            < 3 => Hostile(random, owner, kind),
            3 => Leaving(random, owner),
            _ => Honest(random, owner),
        };
    }

    /// <summary>It asks, and takes what it gets.</summary>
    private static StrangerPlan Honest(Random random, Owner owner)
    {
        StrangerStream stream = Fill(random, owner, random.Next(1, 150), random.Next(3) == 0 ? 4 : 0);
        bool halfCloses = random.Next(3) == 0 && !stream.Waits;
        if (!halfCloses)
        {
            stream.Ask(Words.Ok, "QUIT");
        }

        return Finish(stream, random) with { HalfCloses = halfCloses };
    }

    /// <summary>It goes away while replies are owed, or within a request.</summary>
    private static StrangerPlan Leaving(Random random, Owner owner)
    {
        StrangerStream stream = Fill(random, owner, random.Next(5, 150), random.Next(3) == 0 ? 10 : 0);
        int cutAt = random.Next(1, stream.Length);
        int possible = stream.Ends.Count(end => end <= cutAt);
        return Finish(stream, random) with
        {
            CutAt = cutAt,
            RepliesBeforeCut = random.Next(3) == 0 ? possible : random.Next(possible + 1),
            Resets = random.Next(2) == 0,
            End = StrangerEnd.Anything,
        };
    }

    /// <summary>It asks as others do, and then tries to confuse.</summary>
    private static StrangerPlan Hostile(Random random, Owner owner, int kind)
    {
        StrangerStream stream = Fill(random, owner, random.Next(30), random.Next(4) == 0 ? 10 : 0);
        switch (kind)
        {
            case 0:
                HostileTails.AddGarbled(stream);
                break;
            case 1 when random.Next(3) == 0:
                HostileTails.AddUnfinished(stream);
                break;
            default:
                HostileTails.AddRefused(stream);
                return Finish(stream, random) with { End = StrangerEnd.Refusal };
        }

        return Finish(stream, random) with { End = StrangerEnd.Anything, Resets = random.Next(2) == 0 };
    }

    private static StrangerStream Fill(Random random, Owner owner, int asks, int detoursInTen)
    {
        var stream = new StrangerStream(random, owner);
        bool pauses = random.Next(3) == 0;
        for (int i = 0; i < asks; i++)
        {
            int choice = random.Next(30);
            if (choice < detoursInTen)
            {
                Detours.Add(stream);
            }
            else if (choice == 28)
            {
                OddRequests.Add(stream);
            }
            else if (choice == 29)
            {
                AddTransaction(stream, pauses);
            }
            else
            {
                OwnRequests.Add(stream, Largest);
            }

            if (pauses && random.Next(8) == 0)
            {
                stream.Await();
            }
        }

        return stream;
    }

    private static void AddTransaction(StrangerStream stream, bool pauses)
    {
        Random random = stream.Random;
        stream.Begin();
        for (int i = random.Next(6); i > 0; i--)
        {
            if (pauses && random.Next(3) == 0)
            {
                stream.Await();
            }

            OwnRequests.Add(stream, Largest / 8);
        }

        if (random.Next(5) == 0)
        {
            stream.Discard();
        }
        else
        {
            stream.Execute();
        }
    }

    private static StrangerPlan Finish(StrangerStream stream, Random random) => new()
    {
        Owner = stream.Owner,
        Bytes = stream.ToBytes(),
        Expected = stream.Expected,
        Ends = stream.Ends,
        Pauses = stream.Pauses,
        Pieces = PiecesOf(stream.Length, random),
        ReadsAfter = TimeSpan.FromMilliseconds(random.Next(12) == 0 ? random.Next(5, 80) : 0),
        ReadBytes = random.Next(6) == 0 ? random.Next(1, 400) : 64 * 1024,
    };

    private static List<int> PiecesOf(int length, Random random)
    {
        int kind = random.Next(6);
        if (kind == 0)
        {
            return [.. Enumerable.Repeat(1, SingleBytes), 64 * 1024];
        }

        int most = kind switch { 1 => 20, 2 => 300, 3 => 5000, _ => 0 };
        return most == 0
            ? [Math.Max(1, length)]
            : [.. Enumerable.Range(0, 100).Select(_ => random.Next(1, most)), 64 * 1024];
    }
}
