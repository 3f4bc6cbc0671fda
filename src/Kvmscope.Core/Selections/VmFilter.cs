using System.Globalization;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Selections;

/// <summary>
/// Which VMs are meant. A name means all VMs of that name, including further ones of a process (NAME#2); NAME#2 means only that one. A
/// number is a pid, and all VMs of the process, where no VM has it as its name.
/// </summary>
public sealed class VmFilter
{
    private readonly record struct Term(string Name, int? Pid)
    {
        internal bool Matches(int pid, string name) => Pid is { } wanted ? pid == wanted : VmNames.IsNamed(name, Name);
    }

    /// <summary>All VMs.</summary>
    public static readonly VmFilter All = new([], []);

    private readonly Term[] _terms;

    /// <summary>Looks up what was typed; <see cref="Unknown"/> and <see cref="Ambiguity"/> say what is wrong.</summary>
    /// <param name="typed">Names and pids; none for all VMs.</param>
    /// <param name="known">The existing VMs, as they are shown.</param>
    public VmFilter(IReadOnlyList<string> typed, IReadOnlyCollection<(int Pid, string Name)> known)
    {
        _terms = new Term[typed.Count];
        for (int i = 0; i < _terms.Length; i++)
        {
            string text = typed[i];
            (int Pid, string Name)[] named = [.. known.Where(vm => VmNames.IsNamed(vm.Name, text))];
            (int Pid, string Name)[] ofPid = [.. known.Where(vm => text == vm.Pid.ToString(CultureInfo.InvariantCulture))];
            _terms[i] = new Term(text, named.Length == 0 && ofPid.Length > 0 ? ofPid[0].Pid : null);
            if (named.Length + ofPid.Length == 0) Unknown ??= text;
            else if (named.Length > 0 && ofPid.Except(named).Any()) Ambiguity ??= ErrorOf(text, named, ofPid);
        }
    }

    /// <summary>The first that is neither the name nor the pid of a known VM; null where there is none.</summary>
    public string? Unknown { get; }

    /// <summary>The error (status 2) where a number is the name of one VM and the pid of another; null where none is.</summary>
    public KvmscopeException? Ambiguity { get; }

    /// <summary>Looks up what was typed.</summary>
    /// <exception cref="KvmscopeException">A number is the name of one VM and the pid of another (status 2).</exception>
    public static VmFilter Resolve(IReadOnlyList<string> typed, IReadOnlyCollection<(int Pid, string Name)> known)
    {
        var filter = new VmFilter(typed, known);
        return filter.Ambiguity is { } error ? throw error : filter;
    }

    /// <summary>Whether a VM, as it is shown, is meant.</summary>
    public bool Matches((int Pid, string Name) vm)
    {
        foreach (Term term in _terms)
            if (term.Matches(vm.Pid, vm.Name)) return true;
        return _terms.Length == 0;
    }

    /// <summary>Whether a VM is meant; where it is not known which it is, only if all are.</summary>
    public bool Matches(VmIdentity? vm) => vm is null ? _terms.Length == 0 : Matches((vm.Pid, vm.Name));

    private static KvmscopeException ErrorOf(string text, (int Pid, string Name)[] named, (int Pid, string Name)[] ofPid)
    {
        string pids = WordList.Or([.. named.Select(vm => vm.Pid.ToString(CultureInfo.InvariantCulture)).Distinct()]);
        string names = WordList.Or([.. ofPid.Select(vm => $"'{vm.Name}'").Distinct()]);
        return new KvmscopeException(ExitStatus.Usage, $"'{text}' is the name of one VM and the pid of another",
            $"Give {pids}, the pid of the VM of that name, or {names}, the name of the other.");
    }
}

/// <summary>The names of the VMs of one process: the first has that of the process, further ones have NAME#2, NAME#3 and so on.</summary>
public static class VmNames
{
    /// <summary>The name of the nth VM of a process, from 1.</summary>
    public static string Of(string name, int nth) => nth == 1 ? name : string.Create(CultureInfo.InvariantCulture, $"{name}#{nth}");

    /// <summary>Whether a VM that is shown as this has the name, as the first or as a further one of its process.</summary>
    public static bool IsNamed(string shown, string name) =>
        shown.StartsWith(name, StringComparison.Ordinal) && (shown.Length == name.Length || IsNumber(shown.AsSpan(name.Length)));

    private static bool IsNumber(ReadOnlySpan<char> suffix) =>
        suffix is ['#', .. var digits] && int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int nth) && nth >= 2;
}
