using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Tests.Fakes;

namespace Kvmscope.Tests;

/// <summary><c>--by vmm</c>: the trace that it asks for, its answers live and recorded, and what does not go with it.</summary>
public sealed class VmmTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("kvmscope-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static VmmReturns Returns(int vm, int vcpu, int reason, ulong count, ulong ns)
    {
        var returns = new VmmReturns(new ReturnKey(vm, vcpu, new VmmReason(reason)))
        {
            Count = count,
            Timed = count,
            TotalNs = count * ns,
            MaxNs = ns,
        };
        returns.Bins.Add(HistogramLayout.BinOf(ns), count);
        return returns;
    }

    private static World Growing(double seconds = 5)
    {
        var world = new World();
        world.Host = new FakeHost(world.Clock)
        {
            Log = world.Log,
            GrowsEachSecond = true,
            Returns =
            [
                Returns(0, 0, 2, 40, 9_000), Returns(0, 0, 10, 3, 2_000_000), Returns(1, 0, -14, 1, 100), Returns(1, 0, 2, 2, 8_000),
            ],
            States =
            [
                new(0, 0, VcpuPlace.Vmm, 1), new(0, 1, VcpuPlace.KvmRun, 500_000_000), new(1, 0, VcpuPlace.KvmRun, 1),
                new(1, 1, VcpuPlace.Unknown, 0),
            ],
        };
        world.End = new FakeEnd(world.Clock, world.Log) { At = TimeSpan.FromSeconds(seconds) };
        return world;
    }

    [Theory]
    [InlineData("count --by vmm")]
    [InlineData("time --by vm,vmm --interval 1s")]
    [InlineData("count --by vcpu,vmm --format csv")]
    public void Only_this_asks_the_kernel_for_returns_and_not_for_handling_times(string line)
    {
        World world = Growing();
        Assert.Equal(0, world.Run(line.Split(' ')).Status);
        Assert.Equal((true, false, false, false), (
            world.Asked.WantReturns, world.Asked.WantTime, world.Asked.WantQualifiers, world.Asked.WantSplit));
    }

    [Theory]
    [InlineData("count")]
    [InlineData("time --split --by vcpu")]
    [InlineData("hist")]
    [InlineData("slower 1ms")]
    public void Nothing_else_pays_for_it(string line)
    {
        World world = Growing();
        Assert.Equal(0, world.Run(line.Split(' ')).Status);
        Assert.Equal((false, false, 0), (world.Asked.WantReturns, world.Asked.FollowsRuns, world.Asked.LastExits));
    }

    [Fact]
    public void The_table_has_the_costliest_first_and_says_what_is_not_in_it() => Assert.Equal(
        """
        Returned with  Count     Time      Avg      p99      Max
        INTR              15  30.0 ms  2.00 ms  2.00 ms  2.00 ms
        IO               210  1.88 ms  8.95 µs  8.99 µs  9.00 µs
        EFAULT             5   500 ns   100 ns   100 ns   100 ns
        Total            230  31.9 ms   139 µs  1.97 ms  2.00 ms

        230 returns to the VMM, and 735 exits in 5.00 s (46/s), from 12:00:00
        in the VMM since its last return: web1 vCPU 0, for 5.00 s; that is in no time
          above
        2 vCPUs did not return: --by vcpu,vmm shows where they are

        """, Growing().Run("time", "--by", "vmm").Out);

    [Fact]
    public void Vcpus_that_did_not_return_have_rows_of_their_own() => Assert.Equal(
        """
        VM    vCPU  Returned with      Count
        web1     0  IO                   200
        web1     0  INTR                  15
        db1      0  IO                    10
        db1      0  EFAULT                 5
        web1     1  none (in KVM_RUN)      0
        db1      1  none (not seen)        0
                    Total                230

        230 returns to the VMM, and 735 exits in 5.00 s (46/s), from 12:00:00
        in the VMM since its last return: web1 vCPU 0, for 5.00 s; that is in no time
          above

        """, Growing().Run("count", "--by", "vcpu,vmm").Out);

    [Fact]
    public void Json_has_the_name_and_the_number()
    {
        static string Row(string vm, int pid, string reason, int raw, int count) =>
            $"{{\"row\":\"vmm\",\"vm\":\"{vm}\",\"vm_pid\":{pid},\"vmm_reason\":\"{reason}\",\"vmm_reason_raw\":{raw},\"count\":{count}}},";
        Assert.StartsWith(
            "{\"schema\":\"kvmscope/vmm/1\",\"command\":\"count\",\"started\":\"2026-03-01T12:00:00.0000000Z\",\"seconds\":5,\"rows\":["
            + Row("web1", 4242, "IO", 2, 200) + Row("web1", 4242, "INTR", 10, 15) + Row("db1", 4711, "IO", 2, 10)
            + Row("db1", 4711, "EFAULT", -14, 5)
            + "{\"row\":\"total\",\"vmm_reason\":null,\"vmm_reason_raw\":null,\"count\":230}],\"trust\":",
            Growing().Run("count", "--by", "vm,vmm", "--format", "json").Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("time --by vmm")]
    [InlineData("time --by vm,vmm --sort max")]
    [InlineData("count --by vcpu,vmm")]
    [InlineData("time --by vcpu,vmm --format json")]
    [InlineData("time --by vcpu,vmm --format csv")]
    [InlineData("count --by vcpu,vmm --vm web1")]
    public void A_report_is_what_was_live(string line)
    {
        string path = Path.Combine(_folder, "x.kvmscope");
        Outcome live = Growing().Run(line.Split(' '));
        Assert.Equal((0, ""), (live.Status, live.Error));
        Outcome recorded = Growing().Run("record", "--with", "vmm", "-o", path);
        Assert.Equal((0, ""), (recorded.Status, recorded.Error));
        Outcome report = new World().Run(["report", path, .. line.Split(' ')]);
        Assert.Equal((0, ""), (report.Status, report.Error));
        // Only live it is known how many did not return; a recording says the whole time.
        const string inVmm = "in the VMM since its last return: web1 vCPU 0, for 5.00 s; that is in no time\n  above";
        string shown = live.Out.Replace("from 12:00:00", "from 2026-03-01T12:00:00Z to 2026-03-01T12:00:05Z", StringComparison.Ordinal)
            .Replace("2 vCPUs did not return: --by vcpu,vmm shows where they are", "", StringComparison.Ordinal)
            .Replace(inVmm, "", StringComparison.Ordinal);
        string again = report.Out.Replace(inVmm, "", StringComparison.Ordinal);
        Assert.Equal(shown.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries),
            again.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        Assert.NotEmpty(report.Out);
    }

    [Fact]
    public void A_recording_without_returns_says_so()
    {
        string path = Path.Combine(_folder, "x.kvmscope");
        Assert.Equal(0, Growing().Run("record", "-o", path).Status);
        Outcome report = new World().Run("report", path, "--by", "vmm");
        Assert.Equal((2, "kvmscope: this recording has no returns to the VMM\n  Record with --with vmm.\n"), (report.Status, report.Error));
    }

    [Theory]
    [InlineData("time --by vmm,reason", "no exit reason")]
    [InlineData("count --by qualifier,vmm", "no exit reason")]
    [InlineData("hist --by vmm", "'hist' has no --by vmm")]
    [InlineData("time --by vmm --split", "table of its own")]
    [InlineData("time --by vmm --explain", "table of its own")]
    [InlineData("time --by vmm --reason HLT", "select exits")]
    [InlineData("count --by vmm --level l2", "select exits")]
    [InlineData("count --by vmm --top 3", "--top needs")]
    [InlineData("record --with page2", "--with")]
    [InlineData("record --with ,", "--with")]
    public void What_makes_no_sense_is_refused(string line, string says)
    {
        World world = Growing();
        Outcome outcome = world.Run(line.Split(' '));
        Assert.Equal(2, outcome.Status);
        Assert.Contains(says, outcome.Error, StringComparison.Ordinal);
        Assert.Null(world.Host.Asked);
    }
}
