using System.Globalization;
using System.Runtime.InteropServices;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Sources;
using Kvmscope.Host.Contract;
using Kvmscope.Host.Interop;
using Kvmscope.Host.Tracing;
using Kvmscope.Lab.Tests.Suite;

using Stopwatch = System.Diagnostics.Stopwatch;

namespace Kvmscope.Host.Tests.Tracing;

/// <summary>Loads and attaches the programs on this kernel.</summary>
[Collection(KernelGroup.Name)]
public sealed class TraceSessionTests
{
    private static readonly TableSizes s_sizes = TableSizes.For(4, 2, 0);
    private static readonly HostView s_host = new(_ => VmDirectoryTests.Named("vm"), _ => true, _ => true, Isa.Svm);

    private static TraceSession Start(TraceOptions? options = null) => TraceSession.Start(options ?? new TraceOptions(), s_sizes, s_host);

    // The ids of the programs that this process has attached (fdinfo: kernel/bpf/syscall.c, bpf_link_show_fdinfo).
    private static HashSet<uint> Attached()
    {
        HashSet<uint> ids = [];
        foreach (string file in Directory.GetFiles("/proc/self/fdinfo"))
        {
            string[] lines;
            try
            {
                lines = File.ReadAllLines(file);
            }
            catch (IOException)
            {
                continue;
            }
            if (!lines.Any(l => l.StartsWith("link_id:", StringComparison.Ordinal))) continue;
            ids.UnionWith(lines.Where(l => l.StartsWith("prog_id:", StringComparison.Ordinal))
                .Select(l => uint.Parse(l.AsSpan(8).Trim(), CultureInfo.InvariantCulture)));
        }
        return ids;
    }

    private static bool IsLoaded(uint program)
    {
        int fd = BpfCalls.bpf_prog_get_fd_by_id(program);
        if (fd < 0)
        {
            Assert.Equal(Errno.ENOENT, Marshal.GetLastPInvokeError());
            return false;
        }
        BpfCalls.close(fd);
        return true;
    }

    private static void AssertGone(HashSet<uint> programs)
    {
        // The kernel frees programs some time after the last user has released them.
        long start = Stopwatch.GetTimestamp();
        while (programs.Any(IsLoaded))
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(30), "programs are loaded still");
            Thread.Yield();
        }
    }

    [KernelFact]
    public void Starts_reads_and_leaves_nothing_behind()
    {
        HashSet<uint> before = Attached(), own;
        using (TraceSession session = Start(new TraceOptions { SlowNs = 1 }))
        {
            own = [.. Attached().Except(before)];
            Assert.InRange(own.Count, 2, 3);
            Assert.All(own, id => Assert.True(IsLoaded(id)));
            Interval interval = session.Read(Grouping.Vcpu);
            Assert.Empty(interval.Rows);
            Assert.Equal(new Accounting(), interval.Accounting);
            Assert.InRange(DateTimeOffset.UtcNow - interval.To, TimeSpan.Zero, TimeSpan.FromMinutes(1));
            session.Sweep();
            Assert.Equal(0, session.ReadSlow(TimeSpan.Zero, _ => Assert.Fail("no guest runs")));
            Assert.True(session.Read(Grouping.Host).ToNs > interval.ToNs);
        }
        Assert.Empty(Attached().Intersect(own));
        AssertGone(own);
    }

    [KernelFact]
    public void Two_sessions_at_the_same_time_are_independent()
    {
        HashSet<uint> before = Attached();
        TraceSession first = Start();
        HashSet<uint> ofFirst = [.. Attached().Except(before)];
        using TraceSession second = Start();
        HashSet<uint> ofSecond = [.. Attached().Except(before).Except(ofFirst)];
        Assert.Equal(ofFirst.Count, ofSecond.Count);

        Count(first, 5);
        Assert.Equal(5UL, first.Read(Grouping.Host).Accounting.Exits);
        Assert.Empty(second.Read(Grouping.Host).Rows);
        first.Dispose();
        AssertGone(ofFirst);
        Assert.Equal(ofSecond, Attached().Intersect(ofSecond).ToHashSet());
        Count(second, 7);
        Assert.Equal(7UL, second.Read(Grouping.Host).Accounting.Exits);
    }

    private static unsafe void Count(TraceSession session, ulong exits)
    {
        ref kvmscope_slot slot = ref session.Tables.Slots[1];
        slot.tgid = (uint)Environment.ProcessId;
        slot.index[1] = kvmscope_open.KVMSCOPE_FIRST_CELL;
        ref kvmscope_cell cell = ref session.Tables.Cells[kvmscope_open.KVMSCOPE_FIRST_CELL];
        cell.isa = kvmscope_isa.KVMSCOPE_ISA_VMX;
        cell.level = 1;
        cell.begun = cell.ended = exits;
    }

    [KernelFact]
    public unsafe void Freed_slots_begin_a_new_round_that_the_programs_see()
    {
        int size = sizeof(kvmscope_control);
        int[] before = [.. Maps(2, 1, size), .. Maps(22, s_sizes.MaxVcpus)];
        using TraceSession session = TraceSession.Start(
            new TraceOptions(), s_sizes, new HostView(_ => VmDirectoryTests.Named("vm"), _ => false, _ => false, Isa.Svm));
        int control = Assert.Single(Maps(2, 1, size).Except(before)), freeSlots = Assert.Single(Maps(22, s_sizes.MaxVcpus).Except(before));
        kvmscope_run taken;
        Assert.Equal(0, BpfCalls.bpf_map_lookup_and_delete_elem(freeSlots, null, &taken));
        Assert.Equal((1u, 1u), (taken.first, taken.count));
        Count(session, 5);
        session.Sweep();
        session.Sweep();
        int zero = 0;
        kvmscope_control value;
        Assert.Equal(0, Interop.Libbpf.bpf_map_lookup_elem(control, &zero, &value));
        Assert.Equal(1u, value.free_round);
        Assert.Equal(5UL, session.Read(Grouping.Host).Accounting.Exits);
        Assert.Equal(0u, session.Tables.Slots[1].tgid);
    }

    // Maps of this process: enum bpf_map_type, the number of values, and their size.
    private static IEnumerable<int> Maps(int type, int entries, int size = 8) => Directory.GetFiles("/proc/self/fdinfo").Where(file =>
    {
        try
        {
            string[] lines = [.. File.ReadAllLines(file).Select(line => line.Replace("\t", "", StringComparison.Ordinal))];
            return lines.Contains($"map_type:{type}") && lines.Contains($"max_entries:{entries}") && lines.Contains($"value_size:{size}");
        }
        catch (IOException)
        {
            return false;
        }
    }).Select(file => int.Parse(Path.GetFileName(file), CultureInfo.InvariantCulture));

    [KernelFact]
    public void Returns_and_last_exits_load_and_attach_together_with_everything_else()
    {
        var all = new TraceOptions
        {
            WantReturns = true,
            LastExits = 8,
            WantSplit = true,
            WantQualifiers = true,
            WantNested = true,
            SlowNs = 1,
            WantWho = true,
        };
        foreach (TraceOptions options in (TraceOptions[])[new() { WantReturns = true }, new() { LastExits = 256, WantTime = false }, all])
        {
            using TraceSession session = TraceSession.Start(options, TableSizes.For(4, 2, 0, options), s_host);
            Assert.Empty(session.Read(Grouping.Vcpu).Returns);
            Assert.Empty(session.TakeHistories(all: true));
        }
    }

    // What this kernel's verifier thinks of them; those of older kernels are asked in the lab.
    [KernelFact]
    public void Any_two_options_together_load_and_attach_as_the_default_does()
    {
        using TraceSession usual = Start();
        foreach ((string name, TraceOptions options) in OptionTable.Rows)
        {
            using TraceSession session = TraceSession.Start(options, TableSizes.For(4, 2, 0, options), s_host);
            Assert.Equal((name, usual.Method), (name, session.Method));
        }
    }

    [Fact]
    public void The_table_of_options_has_each_two_in_all_ways()
    {
        string[][] rows = [.. OptionTable.Rows.Select(row => row.Name.Split(", "))];
        // The first row has all.
        foreach (string one in rows[0])
            foreach (string other in rows[0])
                if (one != other)
                    Assert.Equal(4, rows.Select(row => (row.Contains(one), row.Contains(other))).Distinct().Count());
    }

    [KernelFact]
    public void A_finer_grouping_than_the_options_allow_is_refused()
    {
        using TraceSession session = Start(new TraceOptions { Finest = Grouping.Vm });
        Assert.Throws<InvalidOperationException>(() => session.Read(Grouping.Vcpu));
        Assert.Throws<InvalidOperationException>(() => session.ReadSlow(TimeSpan.Zero, _ => { }));
    }
}
