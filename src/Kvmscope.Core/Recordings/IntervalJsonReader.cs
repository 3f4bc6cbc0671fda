using System.Text.Json;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output;
using Kvmscope.Core.Output.Json;

namespace Kvmscope.Core.Recordings;

/// <summary>
/// Reads what <see cref="IntervalJsonWriter"/> wrote, in any order of members; unknown members are skipped. Rows come one by one in one
/// reused object, as a long recording has millions.
/// </summary>
/// <param name="zone">The recording host's offset from UTC, for times.</param>
/// <param name="take">Takes each row; the object is reused after it returns.</param>
/// <param name="numbers">Numbers VMs over several recordings; null for the recording's own numbers.</param>
/// <param name="ofSlow">Whether slow exits are read, and no rows; else all except slow exits.</param>
internal sealed class IntervalJsonReader(HostZone zone, Action<Row> take, VmNumbers? numbers = null, bool ofSlow = false)
{
    private readonly Row _row = new(default);
    private readonly Dictionary<int, VmIdentity> _vms = [];
    private readonly List<VcpuTime> _times = [];
    private readonly List<VmmReturns> _returns = [];
    private readonly List<VcpuState> _states = [];
    private readonly List<SlowExit> _slow = [];
    private readonly List<MissingSource> _missing = [];
    private ListBudget _budget;

    /// <summary>Reads one line.</summary>
    /// <exception cref="JsonException">It is not valid.</exception>
    internal Interval Read(ReadOnlySpan<byte> line)
    {
        var json = new Utf8JsonReader(line);
        long first = 0, intervals = 1, fromNs = 0, toNs = 0, suspended = 0, restarted = 0;
        DateTimeOffset from = default, to = default;
        Accounting accounting = new();
        List<OpenExits> before = [], after = [];
        List<OpenAge>? ages = null;
        _vms.Clear();
        _times.Clear();
        _returns.Clear();
        _states.Clear();
        _slow.Clear();
        _missing.Clear();
        _budget = new ListBudget();
        JsonWalk.Expect(ref json, JsonTokenType.StartObject);
        while (JsonWalk.Member(ref json))
        {
            if (json.ValueTextEquals("interval"u8)) first = JsonWalk.Long(ref json);
            else if (json.ValueTextEquals("intervals"u8)) intervals = JsonWalk.Long(ref json);
            else if (json.ValueTextEquals("from"u8)) from = Time(ref json);
            else if (json.ValueTextEquals("to"u8)) to = Time(ref json);
            else if (json.ValueTextEquals("from_ns"u8)) fromNs = JsonWalk.Long(ref json);
            else if (json.ValueTextEquals("to_ns"u8)) toNs = JsonWalk.Long(ref json);
            else if (json.ValueTextEquals("suspended_ns"u8)) suspended = JsonWalk.Long(ref json);
            else if (json.ValueTextEquals("restarted_rows"u8)) restarted = JsonWalk.Long(ref json);
            else if (json.ValueTextEquals("vms"u8)) ReadVms(ref json);
            // What is not asked for takes no memory.
            else if (ofSlow != json.ValueTextEquals("slow"u8)) JsonWalk.Skip(ref json);
            else if (json.ValueTextEquals("trust"u8)) accounting = ReadAccounting(ref json);
            else if (json.ValueTextEquals("missing"u8)) ReadMissing(ref json);
            else if (json.ValueTextEquals("open_before"u8)) ReadOpen(ref json, before);
            else if (json.ValueTextEquals("open"u8)) ReadOpen(ref json, after);
            else if (json.ValueTextEquals("open_ages"u8)) ages = ReadAges(ref json);
            else if (json.ValueTextEquals("times"u8)) ReadTimes(ref json);
            else if (json.ValueTextEquals("returns"u8)) ReadReturns(ref json);
            else if (json.ValueTextEquals("vcpu_states"u8)) ReadStates(ref json);
            else if (json.ValueTextEquals("slow"u8)) ReadSlow(ref json);
            else if (!json.ValueTextEquals("rows"u8)) JsonWalk.Skip(ref json);
            else if (ReadRows(ref json, line[(int)json.BytesConsumed..])) break;
        }
        return new Interval
        {
            First = first,
            Intervals = checked((int)intervals),
            From = from,
            To = to,
            FromNs = fromNs,
            ToNs = toNs,
            SuspendedNs = suspended,
            Accounting = accounting,
            OpenBefore = before,
            OpenAfter = after,
            OpenAges = ages,
            RestartedRows = checked((int)restarted),
            Vms = [.. _vms.Values],
            TimeChanges = [.. _times],
            // One that is shorter than it seemed is of a vCPU that ended earlier.
            Vcpus = [.. _times.Where(time => (long)time.WallNs > 0).Select(time => time.Key)],
            Returns = [.. _returns],
            VcpuStates = [.. _states],
            Slow = [.. _slow],
            Missing = [.. _missing],
        };
    }

    private void ReadVms(ref Utf8JsonReader json)
    {
        JsonWalk.Expect(ref json, JsonTokenType.StartArray);
        while (JsonWalk.Element(ref json))
        {
            int id = 0, pid = 0;
            string name = "";
            VmLabels labels = VmLabels.None;
            while (JsonWalk.Member(ref json))
            {
                if (json.ValueTextEquals("vm_id"u8)) id = JsonWalk.Int(ref json);
                else if (json.ValueTextEquals("vm_pid"u8)) pid = JsonWalk.Int(ref json);
                else if (json.ValueTextEquals("vm"u8)) name = JsonWalk.Text(ref json);
                else if (!LabelsReader.Read(ref json, ref labels)) JsonWalk.Skip(ref json);
            }
            VmIdentity vm = new(id, pid, name) { Labels = labels };
            _budget.Take(RecordingLimits.WeightOf(name));
            _vms[id] = numbers?.Know(vm) ?? vm;
        }
    }

    private static Accounting ReadAccounting(ref Utf8JsonReader json)
    {
        Accounting accounting = new();
        JsonWalk.Expect(ref json, JsonTokenType.StartObject);
        while (JsonWalk.Member(ref json))
        {
            string name = json.GetString()!;
            ulong value = JsonWalk.Number(ref json);
            // Counters of later versions are skipped.
            if (Array.Find(Accounting.Fields, f => f.Name == name) is { } field) accounting = field.With(accounting, value);
        }
        return accounting;
    }

    private void ReadMissing(ref Utf8JsonReader json)
    {
        JsonWalk.Expect(ref json, JsonTokenType.StartArray);
        while (JsonWalk.Element(ref json))
        {
            TimePart? part = null;
            string text = "";
            while (JsonWalk.Member(ref json))
            {
                if (json.ValueTextEquals("part"u8)) part = PartOf(JsonWalk.Text(ref json));
                else if (json.ValueTextEquals("text"u8)) text = JsonWalk.Text(ref json);
                else JsonWalk.Skip(ref json);
            }
            _budget.Take(RecordingLimits.MissingWeight);
            _missing.Add(new MissingSource(part, text));
        }
    }

    private void ReadOpen(ref Utf8JsonReader json, List<OpenExits> open)
    {
        JsonWalk.Expect(ref json, JsonTokenType.StartArray);
        while (JsonWalk.Element(ref json))
        {
            var key = new KeyReader();
            ulong count = 0;
            while (JsonWalk.Member(ref json))
            {
                if (key.Read(ref json)) continue;
                if (json.ValueTextEquals("count"u8)) count = JsonWalk.Number(ref json);
                else JsonWalk.Skip(ref json);
            }
            _budget.Take();
            open.Add(new OpenExits((key.Key with { Vm = NumberOf(key.Vm) }).WithoutQualifier(), count));
        }
    }

    private List<OpenAge> ReadAges(ref Utf8JsonReader json)
    {
        List<OpenAge> ages = [];
        JsonWalk.Expect(ref json, JsonTokenType.StartArray);
        while (JsonWalk.Element(ref json))
        {
            var key = new KeyReader();
            ulong count = 1, ns = 0;
            bool isAtLeast = false;
            while (JsonWalk.Member(ref json))
            {
                if (key.Read(ref json)) continue;
                if (json.ValueTextEquals("count"u8)) count = JsonWalk.Number(ref json);
                else if (json.ValueTextEquals("age_ns"u8)) ns = JsonWalk.Number(ref json);
                else if (json.ValueTextEquals("at_least"u8)) isAtLeast = JsonWalk.Bool(ref json);
                else JsonWalk.Skip(ref json);
            }
            _budget.Take();
            ages.Add(new OpenAge((key.Key with { Vm = NumberOf(key.Vm) }).WithoutQualifier(), count, ns, isAtLeast));
        }
        return ages;
    }

    private void ReadTimes(ref Utf8JsonReader json)
    {
        JsonWalk.Expect(ref json, JsonTokenType.StartArray);
        while (JsonWalk.Element(ref json))
        {
            var key = new KeyReader();
            ulong wall = 0;
            TimeParts parts = default;
            while (JsonWalk.Member(ref json))
            {
                if (key.Read(ref json)) continue;
                if (json.ValueTextEquals("wall_ns"u8)) wall = (ulong)JsonWalk.Long(ref json);
                else if (json.ValueTextEquals("parts_ns"u8)) parts = ReadParts(ref json);
                else JsonWalk.Skip(ref json);
            }
            _budget.Take();
            _times.Add(new VcpuTime(GroupKey.OfVcpu(NumberOf(key.Vm), key.Vcpu), wall, parts));
        }
    }

    private void ReadReturns(ref Utf8JsonReader json)
    {
        JsonWalk.Expect(ref json, JsonTokenType.StartArray);
        while (JsonWalk.Element(ref json))
        {
            var key = new KeyReader();
            int raw = 0;
            var sum = new Tally();
            while (JsonWalk.Member(ref json))
            {
                if (key.Read(ref json)) continue;
                if (json.ValueTextEquals("vmm_reason_raw"u8)) raw = JsonWalk.Int(ref json);
                else if (json.ValueTextEquals("count"u8)) sum.Count = JsonWalk.Number(ref json);
                else if (json.ValueTextEquals("timed"u8)) sum.Timed = JsonWalk.Number(ref json);
                else if (json.ValueTextEquals("total_ns"u8)) sum.TotalNs = JsonWalk.Number(ref json);
                else if (json.ValueTextEquals("max_ns"u8)) sum.MaxNs = JsonWalk.Number(ref json);
                else if (json.ValueTextEquals("hist"u8)) ReadBins(ref json, sum.Bins);
                else JsonWalk.Skip(ref json);
            }
            var returns = new VmmReturns(new ReturnKey(NumberOf(key.Vm), key.Vcpu, new VmmReason(raw)));
            returns.Add(sum);
            _budget.Take();
            _returns.Add(returns);
        }
    }

    private void ReadStates(ref Utf8JsonReader json)
    {
        JsonWalk.Expect(ref json, JsonTokenType.StartArray);
        while (JsonWalk.Element(ref json))
        {
            var key = new KeyReader();
            VcpuPlace place = VcpuPlace.Unknown;
            long since = 0;
            while (JsonWalk.Member(ref json))
            {
                if (key.Read(ref json)) continue;
                if (json.ValueTextEquals("place"u8)) place = PlaceOf(JsonWalk.Text(ref json));
                else if (json.ValueTextEquals("since_ns"u8)) since = JsonWalk.Long(ref json);
                else JsonWalk.Skip(ref json);
            }
            _budget.Take();
            _states.Add(new VcpuState(NumberOf(key.Vm), key.Vcpu, place, since));
        }
    }

    private static VcpuPlace PlaceOf(string name)
    {
        foreach (VcpuPlace place in Enum.GetValues<VcpuPlace>())
            if (MachineNames.Of(place) == name) return place;
        return VcpuPlace.Unknown;
    }

    private void ReadSlow(ref Utf8JsonReader json)
    {
        JsonWalk.Expect(ref json, JsonTokenType.StartArray);
        while (JsonWalk.Element(ref json))
        {
            _budget.Take(RecordingLimits.SlowWeight);
            _slow.Add(ReadSlowExit(ref json));
        }
    }

    private SlowExit ReadSlowExit(ref Utf8JsonReader json)
    {
        var key = new KeyReader();
        DateTimeOffset at = default;
        int tid = 0, cpu = 0, pid = 0;
        int? cpuAtExit = null;
        ulong duration = 0;
        TimeParts? parts = null;
        string? task = null;
        while (JsonWalk.Member(ref json))
        {
            if (key.Read(ref json)) continue;
            if (json.ValueTextEquals("time"u8)) at = Time(ref json);
            else if (json.ValueTextEquals("tid"u8)) tid = JsonWalk.Int(ref json);
            else if (json.ValueTextEquals("cpu"u8)) cpu = JsonWalk.Int(ref json);
            else if (json.ValueTextEquals("cpu_exit"u8)) cpuAtExit = JsonWalk.Int(ref json);
            else if (json.ValueTextEquals("duration_ns"u8)) duration = JsonWalk.Number(ref json);
            else if (json.ValueTextEquals("parts_ns"u8)) parts = ReadParts(ref json);
            else if (json.ValueTextEquals("ran_instead"u8)) task = JsonWalk.Text(ref json);
            else if (json.ValueTextEquals("ran_instead_pid"u8)) pid = JsonWalk.Int(ref json);
            else JsonWalk.Skip(ref json);
        }
        VmIdentity vm = _vms.GetValueOrDefault(key.Vm) ?? new VmIdentity(NumberOf(key.Vm), 0, "");
        return new SlowExit(at, vm, key.Vcpu, tid, cpu, key.Level, key.Code, duration)
        {
            Qualifier = key.Qualifier,
            Rip = key.Rip,
            CpuAtExit = cpuAtExit,
            Parts = parts,
            RanInstead = task is null ? null : new TaskIdentity(pid, task),
        };
    }

    // Whether the line ends with them, which is then read.
    private bool ReadRows(ref Utf8JsonReader json, ReadOnlySpan<byte> rest)
    {
        int taken = 0;
        var rows = new RowScanner(rest);
        if (rows.Begin())
        {
            for (_row.Clear(); rows.TryRead(_row); _row.Clear(), taken++) Take(_row.Key);
            if (rows.IsAtEnd) return true;
        }
        ReadAnyRows(ref json, taken);
        return false;
    }

    // Rows as they may be too; those that were taken are passed over.
    private void ReadAnyRows(ref Utf8JsonReader json, int taken)
    {
        JsonWalk.Expect(ref json, JsonTokenType.StartArray);
        for (int at = 0; JsonWalk.Element(ref json); at++)
        {
            _row.Clear();
            var key = new KeyReader();
            while (JsonWalk.Member(ref json))
            {
                if (key.Read(ref json)) continue;
                if (json.ValueTextEquals("count"u8)) _row.Count = JsonWalk.Number(ref json);
                else if (json.ValueTextEquals("timed"u8)) _row.Timed = JsonWalk.Number(ref json);
                else if (json.ValueTextEquals("final"u8)) _row.Final = JsonWalk.Number(ref json);
                else if (json.ValueTextEquals("total_ns"u8)) _row.TotalNs = JsonWalk.Number(ref json);
                else if (json.ValueTextEquals("max_ns"u8)) _row.MaxNs = JsonWalk.Number(ref json);
                else if (json.ValueTextEquals("hist"u8)) ReadBins(ref json, _row.Bins);
                else if (json.ValueTextEquals("parts_ns"u8)) _row.Parts = ReadParts(ref json);
                else if (json.ValueTextEquals("rounds"u8)) _row.Rounds = ReadRounds(ref json);
                else JsonWalk.Skip(ref json);
            }
            if (at >= taken) Take(key.Key);
        }
    }

    private void Take(GroupKey key)
    {
        _row.Key = numbers is null ? key : key with { Vm = NumberOf(key.Vm) };
        take(_row);
    }

    private static ReflectedRounds ReadRounds(ref Utf8JsonReader json)
    {
        var rounds = new ReflectedRounds();
        JsonWalk.Expect(ref json, JsonTokenType.StartObject);
        while (JsonWalk.Member(ref json))
        {
            if (json.ValueTextEquals("reflected"u8)) rounds.Reflected = JsonWalk.Number(ref json);
            else if (json.ValueTextEquals("ended"u8)) rounds.Timed = JsonWalk.Number(ref json);
            else if (json.ValueTextEquals("total_ns"u8)) rounds.TotalNs = JsonWalk.Number(ref json);
            else if (json.ValueTextEquals("handling_ns"u8)) rounds.HandlingNs = JsonWalk.Number(ref json);
            else if (json.ValueTextEquals("l1_exits"u8)) rounds.L1Exits = JsonWalk.Number(ref json);
            else if (json.ValueTextEquals("max_ns"u8)) rounds.MaxNs = JsonWalk.Number(ref json);
            else if (json.ValueTextEquals("hist"u8)) ReadBins(ref json, rounds.Bins);
            else JsonWalk.Skip(ref json);
        }
        return rounds;
    }

    private static void ReadBins(ref Utf8JsonReader json, Histogram bins)
    {
        JsonWalk.Expect(ref json, JsonTokenType.StartArray);
        while (JsonWalk.Next(ref json, JsonTokenType.StartArray))
        {
            ulong low = JsonWalk.Number(ref json), count = JsonWalk.Number(ref json);
            bins.Add(HistogramLayout.BinOf(low), count);
            JsonWalk.Expect(ref json, JsonTokenType.EndArray);
        }
    }

    private static TimeParts ReadParts(ref Utf8JsonReader json)
    {
        TimeParts parts = default;
        JsonWalk.Expect(ref json, JsonTokenType.StartObject);
        while (JsonWalk.Member(ref json))
        {
            TimePart? part = PartOf(json.GetString()!);
            long ns = JsonWalk.Long(ref json);
            if (part is { } known) parts[known] = (ulong)ns;
        }
        return parts;
    }

    private static TimePart? PartOf(string name)
    {
        foreach ((TimePart part, string known) in JsonParts.All)
            if (known == name) return part;
        return null;
    }

    private int NumberOf(int vm) => numbers?.Of(vm) ?? vm;

    private DateTimeOffset Time(ref Utf8JsonReader json) => zone.Show(JsonWalk.Time(ref json));
}
