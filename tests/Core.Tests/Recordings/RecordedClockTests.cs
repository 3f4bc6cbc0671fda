using CsCheck;
using Kvmscope.Core.Recordings;

namespace Kvmscope.Core.Tests.Recordings;

public sealed class RecordedClockTests
{
    private const long S = 1_000_000_000;

    // 2026-10-25T00:00:00Z: an hour before summer time ends in Central Europe.
    private static readonly DateTimeOffset s_start = new(2026, 10, 25, 0, 0, 0, TimeSpan.Zero);
    private static readonly TimeZoneInfo s_berlin = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");

    private static RecordedClock Clock(HostZone? zone, params (long Seconds, double WallSeconds)[] points) => new(
        RecordedClock.Stretches(points.Select(p => (p.Seconds * S, RecordedClock.WallNs(s_start.AddSeconds(p.WallSeconds))))),
        zone ?? new HostZone(TimeSpan.Zero, []));

    [Fact]
    public void A_clock_that_is_not_set_has_each_time_once()
    {
        RecordedClock clock = Clock(null, (0, 0), (10, 10), (20, 20));
        Assert.Equal([7 * S], clock.PlacesOf(s_start.AddSeconds(7)));
        Assert.Equal([0], clock.PlacesOf(s_start.AddSeconds(-5)));
        Assert.Equal([20 * S], clock.PlacesOf(s_start.AddSeconds(25)));
        Assert.Equal(s_start.AddSeconds(7), clock.At(7 * S));
    }

    [Fact]
    public void A_clock_that_was_set_back_has_times_twice()
    {
        // At 10 s it is set back by 5 s, within the second that follows.
        RecordedClock clock = Clock(null, (0, 0), (10, 10), (11, 6), (20, 15));
        Assert.Equal([7 * S, 12 * S], clock.PlacesOf(s_start.AddSeconds(7)));
        Assert.Equal([3 * S], clock.PlacesOf(s_start.AddSeconds(3)));
        Assert.Equal([17 * S], clock.PlacesOf(s_start.AddSeconds(12)));
        Assert.Equal([10 * S, 15 * S], clock.PlacesOf(s_start.AddSeconds(10)));
    }

    [Fact]
    public void A_time_that_was_passed_over_backwards_is_where_it_was()
    {
        RecordedClock clock = Clock(null, (0, 100), (10, 110), (11, 10), (20, 19));
        // It was never shown: it is before the begin, after the end, and where the clock was set.
        Assert.Equal([0, 11 * S, 20 * S], clock.PlacesOf(s_start.AddSeconds(50)));
        Assert.Equal([5 * S], clock.PlacesOf(s_start.AddSeconds(105)));
    }

    [Fact]
    public void A_clock_that_was_set_forward_has_the_times_between_where_it_was_set()
    {
        RecordedClock clock = Clock(null, (0, 0), (10, 10), (11, 111), (20, 120));
        Assert.InRange(Assert.Single(clock.PlacesOf(s_start.AddSeconds(60))), 10 * S, 11 * S);
        Assert.Equal([15 * S], clock.PlacesOf(s_start.AddSeconds(115)));
    }

    [Fact]
    public void What_is_shown_is_found_whatever_was_done_to_the_clock() =>
        Gen.Select(Gen.Int[1, 30], Gen.Int[-8, 8]).Array[1, 40].Sample(steps =>
        {
            var points = new List<(long, double)> { (0, 0) };
            foreach ((int seconds, int set) in steps)
            {
                (long at, double wall) = points[^1];
                // Set in one of four.
                points.Add((at + seconds, wall + seconds + (Math.Abs(set) > 6 ? set * 100 : 0)));
            }
            RecordedClock clock = Clock(null, [.. points]);
            return points.TrueForAll(p => clock.PlacesOf(s_start.AddSeconds(p.Item2)).Contains(p.Item1 * S))
                && clock.PlacesOf(clock.Begin).Contains(0) && clock.PlacesOf(clock.End).Contains(clock.EndNs);
        });

    [Fact]
    public void Small_differences_make_no_stretches_and_do_not_add_up()
    {
        (long, long)[] jitter = [.. Enumerable.Range(0, 1000).Select(i => (i * S, (i * S) + (i % 7 * 100_000)))];
        Assert.Single(RecordedClock.Stretches(jitter));
        (long, long)[] drift = [.. Enumerable.Range(0, 1000).Select(i => (i * S, (i * S) + (i * 100_000L)))];
        var clock = new RecordedClock(RecordedClock.Stretches(drift), new HostZone(TimeSpan.Zero, []));
        foreach ((long ns, long wall) in drift)
            Assert.InRange(Math.Abs(clock.PlacesOf(RecordedClock.OfWall(wall))[0] - ns), 0, 1_000_000);
    }

    [Fact]
    public void The_changes_of_a_zone_are_those_of_its_summer_time()
    {
        ZoneChange[] changes = [.. HostZone.ChangesOf(s_berlin, s_start)];
        Assert.Equal(
            [
                new(new DateTimeOffset(2026, 10, 25, 1, 0, 0, TimeSpan.Zero), TimeSpan.FromHours(1)),
                new(new DateTimeOffset(2027, 3, 28, 1, 0, 0, TimeSpan.Zero), TimeSpan.FromHours(2)),
                new(new DateTimeOffset(2027, 10, 31, 1, 0, 0, TimeSpan.Zero), TimeSpan.FromHours(1)),
                new(new DateTimeOffset(2028, 3, 26, 1, 0, 0, TimeSpan.Zero), TimeSpan.FromHours(2)),
                new(new DateTimeOffset(2028, 10, 29, 1, 0, 0, TimeSpan.Zero), TimeSpan.FromHours(1)),
            ], changes);
        Assert.Empty(HostZone.ChangesOf(TimeZoneInfo.Utc, s_start));
    }

    [Fact]
    public void When_summer_time_ends_an_hour_is_there_twice_and_when_it_begins_one_is_not()
    {
        var zone = new HostZone(TimeSpan.FromHours(2), HostZone.ChangesOf(s_berlin, s_start));
        Assert.Equal([s_start.AddMinutes(30), s_start.AddMinutes(90)], zone.Read(new DateTime(2026, 10, 25, 2, 30, 0)));
        Assert.Equal([s_start.AddMinutes(-1)], zone.Read(new DateTime(2026, 10, 25, 1, 59, 0)));
        Assert.Equal([s_start.AddHours(2)], zone.Read(new DateTime(2026, 10, 25, 3, 0, 0)));
        DateTimeOffset spring = new(2027, 3, 28, 1, 0, 0, TimeSpan.Zero);
        Assert.Equal([spring], zone.Read(new DateTime(2027, 3, 28, 2, 30, 0)));
        Assert.Equal([spring], zone.Read(new DateTime(2027, 3, 28, 3, 0, 0)));
        Assert.Equal([spring.AddMinutes(-1)], zone.Read(new DateTime(2027, 3, 28, 1, 59, 0)));
        Assert.Equal("03:30 +02:00", zone.Show(spring.AddMinutes(30)).ToString("HH:mm zzz"));
    }

    [Fact]
    public void Every_time_of_a_zone_is_read_as_it_is_shown() => Gen.Long[0, 3L * 365 * 86_400].Sample(seconds =>
    {
        var zone = new HostZone(TimeSpan.FromHours(2), HostZone.ChangesOf(s_berlin, s_start));
        DateTimeOffset shown = zone.Show(s_start.AddSeconds(seconds));
        return zone.Read(shown.DateTime).Contains(shown) && DateTimeOffset.Parse(Core.Output.Text.WallTime.Of(shown)) == shown;
    });

    [Fact]
    public void A_time_between_two_is_in_one_piece_unless_the_clock_was_set_back()
    {
        RecordedClock clock = Clock(null, (0, 0), (10, 10), (11, 6), (20, 15));
        IReadOnlyList<(long, long)> Between(double? from, double? to) => clock.PlacesBetween(
            from is { } f ? s_start.AddSeconds(f) : null, to is { } t ? s_start.AddSeconds(t) : null);
        Assert.Equal([(0, 20 * S)], Between(null, null));
        Assert.Equal([(7 * S, 10 * S), (12 * S, 20 * S)], Between(7, null));
        Assert.Equal([(0, 20 * S)], Between(-5, 100));
        Assert.Equal([(2 * S, 5 * S)], Between(2, 5));
        Assert.Equal([(0, 8 * S), (11 * S, 13 * S)], Between(null, 8));
        Assert.Equal([(16 * S, 20 * S)], Between(11, null));
        Assert.Empty(Between(30, 40));
        Assert.Equal((10 * S, 11 * S), clock.PlaceOfStep(s_start.AddSeconds(10), s_start.AddSeconds(6)));
        Assert.Null(clock.PlaceOfStep(s_start.AddSeconds(9), s_start.AddSeconds(6)));
    }

    [Fact]
    public void What_is_between_two_times_is_all_that_was_shown_between_them() =>
        Gen.Select(Gen.Select(Gen.Int[1, 30], Gen.Int[-8, 8]).Array[1, 20], Gen.Int[-100, 400], Gen.Int[1, 200]).Sample(
        (steps, from, length) =>
        {
            var points = new List<(long, double)> { (0, 0) };
            foreach ((int seconds, int set) in steps)
            {
                (long at, double wall) = points[^1];
                points.Add((at + seconds, wall + seconds));
                if (Math.Abs(set) > 6) points.Add((at + seconds + 1, wall + seconds + (set * 10)));
            }
            points.Add((points[^1].Item1 + 1, points[^1].Item2 + 1));
            RecordedClock clock = Clock(null, [.. points]);
            DateTimeOffset first = s_start.AddSeconds(from), last = first.AddSeconds(length);
            IReadOnlyList<(long From, long To)> pieces = clock.PlacesBetween(first, last);
            return points.TrueForAll(p =>
                {
                    DateTimeOffset shown = s_start.AddSeconds(p.Item2);
                    bool isIn = pieces.Any(piece => piece.From <= p.Item1 * S && p.Item1 * S <= piece.To);
                    return isIn == (shown >= first && shown <= last);
                })
                && pieces.All(piece => piece.From <= piece.To) && pieces.Zip(pieces.Skip(1)).All(two => two.First.To < two.Second.From);
        });

    [Fact]
    public void A_time_at_the_edge_of_a_step_has_the_step()
    {
        RecordedClock clock = Clock(null, (0, 0), (10, 10), (11, 6), (20, 15));
        IReadOnlyList<(long, long)> Between(double? from, double? to) => clock.PlacesBetween(
            from is { } f ? s_start.AddSeconds(f) : null, to is { } t ? s_start.AddSeconds(t) : null);
        Assert.Equal([(0, 0)], Between(null, 0));
        Assert.Equal([(20 * S, 20 * S)], Between(15, null));
        Assert.Equal([(6 * S, 20 * S)], Between(6, null));
        Assert.Equal([(0, 15 * S)], Between(null, 10));
    }

    // The step is 0.4 ms after a full second: times are typed as they were shown, to a millisecond.
    [Fact]
    public void A_step_is_found_by_times_that_are_near_it()
    {
        const long ms = 1_000_000, from = (10 * S) + (4 * ms / 10);
        var clock = new RecordedClock(
            RecordedClock.Stretches([(0, Wall(0)), (from, Wall(from)), (11 * S, Wall(6 * S)), (20 * S, Wall(15 * S))]),
            new HostZone(TimeSpan.Zero, []));
        (long, long)? Step(long first, long second) => clock.PlaceOfStep(
            RecordedClock.OfWall(Wall(first)), RecordedClock.OfWall(Wall(second)));
        Assert.Equal((from, 11 * S), Step(10 * S, 6 * S));
        Assert.Equal((from, 11 * S), Step(10 * S, (6 * S) + ms));
        Assert.Null(Step(10 * S, (6 * S) + ms + 100));
        Assert.Null(Step((10 * S) - ms, 6 * S));
        // Before and after all places of the other time.
        Assert.Null(Step(3 * S, 6 * S));
        Assert.Null(Step(15 * S, 6 * S));

        static long Wall(long ns) => RecordedClock.WallNs(s_start) + ns;
    }

    [Fact]
    public void A_time_was_shown_to_a_second()
    {
        RecordedClock clock = Clock(null, (0, 0), (10, 10));
        Assert.True(clock.Has(s_start.AddSeconds(-1)));
        Assert.False(clock.Has(s_start.AddSeconds(-1).AddTicks(-1)));
        Assert.True(clock.Has(s_start.AddSeconds(10)));
        Assert.False(clock.Has(s_start.AddSeconds(10).AddTicks(1)));
    }

    [Fact]
    public void Each_day_is_there_once_and_in_order()
    {
        const long day = 86_400;
        DateTime first = s_start.DateTime;
        Assert.Equal([first], Clock(null, (0, 0)).Days());
        Assert.Equal([first, first.AddDays(1)], Clock(null, (0, day - 1), (1, day)).Days());
        // Set back: over the midnight, and to a day before all others.
        Assert.Equal([first, first.AddDays(1)], Clock(null, (0, 0), (day + 1, day + 1), (day + 2, 10), (day + 12, 20)).Days());
        Assert.Equal([first, first.AddDays(2)], Clock(null, (0, 2 * day), (10, (2 * day) + 10), (11, 0), (20, 9)).Days());
    }

    [Fact]
    public void At_a_place_where_it_was_set_it_shows_what_it_showed_before()
    {
        RecordedClock clock = Clock(null, (5, 0), (15, 10), (16, 6), (25, 15));
        Assert.Equal((5 * S, 25 * S), (clock.BeginNs, clock.EndNs));
        foreach ((long second, double shown) in ((long, double)[])[(5, 0), (8, 3), (15, 10), (16, 6), (18, 8), (25, 15), (30, 15)])
            Assert.Equal(s_start.AddSeconds(shown), clock.At(second * S));
    }
}
