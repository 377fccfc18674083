namespace RedisProxy.CommandLine;

/// <summary>The longer texts that people read in a terminal.</summary>
internal static class HelpTexts
{
    public const string Proxy =
        "One stable Redis endpoint in front of a Sentinel deployment. Without a command, runs the proxy.";

    public const string Check =
        "Checks the configuration, asks every Sentinel for the masters, and prints what they say. Changes nothing, listens nowhere.";

    public const string ProxyExamples = """
        Examples:
          RedisProxy --config /etc/redisproxy/proxy.json
              Everything from a file; proxy.json in the repository is one to start from.

          RedisProxy --listen 6380 --sentinel h1:26379,h2:26379,h3:26379 --master mymaster
              Without a file. Applications on this machine connect to localhost:6380.

          RedisProxy --listen 0.0.0.0:6380 --sentinel h1:26379 --master mymaster
              The same for other machines, too: 0.0.0.0 is every IPv4 address of this one, [::] every address.

          RedisProxy --listen 6380 --backend 127.0.0.1:6379
              In front of one server, without Sentinel.

          RedisProxy check --config /etc/redisproxy/proxy.json
              Is the configuration good, and who is the master now?

        Configuration:
          Every key of the file can be set in the environment: REDISPROXY_hold__timeout=2s is "hold": { "timeout": "2s" },
          and REDISPROXY_sentinel__endpoints__0=h1:26379 is the first of a list. Options win over the environment, and that
          over the file. --sentinel replaces the whole list.

        Exit codes:
          0  stopped when asked to, or the check found nothing wrong
          1  could not serve
          2  bad configuration or usage
        """;

    public const string CheckExamples = """
        Examples:
          RedisProxy check --config /etc/redisproxy/proxy.json
          RedisProxy check --listen 6380 --sentinel h1:26379,h2:26379 --master mymaster

        Exit codes:
          0  the configuration is good and every master could be served
          1  some master could not
          2  bad configuration or usage
        """;

    public const string NothingConfigured = """
        RedisProxy: nothing is configured. There are two ways:

        1. On the command line:

             RedisProxy --listen 6380 --sentinel h1:26379,h2:26379,h3:26379 --master mymaster

        2. In a file, proxy.json in this directory or with --config FILE:

             { "listeners": [ { "bind": "127.0.0.1:6380", "master": "mymaster" } ],
               "sentinel": { "endpoints": [ "h1:26379", "h2:26379", "h3:26379" ] } }

        RedisProxy --help says more.
        """;
}
