namespace RedisProxy.Tests.Simulation;

/// <summary>When the simulated control plane asks next: the rules of the product's PollPacer, on virtual time and without tasks.</summary>
internal sealed class SimulatedPace(World world, Action round)
{
    private const long MinSpacingUs = 50_000;
    private const long MinUrgentSpacingUs = 5_000;

    private long _beganUs;
    private long _dueUs;
    private long _wantedSpacingUs = long.MaxValue;
    private int _alarm;
    private bool _isBusy;
    private bool _isStopped;

    public void Begin()
    {
        if (!_isStopped)
        {
            _alarm++;
            _beganUs = world.NowUs;
            _isBusy = true;
            _wantedSpacingUs = long.MaxValue;
            round();
        }
    }

    public void Stop() => _isStopped = true;

    public void Kick(bool isUrgent = false)
    {
        long spacingUs = isUrgent ? MinUrgentSpacingUs : MinSpacingUs;
        if (_isBusy)
        {
            _wantedSpacingUs = Math.Min(_wantedSpacingUs, spacingUs);
        }
        else if (_beganUs + spacingUs < _dueUs)
        {
            Arm(_beganUs + spacingUs);
        }
    }

    /// <summary>The round is over; the next begins so long after its beginning, unless somebody kicks.</summary>
    public void End(long intervalUs)
    {
        _isBusy = false;
        Arm(_beganUs + Math.Max(MinUrgentSpacingUs, Math.Min(intervalUs, _wantedSpacingUs)));
    }

    private void Arm(long dueUs)
    {
        _dueUs = Math.Max(world.NowUs, dueUs);
        int alarm = ++_alarm;
        world.At(_dueUs, () =>
        {
            if (alarm == _alarm)
            {
                Begin();
            }
        });
    }
}
