namespace RedisProxy.Sessions;

/// <summary>A session cannot be adopted for lack of something that there may be in a moment: a place, a descriptor, an event.</summary>
internal sealed class NoRoomException(string what) : Exception(what)
{
    /// <exception cref="NoRoomException">It is lacking.</exception>
    public static void Unless(bool isThere, string what)
    {
        if (!isThere)
        {
            throw new NoRoomException(what);
        }
    }
}
