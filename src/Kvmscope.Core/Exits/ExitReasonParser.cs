using System.Globalization;

namespace Kvmscope.Core.Exits;

/// <summary>From what a user typed to an exit code, and to what may have been meant.</summary>
internal static class ExitReasonParser
{
    private const int MaxSuggestions = 3, LongestName = 64;

    // Only tried when the name as it stands is not known: the longest first.
    private static readonly string[] s_prefixes = ["VMX_EXIT_REASON_", "EXIT_REASON_", "SVM_EXIT_", "VMX_EXIT_", "SVM_", "VMX_", "ARM_EXCEPTION_", "ESR_ELX_EC_"];

    internal static bool TryParse(string text, Isa isa, out ulong code)
    {
        ReadOnlySpan<char> rest = text.AsSpan().Trim();
        ulong flags = 0;
        if (isa == Isa.Vmx)
        {
            if (TryStrip(ref rest, ExitReasons.BusLockSuffix)) flags |= ExitReasons.VmxBusLock;
            if (TryStrip(ref rest, ExitReasons.FailedEntrySuffix)) flags |= ExitReasons.VmxFailedEntry;
        }
        if (TryNumber(rest, isa, out code) || TryName(rest, isa, out code))
        {
            code |= flags;
            return true;
        }
        return false;
    }

    internal static IReadOnlyList<string> Suggest(string text, Isa isa)
    {
        string wanted = Normalize(text);
        foreach (string prefix in s_prefixes)
            if (wanted.StartsWith(prefix, StringComparison.Ordinal)) wanted = wanted[prefix.Length..];
        if (wanted.Length is 0 or > LongestName) return [];
        var found = new List<(int Distance, string Name)>();
        foreach (ExitReasonInfo info in ExitReasons.All(isa))
        {
            int distance = DistanceTo(info, wanted);
            if (distance <= Math.Max(2, wanted.Length / 3)) found.Add((distance, info.Name));
        }
        found.Sort((a, b) => a.Distance != b.Distance ? a.Distance.CompareTo(b.Distance) : string.CompareOrdinal(a.Name, b.Name));
        if (found.Count > MaxSuggestions) found.RemoveRange(MaxSuggestions, found.Count - MaxSuggestions);
        return found.ConvertAll(f => f.Name);
    }

    private static bool TryNumber(ReadOnlySpan<char> text, Isa isa, out ulong code)
    {
        string mark = isa switch { Isa.Vmx => "VMX#", Isa.Svm => "SVM#", Isa.Arm64 => "ARM64#", _ => "#" };
        bool marked = text.StartsWith(mark, StringComparison.OrdinalIgnoreCase);
        if (marked) text = text[mark.Length..];
        if (isa == Isa.Arm64) return TryArmNumber(text, marked, out code);
        bool hex = text.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        bool read = hex
            ? ulong.TryParse(text[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out code)
            : ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out code);
        if (!read && isa == Isa.Svm && text is "-1")
        {
            code = uint.MaxValue;
            return true;
        }
        return read && TryFit(isa, ref code);
    }

    // "2/0x16" is a return value and a class; "ARM64#0" a return value; a plain number a class, which is what people know.
    private static bool TryArmNumber(ReadOnlySpan<char> text, bool marked, out ulong code)
    {
        int slash = text.IndexOf('/');
        code = 0;
        if (!TryPlain(slash < 0 ? text : text[..slash], out ulong first) || first > uint.MaxValue) return false;
        if (slash < 0)
        {
            if (!marked && first > ExitReasons.ArmClassMask) return false;
            code = marked ? first << ExitReasons.ArmRetShift : (ExitReasons.ArmTrap << ExitReasons.ArmRetShift) | first;
            return !marked || first != ExitReasons.ArmTrap;
        }
        if (first != ExitReasons.ArmTrap || !TryPlain(text[(slash + 1)..], out ulong number) || number > ExitReasons.ArmClassMask) return false;
        code = (first << ExitReasons.ArmRetShift) | number;
        return true;
    }

    private static bool TryPlain(ReadOnlySpan<char> text, out ulong number) => text.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
        ? ulong.TryParse(text[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out number)
        : ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    // What a code can be: 32 bits, of which VMX has 16 and two flags.
    private static bool TryFit(Isa isa, ref ulong code)
    {
        if (isa == Isa.Svm && code == ulong.MaxValue) code = uint.MaxValue;
        const ulong vmx = ExitReasons.VmxBasicMask | ExitReasons.VmxBusLock | ExitReasons.VmxFailedEntry;
        return code <= uint.MaxValue && (isa != Isa.Vmx || code == uint.MaxValue || (code & ~vmx) == 0);
    }

    private static bool TryName(ReadOnlySpan<char> text, Isa isa, out ulong code)
    {
        string name = Normalize(text);
        code = 0;
        if (name.Length == 0) return false;
        if (TryExact(name, isa, ref code)) return true;
        foreach (string prefix in s_prefixes)
            if (name.StartsWith(prefix, StringComparison.Ordinal) && PrefixFits(prefix, isa))
                return TryExact(name[prefix.Length..], isa, ref code);
        return false;
    }

    // SVM_EXIT_HLT is not a VMX reason, though HLT is.
    private static bool PrefixFits(string prefix, Isa isa) => isa == prefix[..3] switch
    {
        "SVM" => Isa.Svm,
        "ARM" or "ESR" => Isa.Arm64,
        _ => Isa.Vmx,
    };

    private static bool TryExact(string name, Isa isa, ref ulong code)
    {
        foreach (ExitReasonInfo info in ExitReasons.All(isa))
        {
            if (!IsNamed(info, name)) continue;
            code = info.Number == ulong.MaxValue ? uint.MaxValue : info.Number;
            return true;
        }
        return false;
    }

    private static bool IsNamed(ExitReasonInfo info, string name) =>
        Same(info.Name, name) || Same(info.KernelName, name) || Same(info.TraceName, name) || Same(info.Seed, name) || Contains(info.Aliases, name);

    private static bool Contains(string list, string name)
    {
        if (name.Length == 0) return false;
        foreach (Range range in list.AsSpan().Split(' '))
            if (list.AsSpan(range).SequenceEqual(name)) return true;
        return false;
    }

    // Without a copy: the table is walked once a name, at start-up.
    private static bool Same(string known, string name)
    {
        if (known.Length != name.Length) return false;
        for (int i = 0; i < name.Length; i++)
            if (Normalize(known[i]) != name[i]) return false;
        return name.Length > 0;
    }

    private static string Normalize(ReadOnlySpan<char> text)
    {
        text = text.Trim();
        return string.Create(text.Length, text, static (to, from) =>
        {
            for (int i = 0; i < to.Length; i++) to[i] = Normalize(from[i]);
        });
    }

    // "UD excp" and "idle-halt" are names that the tracepoint prints.
    private static char Normalize(char c) => c is ' ' or '-' or '.' ? '_' : char.ToUpperInvariant(c);

    private static bool TryStrip(ref ReadOnlySpan<char> text, string suffix)
    {
        if (!text.EndsWith(suffix, StringComparison.OrdinalIgnoreCase)) return false;
        text = text[..^suffix.Length];
        return true;
    }

    // A name that means nearly this is nearest; then what has a word that begins or ends with what was typed; then what is a few
    // letters away.
    private static int DistanceTo(ExitReasonInfo info, string wanted)
    {
        if (info.Name == wanted || Contains(info.Near, wanted)) return 0;
        int best = Math.Min(EditDistance(info.Name, wanted), PartDistance(info.Name, wanted));
        best = Math.Min(best, EditDistance(info.Seed, wanted));
        foreach (Range range in info.Aliases.AsSpan().Split(' '))
            best = Math.Min(best, EditDistance(info.Aliases.AsSpan(range), wanted));
        return best;
    }

    private static int PartDistance(string name, string wanted)
    {
        const int shortestPart = 3;
        int at = wanted.Length < shortestPart ? -1 : name.IndexOf(wanted, StringComparison.Ordinal);
        if (at < 0) return int.MaxValue;
        int end = at + wanted.Length;
        return at == 0 || name[at - 1] == '_' || end == name.Length || name[end] == '_' ? 1 : 2;
    }

    private static int EditDistance(ReadOnlySpan<char> a, ReadOnlySpan<char> b)
    {
        if (a.IsEmpty) return int.MaxValue;
        Span<int> row = stackalloc int[b.Length + 1];
        for (int j = 0; j <= b.Length; j++) row[j] = j;
        for (int i = 1; i <= a.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int above = row[j];
                int replace = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
                row[j] = Math.Min(replace, 1 + Math.Min(above, row[j - 1]));
                diagonal = above;
            }
        }
        return row[b.Length];
    }
}
