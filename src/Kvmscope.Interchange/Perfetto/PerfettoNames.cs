using System.Globalization;
using Google.Protobuf;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output;
using Kvmscope.Core.Output.Json;
using Kvmscope.Interchange.Perfetto.Protocol;

namespace Kvmscope.Interchange.Perfetto;

/// <summary>Names that are in a trace once and have a number there; foreign text is made visible here.</summary>
internal sealed class PerfettoNames
{
    // What comes after that is written as it is: values such as names of tasks have no bound.
    private const int MostValues = 1 << 16;

    private readonly Dictionary<string, ulong> _categories = [], _events = [], _arguments = [], _values = [];
    private InternedData? _new;

    /// <summary>The number of a category.</summary>
    internal ulong Category(string name) => Of(_categories, name, static data => data.EventCategories);

    /// <summary>The number of an event's name.</summary>
    internal ulong Event(string name) => Of(_events, name, static data => data.EventNames);

    /// <summary>The number of an argument's name.</summary>
    internal ulong Argument(string name) => Of(_arguments, name, static data => data.DebugAnnotationNames);

    /// <summary>Gives an argument a value.</summary>
    internal void SetValue(DebugAnnotation argument, string value)
    {
        value = ForeignText.Clean(value);
        if (_values.TryGetValue(value, out ulong known))
        {
            argument.StringValueIid = known;
        }
        else if (_values.Count >= MostValues)
        {
            argument.StringValue = value;
        }
        else
        {
            ulong number = (ulong)_values.Count + 1;
            _values.Add(value, number);
            New.DebugAnnotationStringValues.Add(new InternedString { Iid = number, Str = ByteString.CopyFromUtf8(value) });
            argument.StringValueIid = number;
        }
    }

    /// <summary>The names that the next packet must have; null for none.</summary>
    internal InternedData? TakeNew()
    {
        InternedData? data = _new;
        _new = null;
        return data;
    }

    private InternedData New => _new ??= new InternedData();

    private ulong Of(Dictionary<string, ulong> known, string name, Func<InternedData, IList<InternedName>> list)
    {
        if (known.TryGetValue(name, out ulong number)) return number;
        known.Add(name, number = (ulong)known.Count + 1);
        list(New).Add(new InternedName { Iid = number, Name = name });
        return number;
    }
}

/// <summary>What a slice says of its slow exit, under the names of the machine formats.</summary>
internal static class PerfettoArguments
{
    internal static void Add(TrackEvent slice, in SlowExit exit, PerfettoNames names)
    {
        Add("level", (ulong)exit.Level);
        Add("code", MachineNames.Number(exit.Code));
        if (Qualifiers.Name(exit.Code, exit.Qualifier) is { } qualifier) AddText("qualifier", qualifier);
        if (exit.Rip is { } rip) Of("rip").PointerValue = rip;
        Add("tid", (ulong)exit.Tid);
        if (exit.CpuAtExit is { } cpu) Add("cpu_exit", (ulong)cpu);
        Add("cpu_entry", (ulong)exit.Cpu);
        if (exit.Parts is { } parts)
            foreach ((TimePart part, string name) in JsonParts.All)
                if (part != TimePart.Guest) Add(name + "_ns", parts[part]);
        if (exit.RanInstead is not { } task) return;
        AddText("ran_instead", task.Name);
        AddText("ran_instead_pid", task.Pid.ToString(CultureInfo.InvariantCulture));

        void Add(string name, ulong value) => Of(name).UintValue = value;

        void AddText(string name, string value) => names.SetValue(Of(name), value);

        DebugAnnotation Of(string name)
        {
            var argument = new DebugAnnotation { NameIid = names.Argument(name) };
            slice.DebugAnnotations.Add(argument);
            return argument;
        }
    }
}
