namespace RedisProxy.ProcessTests.Fuzz.Strangers;

/// <summary>Legal requests that hardly any client sends, and what is none but is allowed between them.</summary>
internal static class OddRequests
{
    private static readonly string[] Nothings = ["\r\n", "*0\r\n", "*-1\r\n", "\n", "   \r\n", "*-7\r\n", "*0\r\n*0\r\n\r\n"];

    public static void Add(StrangerStream stream)
    {
        string token = stream.Owner.Token();
        switch (stream.Random.Next(6))
        {
            case 0:
                stream.Say($"echo {token}\r\n");
                stream.Promise(Words.Bulk(token));
                break;
            case 1:
                stream.Say($"ECHO \"{token}\\r\\n\\x41 \"\n");
                stream.Promise(Words.Bulk(token + "\r\nA "));
                break;
            case 2:
                stream.Say($"  EcHo   '{token} x'  \r\n");
                stream.Promise(Words.Bulk(token + " x"));
                break;
            default:
                stream.Say(Nothings[stream.Random.Next(Nothings.Length)]);
                break;
        }
    }
}
