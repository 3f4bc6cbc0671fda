using System.Text.Json;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output;
using Kvmscope.Core.Output.Json;

namespace Kvmscope.Core.Recordings;

/// <summary>
/// Writes an interval as a line of JSON. Names (<c>vm</c>, <c>reason</c>, <c>qualifier</c>) are for people who read a recording with other
/// tools; kvmscope itself reads the numbers. What is 0 or empty is left out.
/// </summary>
internal sealed class IntervalJsonWriter(Utf8JsonWriter json)
{
    /// <summary>A page or an instruction that found no room.</summary>
    internal const string Other = "other";

    private Dictionary<int, VmIdentity> _vms = [];

    internal void Write(Interval interval, MemberKind kind)
    {
        _vms = interval.Vms.ToDictionary(v => v.Ordinal);
        json.WriteStartObject();
        json.WriteString("kind", kind == MemberKind.Span ? "span" : "interval");
        json.WriteNumber("interval", interval.First);
        json.WriteNumber("intervals", interval.Intervals);
        json.WriteString("from", Rfc3339.Format(interval.From));
        json.WriteString("to", Rfc3339.Format(interval.To));
        json.WriteNumber("from_ns", interval.FromNs);
        json.WriteNumber("to_ns", interval.ToNs);
        Number("suspended_ns", (ulong)Math.Max(0, interval.SuspendedNs));
        WriteVms(interval.Vms);
        WriteAccounting(interval.Accounting);
        WriteOpen("open_before", interval.OpenBefore);
        WriteOpen("open", interval.OpenAfter);
        WriteAges(interval.OpenAges);
        Number("restarted_rows", (ulong)interval.RestartedRows);
        WriteMissing(interval.Missing);
        WriteTimes(interval.TimeChanges);
        WriteReturns(interval.Returns);
        WriteStates(interval.VcpuStates);
        WriteSlow(interval.Slow);
        json.WriteStartArray("rows");
        foreach (Row row in interval.Changes) WriteRow(row);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void WriteVms(IReadOnlyCollection<VmIdentity> vms)
    {
        json.WriteStartArray("vms");
        foreach (VmIdentity vm in vms)
        {
            json.WriteStartObject();
            json.WriteNumber("vm_id", vm.Ordinal);
            json.WriteString("vm", vm.Name);
            json.WriteNumber("vm_pid", vm.Pid);
            JsonLabels.Write(json, vm.Labels);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private void WriteAccounting(Accounting accounting)
    {
        json.WriteStartObject("trust");
        foreach (AccountingField field in Accounting.Fields) Number(field.Name, field.Of(accounting));
        json.WriteEndObject();
    }

    private void WriteMissing(IReadOnlyList<MissingSource> missing)
    {
        if (missing.Count == 0) return;
        json.WriteStartArray("missing");
        foreach (MissingSource source in missing)
        {
            json.WriteStartObject();
            if (source.Part is { } part) json.WriteString("part", PartName(part));
            json.WriteString("text", source.Text);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private void WriteOpen(string name, IReadOnlyList<OpenExits> open)
    {
        if (open.Count == 0) return;
        json.WriteStartArray(name);
        foreach (OpenExits exits in open)
        {
            json.WriteStartObject();
            WriteKey(exits.Key);
            json.WriteNumber("count", exits.Count);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    // Empty is not the same as left out, which means that it is not known.
    private void WriteAges(IReadOnlyList<OpenAge>? ages)
    {
        if (ages is null) return;
        json.WriteStartArray("open_ages");
        foreach (OpenAge open in ages)
        {
            json.WriteStartObject();
            WriteKey(open.Key);
            if (open.Count != 1) json.WriteNumber("count", open.Count);
            json.WriteNumber("age_ns", open.Ns);
            if (open.IsAtLeast) json.WriteBoolean("at_least", true);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private void WriteTimes(IReadOnlyCollection<VcpuTime> times)
    {
        if (times.Count == 0) return;
        json.WriteStartArray("times");
        foreach (VcpuTime time in times)
        {
            json.WriteStartObject();
            WriteVcpu(time.Key.Vm, time.Key.Vcpu);
            json.WriteNumber("wall_ns", (long)time.WallNs);
            WriteParts(time.Parts);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private void WriteReturns(IReadOnlyCollection<VmmReturns> all)
    {
        if (all.Count == 0) return;
        json.WriteStartArray("returns");
        foreach (VmmReturns returns in all)
        {
            json.WriteStartObject();
            WriteVcpu(returns.Key.Vm, returns.Key.Vcpu);
            JsonVmmReason.Write(json, returns.Key.Reason);
            json.WriteNumber("count", returns.Count);
            Number("timed", returns.Timed);
            Number("total_ns", returns.TotalNs);
            Number("max_ns", returns.MaxNs);
            WriteBins(returns);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private void WriteStates(IReadOnlyList<VcpuState> states)
    {
        if (states.Count == 0) return;
        json.WriteStartArray("vcpu_states");
        foreach (VcpuState state in states)
        {
            json.WriteStartObject();
            WriteVcpu(state.Vm, state.Vcpu);
            json.WriteString("place", MachineNames.Of(state.Place));
            Number("since_ns", (ulong)state.SinceNs);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private void WriteSlow(IReadOnlyList<SlowExit> slow)
    {
        if (slow.Count == 0) return;
        json.WriteStartArray("slow");
        foreach (SlowExit exit in slow)
        {
            json.WriteStartObject();
            json.WriteString("time", Rfc3339.Format(exit.At));
            WriteVcpu(exit.Vm.Ordinal, exit.Vcpu);
            json.WriteNumber("tid", exit.Tid);
            WriteCode(exit.Code, exit.Level, exit.Qualifier);
            json.WriteNumber("duration_ns", exit.DurationNs);
            if (exit.Rip is { } rip) json.WriteNumber("rip", rip);
            if (exit.CpuAtExit is { } cpu) json.WriteNumber("cpu_exit", cpu);
            json.WriteNumber("cpu", exit.Cpu);
            if (exit.Parts is { } parts) WriteParts(parts);
            if (exit.RanInstead is { } task)
            {
                json.WriteString("ran_instead", task.Name);
                json.WriteNumber("ran_instead_pid", task.Pid);
            }
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private void WriteRow(Row row)
    {
        json.WriteStartObject();
        WriteKey(row.Key);
        json.WriteNumber("count", row.Count);
        Number("timed", row.Timed);
        Number("final", row.Final);
        Number("total_ns", row.TotalNs);
        Number("max_ns", row.MaxNs);
        WriteBins(row);
        if (row.Parts is { } parts) WriteParts(parts);
        if (row.Rounds is { } rounds) WriteRounds(rounds);
        json.WriteEndObject();
    }

    private void WriteKey(GroupKey key)
    {
        WriteVcpu(key.Vm, key.Vcpu);
        WriteCode(key.Code, key.Level, key.Qualifier);
        if (key.Place is not { } place) return;
        WritePlace("page", place.Page);
        WritePlace("rip", place.Rip);
    }

    private void WritePlace(string name, Qualifier address)
    {
        if (address.State == QualifierState.Known) json.WriteNumber(name, address.Raw);
        else if (address.State == QualifierState.Other) json.WriteString(name, Other);
    }

    private void WriteVcpu(int vm, int vcpu)
    {
        if (vm >= 0)
        {
            json.WriteNumber("vm_id", vm);
            if (_vms.TryGetValue(vm, out VmIdentity? identity)) json.WriteString("vm", identity.Name);
        }
        if (vcpu >= 0) json.WriteNumber("vcpu", vcpu);
    }

    private void WriteCode(ExitCode code, ExitLevel level, Qualifier qualifier)
    {
        json.WriteString("isa", MachineNames.Of(code.Isa));
        json.WriteNumber("code", code.Code);
        json.WriteString("reason", ExitReasons.Name(code));
        json.WriteNumber("level", (int)level);
        if (qualifier.State == QualifierState.None) return;
        json.WriteString("qualifier", Qualifiers.Name(code, qualifier));
        if (qualifier.State == QualifierState.Known) json.WriteNumber("qualifier_raw", qualifier.Raw);
    }

    private void WriteRounds(ReflectedRounds rounds)
    {
        json.WriteStartObject("rounds");
        Number("reflected", rounds.Reflected);
        Number("ended", rounds.Timed);
        Number("total_ns", rounds.TotalNs);
        Number("handling_ns", rounds.HandlingNs);
        Number("l1_exits", rounds.L1Exits);
        Number("max_ns", rounds.MaxNs);
        WriteBins(rounds);
        json.WriteEndObject();
    }

    // Pairs of a bin's lower bound in ns and its count.
    private void WriteBins(Durations durations)
    {
        if (!durations.HasBins) return;
        ReadOnlySpan<ulong> counts = durations.Bins.Counts;
        json.WriteStartArray("hist");
        for (int i = 0; i < counts.Length; i++)
        {
            if (counts[i] == 0) continue;
            json.WriteStartArray();
            json.WriteNumberValue(HistogramLayout.LowNs(durations.Bins.Low + i));
            json.WriteNumberValue(counts[i]);
            json.WriteEndArray();
        }
        json.WriteEndArray();
    }

    private void WriteParts(in TimeParts parts)
    {
        json.WriteStartObject("parts_ns");
        foreach ((TimePart part, string name) in JsonParts.All)
            if (parts[part] != 0) json.WriteNumber(name, (long)parts[part]);
        json.WriteEndObject();
    }

    private void Number(string name, ulong value)
    {
        if (value != 0) json.WriteNumber(name, value);
    }

    private static string PartName(TimePart part) => JsonParts.All.First(p => p.Part == part).Name;
}
