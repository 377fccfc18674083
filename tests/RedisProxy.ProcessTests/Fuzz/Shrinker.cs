namespace RedisProxy.ProcessTests.Fuzz;

/// <summary>Leaves out of a plan what it needs not to fail, chunk by chunk.</summary>
internal static class Shrinker
{
    /// <param name="plan">Has failed.</param>
    /// <param name="fails">Does this one, in one of a few tries?</param>
    /// <param name="budget">So many plans are tried at most.</param>
    public static async Task<FuzzPlan> ShrinkAsync(FuzzPlan plan, Func<FuzzPlan, Task<bool>> fails, int budget)
    {
        for (int chunk = Math.Max(1, plan.Steps.Count / 2); chunk > 0 && budget > 0; chunk /= 2)
        {
            for (int at = 0; at < plan.Steps.Count && budget > 0;)
            {
                FuzzPlan shorter = plan with { Steps = [.. plan.Steps.Take(at), .. plan.Steps.Skip(at + chunk)] };
                budget--;
                if (MeansTheSame(shorter) && await fails(shorter))
                {
                    plan = shorter;
                }
                else
                {
                    at += chunk;
                }
            }
        }

        foreach (FuzzPlan simpler in new[] { plan with { ChopBytes = 0 }, plan with { HasStorm = false } })
        {
            plan = simpler != plan && await fails(simpler) ? simpler : plan;
        }

        return plan;
    }

    // A client that has gone is only of interest while its requests are held.
    private static bool MeansTheSame(FuzzPlan plan) =>
        plan.Requests.Count > 0 && (plan.Theme != FuzzTheme.Gone || plan.Steps[0].Request is null);
}
