using System.Globalization;
using System.Text;
using Kvmscope.Core.Exits;

namespace Kvmscope.Interchange.Text;

/// <summary>
/// From a reason as traces print it to its code. The kernel prints VMX's in upper case and SVM's in lower case; libtraceevent's plugin (in
/// trace-cmd report and perf script) prints SVM's with EXIT_ before it. So the text tells the ISA too.
/// </summary>
internal sealed class ReasonNames
{
    private const int Longest = 64;
    private const ulong FailedEntry = 1UL << 31;

    private readonly Dictionary<string, ExitCode> _codes = [];
    private readonly Dictionary<string, ExitCode>.AlternateLookup<ReadOnlySpan<char>> _lookup;

    internal ReasonNames()
    {
        _lookup = _codes.GetAlternateLookup<ReadOnlySpan<char>>();
        foreach (ExitReasonInfo info in ExitReasons.All(Isa.Vmx))
            _codes.TryAdd(info.TraceName.Length > 0 ? info.TraceName : info.Name, new ExitCode(Isa.Vmx, info.Number));
        foreach (ExitReasonInfo info in ExitReasons.All(Isa.Svm))
        {
            var code = new ExitCode(Isa.Svm, info.Number == ulong.MaxValue ? uint.MaxValue : info.Number);
            if (info.TraceName.Length > 0) _codes.TryAdd(info.TraceName, code);
            _codes.TryAdd("EXIT_" + info.Name, code);
        }
    }

    /// <summary>The code; of ISA None with a number where only that is printed, and of ISA None and 0 where nothing is known.</summary>
    internal ExitCode Find(ReadOnlySpan<byte> text)
    {
        Span<char> chars = stackalloc char[Longest];
        if (text.IsEmpty || text.Length > Longest || !Encoding.ASCII.TryGetChars(text, chars, out int length)) return default;
        ReadOnlySpan<char> name = chars[..length];
        if (_lookup.TryGetValue(name, out ExitCode code)) return code;
        code = Parse(name);
        // Their number is bounded, as a hostile file may name any.
        if (_codes.Count < 4096) _codes.Add(name.ToString(), code);
        return code;
    }

    private ExitCode Parse(ReadOnlySpan<char> name)
    {
        int space = name.IndexOf(' ');
        if (space > 0 && name[(space + 1)..] is "FAILED_VMENTRY" && _lookup.TryGetValue(name[..space], out ExitCode failed))
            return failed.Isa == Isa.Vmx ? failed with { Code = failed.Code | FailedEntry } : default;
        // Flags without a name, such as bit 26 (bus lock).
        if (space > 0 && TryNumber(name[(space + 1)..], out ulong flags) && _lookup.TryGetValue(name[..space], out ExitCode flagged))
            return flagged.Isa == Isa.Vmx ? flagged with { Code = flagged.Code | flags } : default;
        if (name.StartsWith("UNKNOWN (") && name[^1] == ')') name = name[9..^1];
        if (TryNumber(name, out ulong number)) return new ExitCode(Isa.None, number);
        string text = name.ToString();
        bool isSvm = text.StartsWith("EXIT_", StringComparison.Ordinal) || text.Any(char.IsAsciiLetterLower);
        if (text.StartsWith("EXIT_", StringComparison.Ordinal)) text = text["EXIT_".Length..];
        Isa isa = isSvm ? Isa.Svm : Isa.Vmx;
        return ExitReasons.TryParse(text, isa, out ulong code) ? new ExitCode(isa, code) : default;
    }

    private static bool TryNumber(ReadOnlySpan<char> text, out ulong number) => text.StartsWith("0x")
        ? ulong.TryParse(text[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out number)
        : ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
