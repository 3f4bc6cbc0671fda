using System.Diagnostics;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Recordings;
using Kvmscope.Interchange.Perfetto;
using Kvmscope.Interchange.Perfetto.Protocol;
using Trace = Kvmscope.Interchange.Perfetto.Protocol.Trace;

namespace Kvmscope.Interchange.Tests;

/// <summary>What a trace of Perfetto holds, read by the classes of its messages and by protoc.</summary>
public sealed class PerfettoTests
{
    private const long Second = 1_000_000_000;

    private static readonly DateTimeOffset s_start = new(2026, 3, 1, 14, 5, 0, TimeSpan.Zero);
    private static readonly VmIdentity s_vm = new(0, 4242, "web\u001b-1");

    private static byte[] Bytes()
    {
        using var bytes = new MemoryStream();
        using var trace = new PerfettoTrace(bytes);
        trace.Begin(new RecordingHeader { Host = "web7", BootId = "b", Started = s_start, MonotonicNs = Second, BootNs = 3 * Second });
        trace.Add(At(1, 60, 2_000));
        // Nothing was recorded from 2 to 4.
        trace.Add(At(4, 50, 300_000));
        foreach (int i in new[] { 1, 2 })
        {
            TimeParts parts = default;
            parts[TimePart.Runq] = 20_000_000;
            var exit = new SlowExit(s_start, s_vm, 0, 4250, 3, ExitLevel.L1, new ExitCode(Isa.Vmx, 32), 25_000_000)
            {
                Qualifier = Qualifier.Of(0x6e0),
                Rip = 0xffffffff81000000,
                Parts = parts,
                RanInstead = new TaskIdentity(77, "backup"),
            };
            trace.Add(exit, (4 * Second) + (i * 100_000_000));
        }
        trace.End();
        return bytes.ToArray();
    }

    private static Interval At(long second, ulong count, ulong ns)
    {
        var row = new Row(new GroupKey(0, 0, new ExitCode(Isa.Vmx, 32), ExitLevel.L1))
        { Count = count, Timed = count, TotalNs = count * ns, MaxNs = ns };
        row.Bins.Add(HistogramLayout.BinOf(ns), count);
        TimeParts own = default;
        own[TimePart.Kvm] = count * ns;
        row.Parts = own;
        TimeParts rest = default;
        rest[TimePart.Guest] = (ulong)Second - (count * ns);
        return new Interval
        {
            From = s_start.AddSeconds(second - 1),
            To = s_start.AddSeconds(second),
            FromNs = second * Second,
            ToNs = (second + 1) * Second,
            Vms = [s_vm],
            Changes = [row],
            TimeChanges = [new VcpuTime(GroupKey.OfVcpu(0, 0), (ulong)Second, rest)],
            Vcpus = [GroupKey.OfVcpu(0, 0)],
            Missing = [new MissingSource(TimePart.Poll, "no polling")],
        };
    }

    [Fact]
    public void Counters_are_those_of_the_intervals()
    {
        Trace trace = Trace.Parser.ParseFrom(Bytes());
        Dictionary<ulong, TrackDescriptor> tracks =
            trace.Packet.Where(p => p.TrackDescriptor is not null).ToDictionary(p => p.TrackDescriptor.Uuid, p => p.TrackDescriptor);
        string PathOf(ulong uuid) =>
            tracks[uuid] is { HasParentUuid: true } own ? $"{PathOf(own.ParentUuid)}/{own.Name}" : tracks[uuid].Name;
        ILookup<string, (ulong Ns, double Value)> counters = trace.Packet.Where(p => p.TrackEvent?.Type == TrackEvent.Types.Type.Counter)
            .ToLookup(p => PathOf(p.TrackEvent.TrackUuid), p => (p.Timestamp, p.TrackEvent.DoubleCounterValue));
        foreach (string of in new[] { "VM web?-1 (4242)", "VM web?-1 (4242)/vCPU 0" })
        {
            Assert.Equal([(1_000_000_000, 60), (4_000_000_000, 50), (5_000_000_000, 50)], counters[of + "/exits/s"]);
            Assert.Equal([(1_000_000_000, 2_000), (4_000_000_000, 300_000), (5_000_000_000, 300_000)], counters[of + "/p99 of busy exits"]);
            Assert.Equal([(1_000_000_000, 0.012), (4_000_000_000, 1.5), (5_000_000_000, 1.5)], counters[of + "/kvm"]);
            Assert.Equal([(1_000_000_000, 99.988), (4_000_000_000, 98.5), (5_000_000_000, 98.5)], counters[of + "/guest"]);
            // What is not measured has no counter.
            Assert.Empty(counters[of + "/poll"]);
        }
        Assert.Equal("nothing was recorded", NameOf(trace, trace.Packet.First(p => p.Timestamp == 2_000_000_000)));
    }

    [Fact]
    public void Slow_exits_are_slices_with_arguments_and_names_are_there_once()
    {
        Trace trace = Trace.Parser.ParseFrom(Bytes());
        TracePacket[] begins =
            [.. trace.Packet.Where(p => p.TrackEvent is { Type: TrackEvent.Types.Type.SliceBegin, CategoryIids.Count: 1 })];
        Assert.Equal([4_075_000_000ul, 4_175_000_000ul], begins.Select(p => p.Timestamp));
        // The first is the end of what was not recorded.
        Assert.Equal([4_000_000_000ul, 4_100_000_000, 4_200_000_000],
            trace.Packet.Where(p => p.TrackEvent?.Type == TrackEvent.Types.Type.SliceEnd).Select(p => p.Timestamp));
        Assert.All(begins, begin => Assert.Equal("MSR_WRITE", NameOf(trace, begin)));
        InternedData[] data = [.. trace.Packet.Select(p => p.InternedData).Where(d => d is not null)];
        Dictionary<ulong, string> names = data.SelectMany(d => d.DebugAnnotationNames).ToDictionary(n => n.Iid, n => n.Name);
        Dictionary<ulong, string> values =
            data.SelectMany(d => d.DebugAnnotationStringValues).ToDictionary(v => v.Iid, v => v.Str.ToStringUtf8());
        Dictionary<string, DebugAnnotation> arguments = begins[1].TrackEvent.DebugAnnotations.ToDictionary(a => names[a.NameIid]);
        Assert.Equal("IA32_TSC_DEADLINE", values[arguments["qualifier"].StringValueIid]);
        Assert.Equal("backup", values[arguments["ran_instead"].StringValueIid]);
        Assert.Equal(0xffffffff81000000, arguments["rip"].PointerValue);
        Assert.Equal((20_000_000ul, 0ul, 3ul, 1ul), (arguments["runq_ns"].UintValue, arguments["kvm_ns"].UintValue,
            arguments["cpu_entry"].UintValue, arguments["level"].UintValue));
        // Only the first of two alike has them.
        Assert.NotNull(begins[0].InternedData);
        Assert.Null(begins[1].InternedData);
    }

    [Fact]
    public void Clocks_are_there_and_all_packets_are_of_one_sequence()
    {
        Trace trace = Trace.Parser.ParseFrom(Bytes());
        ClockSnapshot clocks = trace.Packet[0].ClockSnapshot;
        Assert.Equal([(3u, 1_000_000_000ul), (1u, 1_772_373_900_000_000_000), (6u, 3_000_000_000)],
            clocks.Clocks.Select(c => (c.ClockId, c.Timestamp)));
        Assert.Equal((uint)BuiltinClock.Monotonic, trace.Packet[0].TracePacketDefaults.TimestampClockId);
        Assert.All(trace.Packet, packet => Assert.Equal(1u, packet.TrustedPacketSequenceId));
        Assert.Equal([1u, .. Enumerable.Repeat(2u, trace.Packet.Count - 1)], trace.Packet.Select(p => p.SequenceFlags));
    }

    [Fact]
    public async Task Protoc_knows_all_fields()
    {
        string packages = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget/packages");
        string architecture = System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture
            == System.Runtime.InteropServices.Architecture.Arm64 ? "linux_arm64" : "linux_x64";
        string protoc = Directory.GetFiles(Path.Combine(packages, "grpc.tools"), "protoc", SearchOption.AllDirectories)
            .First(file => file.Contains(architecture, StringComparison.Ordinal));
        string folder = Path.Combine(AppContext.BaseDirectory, "Perfetto");
        string[] arguments = ["--decode", "perfetto.protos.Trace", "-I", folder, "perfetto.proto"];
        using Process process = Process.Start(new ProcessStartInfo(protoc, arguments)
        { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        await process.StandardInput.BaseStream.WriteAsync(Bytes());
        process.StandardInput.Close();
        string[] lines = (await output).Split('\n', StringSplitOptions.TrimEntries);
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
        Assert.DoesNotContain(lines, line => line.Length > 0 && char.IsAsciiDigit(line[0]));
        Assert.Contains("name: \"MSR_WRITE\"", lines);
    }

    private static string NameOf(Trace trace, TracePacket packet) =>
        trace.Packet.Where(p => p.InternedData is not null).SelectMany(p => p.InternedData.EventNames)
            .Single(name => name.Iid == packet.TrackEvent.NameIid).Name;
}
