using System.Runtime.InteropServices;

namespace Kvmscope.Server.Metrics;

/// <summary>
/// Which reasons of a VM have series of their own: a bounded number, each for good. All others are together at <see cref="Other"/>. In an
/// interval those with the largest share of time or number come first; the last third of the places is only for those that have a share
/// worth mentioning, so that what happens once does not take them.
/// </summary>
/// <param name="most">How many places there are.</param>
internal sealed class ReasonPlaces<TReason>(int most)
    where TReason : struct, IEquatable<TReason>
{
    /// <summary>The place of reasons without their own.</summary>
    internal const int Other = 0;

    /// <summary>Not known until <see cref="Settle"/>.</summary>
    internal const int Undecided = -1;

    private const double WorthAPlace = 0.01;

    private readonly Dictionary<TReason, int> _places = [];
    private readonly Dictionary<TReason, (ulong Number, ulong Ns)> _candidates = [];
    private readonly int _open = most - (most / 3);
    private ulong _number, _ns;

    /// <summary>How many places are taken, with <see cref="Other"/>.</summary>
    internal int Count => _places.Count + 1;

    /// <summary>Counts for the decision, and gives the place.</summary>
    /// <param name="reason">The reason.</param>
    /// <param name="number">How many there were in this interval.</param>
    /// <param name="ns">How long they took; 0 where that does not matter.</param>
    internal int Find(TReason reason, ulong number, ulong ns)
    {
        _number = Series.Sum(_number, number);
        _ns = Series.Sum(_ns, ns);
        if (_places.TryGetValue(reason, out int place)) return place;
        if (_places.Count >= most) return Other;
        ref (ulong Number, ulong Ns) candidate = ref CollectionsMarshal.GetValueRefOrAddDefault(_candidates, reason, out _);
        candidate = (Series.Sum(candidate.Number, number), Series.Sum(candidate.Ns, ns));
        return Undecided;
    }

    /// <summary>The place after the interval was decided.</summary>
    internal int PlaceOf(TReason reason) => _places.GetValueOrDefault(reason, Other);

    /// <summary>Gives places to the reasons of the interval, and forgets what was counted for that.</summary>
    internal void Settle()
    {
        if (_candidates.Count > 0)
        {
            foreach ((TReason reason, double share) in _candidates.Select(c => (c.Key, Share: ShareOf(c.Value)))
                .OrderByDescending(c => c.Share))
            {
                if (_places.Count >= most || (_places.Count >= _open && share < WorthAPlace)) break;
                _places.Add(reason, _places.Count + 1);
            }
            _candidates.Clear();
        }
        _number = _ns = 0;
    }

    private double ShareOf((ulong Number, ulong Ns) of) =>
        Math.Max(_number == 0 ? 0 : (double)of.Number / _number, _ns == 0 ? 0 : (double)of.Ns / _ns);
}
