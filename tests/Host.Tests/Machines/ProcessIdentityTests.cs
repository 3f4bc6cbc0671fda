using System.Text;
using CsCheck;
using Kvmscope.Host.Machines;

namespace Kvmscope.Host.Tests.Machines;

public sealed class ProcessIdentityTests
{
    [Theory]
    [InlineData("vmm")]
    [InlineData("a b")]
    [InlineData("(x) S 1 (")]
    [InlineData(") Z 9 9")]
    [InlineData("new\nline")]
    public void The_command_may_hold_anything(string comm)
    {
        Assert.True(ProcessStat.TryParse(Encoding.UTF8.GetBytes(TempTree.Stat(7, 4711, comm)), out ProcessStat stat));
        Assert.Equal(new ProcessStat((byte)'S', 4194304, 3, 4711), stat);
    }

    [Theory]
    [InlineData("")]
    [InlineData("1")]
    [InlineData("1 (x")]
    [InlineData(")(")]
    [InlineData("1 (x) S 1 2 3")]
    [InlineData("1 (x) S 1 1 1 0 -1 1 1 0 0 0 5 6 0 0 20 0 3 0 later 1")]
    public void What_is_no_stat_line_is_refused(string text) =>
        Assert.False(ProcessStat.TryParse(Encoding.UTF8.GetBytes(text), out _));

    [Theory]
    // Lines of Debian 12: kthreadd, a process, a process that was traced by its parent.
    [InlineData("2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 55 0 0 20 0 1 0 15 0 0 18446744073709551615 0 0 0 0 0 0", true)]
    [InlineData("1 (systemd) S 0 1 1 0 -1 4194560 9 9 9 9 1 2 3 4 20 0 1 0 15 1 2 18446744073709551615 1 1 1 1 1 1", false)]
    [InlineData("900 (qemu) S 1 900 900 0 -1 138412416 1 0 0 0 5 6 0 0 20 0 5 0 4711 1 2 18446744073709551615 1 1 0 0 0 0", false)]
    public void A_thread_of_the_kernel_is_told_from_a_process(string line, bool isKernel)
    {
        Assert.True(ProcessStat.TryParse(Encoding.UTF8.GetBytes(line), out ProcessStat stat));
        Assert.Equal(isKernel, stat.IsKernelThread);
    }

    [Fact]
    public void Any_bytes_are_survived() => Gen.OneOf(
        Gen.Byte.Array[0, 300],
        Words.Of("1 ", "(", ")", " ", "S", "Z", "-1 ", "99999999999999999999 ", "\n", "4711 ").Array[0, 60]
            .Select(parts => Encoding.UTF8.GetBytes(string.Concat(parts))))
        .Sample(bytes => { ProcessStat.TryParse(bytes, out _); });

    [Fact]
    public void A_process_lives_until_its_pid_is_anothers()
    {
        using var proc = new TempTree();
        proc.Process(7, ["vmm"], []);
        Assert.True(ProcessIdentity.TryRead(7, out ProcessIdentity identity, proc.Root));
        Assert.Equal(new ProcessIdentity(7, 100), identity);
        Assert.True(identity.IsAlive(proc.Root));
        proc.File("7/stat", TempTree.Stat(7, 101));
        Assert.False(identity.IsAlive(proc.Root));
        Directory.Delete(Path.Join(proc.Root, "7"), recursive: true);
        Assert.False(identity.IsAlive(proc.Root));
    }

    [Theory]
    [InlineData('Z', 1, false)]
    [InlineData('X', 0, false)]
    [InlineData('Z', 4, true)]
    [InlineData('R', 1, true)]
    [InlineData('T', 1, true)]
    public void A_zombie_is_dead_unless_its_threads_live(char state, int threads, bool alive)
    {
        using var proc = new TempTree();
        proc.File("7/stat", TempTree.Stat(7, 100, state: state, threads: threads));
        Assert.Equal(alive, ProcessIdentity.TryRead(7, out _, proc.Root));
    }

    [Fact]
    public void This_process_is_alive()
    {
        Assert.True(ProcessIdentity.TryRead(Environment.ProcessId, out ProcessIdentity self));
        Assert.True(self.StartTicks > 0);
        Assert.True(self.IsAlive());
        Assert.False(ProcessIdentity.TryRead(int.MaxValue, out _));
    }
}
