namespace RedisProxy.Tests.House;

/// <summary>
/// Folders are rooms. A room uses only what is on a floor below its own; those of one floor that know each other are named together.
/// </summary>
internal static class RoomRules
{
    public const int MaxFiles = 15;

    /// <summary>From the ground up.</summary>
    public static readonly string[][] Floors =
    [
        ["Configuration/Values", "Configuration/Files"],
        ["Configuration/Options"],
        ["Configuration/Sources"],
        ["Configuration/Keys"],
        ["Configuration/Reading"],
        ["Configuration/Reload"],
        ["Configuration/Effective"],
        ["Resp"],
        ["Actors"],
        ["Transport"],
        ["Servers"],
        ["EventLoops", "EventLoops/Linux", "EventLoops/Pipelines", "EventLoops/Platform", "EventLoops/Tls"],
        ["Topology/Views"],
        [
            "Sessions", "Sessions/Admission", "Sessions/Durability", "Sessions/Handoffs", "Sessions/Insight", "Sessions/Links",
            "Sessions/Recovery", "Sessions/Replies", "Sessions/Requests", "Sessions/Sharing", "Sessions/State", "Sessions/TakeOver",
        ],
        ["Topology/Sentinels"],
        ["Topology/Promotions"],
        ["Topology/Master"],
        ["Topology/Replicas"],
        ["Topology"],
        ["Roles"],
        ["Audit"],
        ["SentinelFacade", "SentinelFacade/Commands"],
        ["Notify"],
        ["DataPlane", "DataPlane/Outages", "DataPlane/TakeOver"],
        ["Failover"],
        ["Admin/Audit"],
        ["Admin", "Admin/Insight", "Admin/Metrics", "Admin/Otlp", "Admin/Status", "Admin/Verbs"],
        ["Hosting", "Hosting/Systemd"],
        ["CommandLine", "CommandLine/Help"],
    ];

    /// <summary>Larger than others: the number of their files may only shrink.</summary>
    public static readonly Dictionary<string, int> LargeRooms = new()
    {
        ["Audit"] = 16,
        ["EventLoops"] = 18,
        ["Notify"] = 19,
        ["Resp"] = 18,
        ["SentinelFacade"] = 16,
        ["Sessions"] = 16,
        ["Sessions/State"] = 16,
        ["Topology/Master"] = 17,
        ["Topology/Sentinels"] = 17,
    };

    public static IEnumerable<Violation> CheckDirections(FileUses uses, string[][] floors)
    {
        Dictionary<string, int> floorOf = floors.SelectMany((rooms, floor) => rooms.Select(room => (room, floor)))
            .ToDictionary(static pair => pair.room, static pair => pair.floor);
        foreach (SourceFile file in uses.Files.Where(static file => file.Room.Length > 0))
        {
            if (!floorOf.TryGetValue(file.Room, out int floor))
            {
                yield return new Violation(file.Path, 1, $"room '{file.Room}' is on no floor");
                continue;
            }

            foreach ((SourceFile used, int position) in uses.Uses[file])
            {
                if (used.Room != file.Room && floorOf.GetValueOrDefault(used.Room, int.MaxValue) > floor)
                {
                    yield return file.Violates($"{file.Room} must not use {used.Room} ({used.FileName})", position);
                }
            }
        }
    }

    public static IEnumerable<Violation> CheckSizes(IEnumerable<SourceFile> files, IReadOnlyDictionary<string, int> large)
    {
        foreach (IGrouping<string, SourceFile> room in files.GroupBy(static file => file.Room))
        {
            int max = large.GetValueOrDefault(room.Key, MaxFiles);
            if (room.Count() > max)
            {
                yield return new Violation(room.Key, 1, $"a room has at most {max} files, not {room.Count()}");
            }
            else if (max > MaxFiles && room.Count() < max)
            {
                yield return new Violation(room.Key, 1, $"this room has {room.Count()} files only: its exception of {max} may shrink");
            }
        }
    }
}
