namespace Kvmscope.Core.Analysis.Comparisons;

/// <summary>Both sides' values in one order: each value's rank, doubled so that the middle of equal ones is a whole number.</summary>
internal sealed class Ranks
{
    internal Ranks(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        int count = a.Length + b.Length;
        var values = new double[count];
        a.CopyTo(values);
        b.CopyTo(values.AsSpan(a.Length));
        var places = new int[count];
        for (int i = 0; i < count; i++) places[i] = i;
        Array.Sort(values, places);

        var doubled = new int[count];
        int most = 0;
        for (int begin = 0, end; begin < count; begin = end)
        {
            for (end = begin + 1; end < count && values[end] == values[begin];) end++;
            for (int i = begin; i < end; i++) doubled[places[i]] = begin + end + 1;
            if (end - begin <= most) continue;
            most = end - begin;
            Common = begin + end + 1;
        }
        CommonCount = most;
        A = doubled[..a.Length];
        B = doubled[a.Length..];
    }

    /// <summary>The first side's doubled ranks, in the order of the samples.</summary>
    internal int[] A { get; }

    /// <summary>The second side's.</summary>
    internal int[] B { get; }

    /// <summary>The rank that most values have.</summary>
    internal int Common { get; }

    /// <summary>How many have it.</summary>
    internal int CommonCount { get; }

    /// <summary>All values together.</summary>
    internal int Count => A.Length + B.Length;

    /// <summary>How far the sum of A's doubled ranks is above what it would be if the sides were alike.</summary>
    internal double Excess
    {
        get
        {
            long sum = 0;
            foreach (int rank in A) sum += rank;
            return sum - ((double)A.Length * (Count + 1));
        }
    }
}
