namespace RedisProxy.Resp;

/// <summary>
/// A count or length read byte by byte, with the rules of redis's string2ll: no sign but a minus, no leading zero, no blank, not empty.
/// Stricter in one point: <see cref="RespLimits.MaxLengthDigits"/>.
/// </summary>
internal struct LengthField
{
    private byte _digits;

    public long Value { readonly get; private set; }

    public bool IsNegative { readonly get; private set; }

    /// <summary>Nothing has been read yet, not even a sign.</summary>
    public readonly bool IsEmpty => _digits == 0 && !IsNegative;

    /// <summary>It may end here.</summary>
    public readonly bool IsNumber => _digits > 0;

    /// <summary>False: the byte is not allowed here.</summary>
    public bool TryTake(byte value)
    {
        if (value == '-' && IsEmpty)
        {
            IsNegative = true;
            return true;
        }

        bool leadingZero = Value == 0 && (_digits > 0 || (IsNegative && value == '0'));
        if (value is < (byte)'0' or > (byte)'9' || leadingZero || _digits == RespLimits.MaxLengthDigits)
        {
            return false;
        }

        Value = (Value * 10) + (value - '0');
        _digits++;
        return true;
    }
}
