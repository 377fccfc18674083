using RedisProxy.EventLoops;

namespace RedisProxy.Tests.EventLoops;

public sealed class SystemLimitsTests
{
    [LinuxFact]
    public void CountOpenFiles_IsWhatCountingTheEntriesSays()
    {
        // Beside this test, others open and close some; that many are told apart from them.
        const int Opened = 2000;
        const int Others = 900;
        long before = SystemLimits.CountOpenFiles()!.Value;
        long entriesBefore = SystemLimits.CountEntries();
        FileStream[] files = [.. Enumerable.Range(0, Opened).Select(static _ => File.OpenRead("/dev/null"))];
        try
        {
            Assert.InRange(SystemLimits.CountOpenFiles()!.Value - before, Opened - Others, Opened + Others);
            Assert.InRange(SystemLimits.CountEntries() - entriesBefore, Opened - Others, Opened + Others);
        }
        finally
        {
            Array.ForEach(files, file => file.Dispose());
        }
    }
}
