using System.Text.Json;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output.Json;

namespace Kvmscope.Core.Recordings;

/// <summary>Reads the members of a row that say what it is about.</summary>
internal struct KeyReader()
{
    private Isa _isa;
    private ulong _code;
    private ulong? _raw;
    private bool _hasQualifier;
    private Qualifier _page, _rip;

    internal int Vm { get; private set; } = -1;

    internal int Vcpu { get; private set; } = -1;

    internal ExitLevel Level { get; private set; }

    internal readonly ExitCode Code => new(_isa, _code);

    internal readonly GroupKey Key => new(Vm, Vcpu, Code, Level, Qualifier, Place.Of(_page, _rip));

    internal readonly Qualifier Qualifier => _raw is { } raw ? Qualifier.Of(raw) : _hasQualifier ? Qualifier.Other : Qualifier.None;

    /// <summary>Reads the member whose name was read, if it is one of these.</summary>
    internal bool Read(ref Utf8JsonReader json)
    {
        if (json.ValueTextEquals("vm_id"u8)) Vm = JsonWalk.Int(ref json);
        else if (json.ValueTextEquals("vcpu"u8)) Vcpu = JsonWalk.Int(ref json);
        else if (json.ValueTextEquals("isa"u8)) _isa = IsaOf(ref json);
        else if (json.ValueTextEquals("code"u8)) _code = JsonWalk.Number(ref json);
        else if (json.ValueTextEquals("level"u8)) Level = (ExitLevel)JsonWalk.Int(ref json);
        else if (json.ValueTextEquals("qualifier_raw"u8)) _raw = JsonWalk.Number(ref json);
        else if (json.ValueTextEquals("page"u8)) _page = Address(ref json);
        else if (json.ValueTextEquals("rip"u8)) _rip = Address(ref json);
        else if (json.ValueTextEquals("qualifier"u8)) _hasQualifier = JsonWalk.Skip(ref json);
        else return false;
        return true;
    }

    /// <summary>The instruction, which slow exits have as well.</summary>
    internal readonly ulong? Rip => _rip.State == QualifierState.Known ? _rip.Raw : null;

    private static Qualifier Address(ref Utf8JsonReader json)
    {
        if (!json.Read()) throw new JsonException("cut off");
        if (json.TokenType == JsonTokenType.Number && json.TryGetUInt64(out ulong raw)) return Qualifier.Of(raw);
        if (json.TokenType == JsonTokenType.String && json.ValueTextEquals(IntervalJsonWriter.Other)) return Qualifier.Other;
        throw new JsonException("not an address");
    }

    internal static Isa IsaOf(ref Utf8JsonReader json)
    {
        JsonWalk.Expect(ref json, JsonTokenType.String);
        foreach (IsaInfo isa in IsaInfo.All)
            if (json.ValueTextEquals(isa.NameUtf8)) return isa.Isa;
        return Isa.None;
    }
}

/// <summary>Gathers the members that <see cref="JsonLabels"/> writes.</summary>
internal static class LabelsReader
{
    /// <summary>Takes the member whose name was read, if it is one of these.</summary>
    internal static bool Read(ref Utf8JsonReader json, ref VmLabels labels)
    {
        if (json.ValueTextEquals("vmm"u8)) labels = labels with { Vmm = JsonWalk.Text(ref json) };
        else if (json.ValueTextEquals("uuid"u8)) labels = labels with { Uuid = JsonWalk.Text(ref json) };
        else if (json.ValueTextEquals("vmid"u8)) labels = labels with { Vmid = JsonWalk.Text(ref json) };
        else if (json.ValueTextEquals("namespace"u8)) labels = labels with { Namespace = JsonWalk.Text(ref json) };
        else if (json.ValueTextEquals("pod"u8)) labels = labels with { Pod = JsonWalk.Text(ref json) };
        else return false;
        return true;
    }
}
