using System.Globalization;
using Kvmscope.SoakBench;

// soak-bench INTERVALS VMS FOLDER [stay]: records so many seconds of a simulated host into the folder, as fast as it can. Prints
// tab-separated lines: intervals, VMs that came and went, RSS in KiB, CPU time in us per interval. With 'stay', no VM comes and goes.
if (args is not [string intervals, string vms, string folder, ..])
{
    Console.Error.WriteLine("usage: soak-bench INTERVALS VMS FOLDER [stay]");
    return 2;
}

var recorder = new Recorder(
    int.Parse(intervals, CultureInfo.InvariantCulture), int.Parse(vms, CultureInfo.InvariantCulture), folder,
    comeAndGo: args is not [_, _, _, "stay"]);
string? wrong = recorder.Run();
if (wrong is null) return 0;
Console.Error.WriteLine($"soak-bench: {wrong}");
return 1;
