using Kvmscope.Core;
using Kvmscope.Lab.Tests;
using Kvmscope.Lab.Tests.Odd;

const string Usage = """
    usage: lab-suite COMMAND

      lab-suite guest [WORK=N | l2.WORK=N | OPTION]…
          runs a built-in guest and prints the exits that it made as one line of JSON
          WORK: cpuid out in mmio-write mmio-read rdmsr wrmsr hlt hlt-in-kernel hypercall slow-port spin-port spin cost
          vcpus=N    vCPUs, each does all of it          vms=N      VMs, each does all of it
          slow=MS    how long the slow ports take        every=K    every K-th access to them is slow (1)
          nested     l2.cpuid=211 l2.out=127 l2.hlt=61   deadline=S for a plan that ends (120)
          hold       prints "ready" and waits for a line on stdin before the plan, and again before the end
          loop       repeats the plan without end; prints "running"

      lab-suite churn N [WORK=N | OPTION]…
          runs N guests one after another in this process, each with a VM of its own

      lab-suite odd KIND N [hold]
          runs a guest that makes an odd sequence of exits and entries N times
          KIND: rotate two-vcpus interrupted split-mmio shutdown failed-entry deadline-timer

      lab-suite test [--kvmscope PATH] [--only GROUP[/CASE]]… [--list]
          runs kvmscope (out/kvmscope) with guests and compares; for the lab, as root

      lab-suite soak --kvmscope PATH VMS
          runs VMs that come and go beside a recorder and two tracers; for bench/soak/run

      lab-suite latch [STATUS]
          prints "attached", waits for a line on stdin, exits with STATUS

      lab-suite cost [BATCHES]
          times batches of 100 CPUID exits with the guest's TSC (50 batches)

      lab-suite demo [nested]
          the guest of 'kvmscope demo', untraced
    """;

try
{
    return args switch
    {
        ["guest", .. string[] rest] => GuestCommand.Run(rest),
        ["churn", string, ..] => ChurnCommand.Run(args.AsSpan(1)),
        ["odd", .. string[] rest] => OddCommand.Run(rest),
        ["test", .. string[] rest] => TestCommand.Run(rest),
        ["soak", .. string[] rest] => SoakCommand.Run(rest),
        ["latch"] => LatchCommand.Run(0),
        ["latch", string status] => LatchCommand.Run(int.Parse(status)),
        ["cost", .. string[] rest] when rest.Length <= 1 => CostCommand.Run(rest),
        ["demo", .. string[] rest] when rest is [] or ["nested"] => DemoCommand.Run(rest.Length == 1),
        _ => Fail(Usage, ExitStatus.Usage),
    };
}
catch (KvmscopeException e)
{
    return Fail($"lab-suite: {e.Message}", e.Status);
}
catch (ArgumentException e)
{
    return Fail($"lab-suite: {e.Message}", ExitStatus.Usage);
}

static int Fail(string message, ExitStatus status)
{
    Console.Error.WriteLine(message);
    return (int)status;
}
