using System.Numerics;

namespace Kvmscope.Core.Rules;

/// <summary>A fraction of whole numbers, so that what is measured and what is typed compare exactly: 0.1 + 0.2 is 0.3 here.</summary>
internal readonly struct ExactNumber : IComparable<ExactNumber>
{
    private readonly BigInteger _numerator, _denominator;

    private ExactNumber(BigInteger numerator, BigInteger denominator)
    {
        _numerator = numerator;
        _denominator = denominator;
    }

    /// <summary>A whole number.</summary>
    internal static ExactNumber Of(ulong number) => new(number, BigInteger.One);

    /// <summary>A decimal number, as it was typed.</summary>
    internal static ExactNumber Of(decimal number)
    {
        Span<int> bits = stackalloc int[4];
        decimal.GetBits(number, bits);
        var digits = new BigInteger(new decimal(bits[0], bits[1], bits[2], bits[3] < 0, 0));
        return new ExactNumber(digits, BigInteger.Pow(10, number.Scale));
    }

    /// <summary>This by another, which is not zero and not negative.</summary>
    internal ExactNumber Over(ExactNumber other) => new(_numerator * other._denominator, _denominator * other._numerator);

    /// <summary>This times another.</summary>
    internal ExactNumber Times(ExactNumber other) => new(_numerator * other._numerator, _denominator * other._denominator);

    /// <inheritdoc/>
    public int CompareTo(ExactNumber other) => (_numerator * other._denominator).CompareTo(other._numerator * _denominator);

    /// <summary>The nearest of its kind; for text and machines, never to compare.</summary>
    internal double ToDouble() => (double)_numerator / (double)_denominator;
}
