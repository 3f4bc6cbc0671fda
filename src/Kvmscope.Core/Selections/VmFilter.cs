using System.Globalization;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output;

namespace Kvmscope.Core.Selections;

/// <summary>
/// Which VMs are meant. A name means all VMs of that name, including further ones of a process (NAME#2); NAME#2 means only that one. Where
/// no VM has it as its name, a number is a pid or Proxmox's number of a VM, and a UUID that of a VM: all VMs of the process. Where it is
/// none of these, it may be a name as it is shown (what cannot be seen is <c>?</c>, and the pid may follow: <c>web (4242)</c>), and else a
/// <see cref="Glob"/> over the names, with and without the number of a further VM.
/// </summary>
public sealed class VmFilter
{
    // In the order in which they are tried: a name wins.
    private enum Meaning
    {
        Name,
        Pid,
        Vmid,
        Uuid,
        Shown,
        Pattern,
    }

    private readonly record struct Term(string Text, Meaning Meaning)
    {
        private readonly int _pid =
            Text is not ['0', ..] && int.TryParse(Text, NumberStyles.None, CultureInfo.InvariantCulture, out int pid) ? pid : 0;

        private readonly Glob? _glob = Meaning == Meaning.Pattern ? Glob.Of(Text) : null;

        internal bool Matches(int pid, string name, VmLabels labels) => Meaning switch
        {
            Meaning.Name => VmNames.IsNamed(name, Text),
            Meaning.Pid => _pid != 0 && _pid == pid,
            Meaning.Vmid => Text == labels.Vmid,
            Meaning.Uuid => Text.Equals(labels.Uuid, StringComparison.OrdinalIgnoreCase),
            Meaning.Shown => IsShown(pid, name),
            _ => _glob is { } glob && (glob.Matches(name) || glob.Matches(VmNames.OfProcess(name))),
        };

        private bool IsShown(int pid, string name)
        {
            string shown = ForeignText.Clean(name);
            return VmNames.IsNamed(shown, Text) || Text == string.Create(CultureInfo.InvariantCulture, $"{shown} ({pid})");
        }
    }

    /// <summary>All VMs.</summary>
    public static readonly VmFilter All = new([], []);

    private readonly Term[] _terms;

    /// <summary>Looks up what was typed; <see cref="Unknown"/> and <see cref="Ambiguity"/> say what is wrong.</summary>
    /// <param name="typed">Names, pids, UUIDs, Proxmox's numbers and patterns; none for all VMs.</param>
    /// <param name="known">The existing VMs, as they are shown.</param>
    public VmFilter(IReadOnlyList<string> typed, IReadOnlyCollection<KnownVm> known)
    {
        _terms = new Term[typed.Count];
        for (int i = 0; i < _terms.Length; i++)
        {
            var found = new List<(Meaning Meaning, KnownVm[] Vms)>();
            foreach (Meaning meaning in Enum.GetValues<Meaning>())
            {
                // These two mean something only where nothing has that very name or number.
                if (meaning >= Meaning.Shown && found.Count > 0) break;
                var term = new Term(typed[i], meaning);
                KnownVm[] vms = [.. known.Where(vm => term.Matches(vm.Pid, vm.Name, vm.Labels)).DistinctBy(vm => (vm.Pid, vm.Name))];
                if (vms.Length > 0) found.Add((meaning, vms));
            }
            // A VM that matches may still come; one with the pattern as its name is less likely.
            _terms[i] = new Term(typed[i], found.Count > 0 ? found[0].Meaning : Glob.IsPattern(typed[i]) ? Meaning.Pattern : Meaning.Name);
            if (found.Count == 0) Unknown ??= typed[i];
            foreach ((Meaning meaning, KnownVm[] vms) in found.Skip(1))
            {
                if (vms.ExceptBy(found[0].Vms.Select(vm => (vm.Pid, vm.Name)), vm => (vm.Pid, vm.Name)).Any())
                    Ambiguity ??= ErrorOf(typed[i], found[0], (meaning, vms));
            }
        }
    }

    /// <summary>The first that means no VM that is known; null where there is none.</summary>
    public string? Unknown { get; }

    /// <summary>
    /// The error (status 2) where something means one VM and another, as the name of one and the pid of the other; null where nothing does.
    /// </summary>
    public KvmscopeException? Ambiguity { get; }

    /// <summary>What is wrong with a text that means no VM: <c>no VM has the name …</c>.</summary>
    /// <param name="text">As typed.</param>
    /// <param name="where">Where it was looked for, with a blank before it; empty for this host.</param>
    public static string NoSuch(string text, string where = "") => Glob.IsPattern(text)
        ? $"no VM{where} has a name that matches '{text}'"
        : $"no VM{where} has the name, pid, UUID or VMID '{text}'";

    /// <summary>Looks up what was typed.</summary>
    /// <exception cref="KvmscopeException">Something is the name of one VM and the pid of another (status 2).</exception>
    public static VmFilter Resolve(IReadOnlyList<string> typed, IReadOnlyCollection<KnownVm> known)
    {
        var filter = new VmFilter(typed, known);
        return filter.Ambiguity is { } error ? throw error : filter;
    }

    /// <summary>Whether a VM is meant.</summary>
    public bool Matches(KnownVm vm) => Matches(vm.Pid, vm.Name, vm.Labels);

    /// <summary>Whether a VM is meant; where it is not known which it is, only if all are.</summary>
    public bool Matches(VmIdentity? vm) => vm is null ? _terms.Length == 0 : Matches(vm.Pid, vm.Name, vm.Labels);

    private bool Matches(int pid, string name, VmLabels labels)
    {
        foreach (Term term in _terms)
            if (term.Matches(pid, name, labels)) return true;
        return _terms.Length == 0;
    }

    private static KvmscopeException ErrorOf(string text, (Meaning Meaning, KnownVm[] Vms) first, (Meaning Meaning, KnownVm[] Vms) second)
    {
        string one = first.Meaning == Meaning.Name
            ? $"{Pids(first.Vms)}, the pid of the VM of that name"
            : $"{Names(first.Vms)}, the name of the VM of that {WordOf(first.Meaning)}";
        return new KvmscopeException(
            ExitStatus.Usage,
            $"'{text}' is the {WordOf(first.Meaning)} of one VM and the {WordOf(second.Meaning)} of another",
            $"Give {one}, or {Names(second.Vms)}, the name of the other.");
    }

    private static string Pids(KnownVm[] vms) =>
        WordList.Or([.. vms.Select(vm => vm.Pid.ToString(CultureInfo.InvariantCulture)).Distinct()]);

    private static string Names(KnownVm[] vms) => WordList.Or([.. vms.Select(vm => $"'{vm.Name}'").Distinct()]);

    private static string WordOf(Meaning meaning) => meaning switch
    {
        Meaning.Name => "name",
        Meaning.Pid => "pid",
        Meaning.Vmid => "VMID",
        _ => "UUID",
    };
}

/// <summary>The names of the VMs of one process: the first has that of the process, further ones have NAME#2, NAME#3 and so on.</summary>
public static class VmNames
{
    /// <summary>The name of the nth VM of a process, from 1.</summary>
    public static string Of(string name, int nth) => nth == 1 ? name : string.Create(CultureInfo.InvariantCulture, $"{name}#{nth}");

    /// <summary>Whether a VM that is shown as this has the name, as the first or as a further one of its process.</summary>
    public static bool IsNamed(string shown, string name) =>
        shown.StartsWith(name, StringComparison.Ordinal) && (shown.Length == name.Length || IsNumber(shown.AsSpan(name.Length)));

    /// <summary>The name without the number of a further VM of its process.</summary>
    public static string OfProcess(string shown)
    {
        int at = shown.LastIndexOf('#');
        return at >= 0 && IsNumber(shown.AsSpan(at)) ? shown[..at] : shown;
    }

    private static bool IsNumber(ReadOnlySpan<char> suffix) =>
        suffix is ['#', .. var digits] && int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int nth) && nth >= 2;
}
