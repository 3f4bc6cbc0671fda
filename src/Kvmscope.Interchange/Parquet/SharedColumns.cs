using System.Runtime.InteropServices;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output;
using Kvmscope.Core.Output.Json;
using Kvmscope.Core.Recordings;

namespace Kvmscope.Interchange.Parquet;

/// <summary>Columns that several tables have.</summary>
public abstract class SharedColumns : ParquetTable
{
    // What takes more is made anew.
    private const int MostNames = 1 << 16;

    private readonly Dictionary<(ExitCode Code, Qualifier Qualifier), QualifierText> _qualifiers = [];
    private readonly Dictionary<ExitCode, CodeText> _texts = [];

    private protected SharedColumns()
    {
    }

    // Names of the reasons' arguments, made once.
    private sealed record QualifierText(string? Name, string? Raw, string? Direction);

    // What says a reason, made once; the numbers are those of all code columns.
    private sealed record CodeText(string Isa, ulong Code, int?[] Numbers, string Reason);

    private protected sealed class HostColumns(SharedColumns table)
    {
        private readonly TextColumn _host = table.Text("host"), _boot = table.Text("boot_id"), _kernel = table.Text("kernel");

        internal void Add(RecordingHeader header)
        {
            _host.Add(header.Host);
            _boot.Add(header.BootId.Length > 0 ? header.BootId : null);
            _kernel.Add(header.Kernel.Length > 0 ? header.Kernel : null);
        }
    }

    private protected sealed class TimeColumns(SharedColumns table)
    {
        private readonly ValueColumn<DateTime> _began = table.Time("began"), _ended = table.Time("ended");
        private readonly ValueColumn<double> _seconds = table.Real("seconds");

        internal void Add(Interval interval)
        {
            _began.Add(interval.From.UtcDateTime);
            _ended.Add(interval.To.UtcDateTime);
            _seconds.Add(interval.Seconds);
        }
    }

    private protected sealed class VmColumns(SharedColumns table)
    {
        private readonly TextColumn _vm = table.Text("vm");
        private readonly ValueColumn<int> _pid = table.Int("vm_pid");
        private readonly TextColumn _uuid = table.Text("vm_uuid"), _vmm = table.Text("vmm");
        private readonly TextColumn _namespace = table.Text("namespace"), _pod = table.Text("pod");
        private readonly ValueColumn<int> _vcpu = table.Int("vcpu");

        internal void Add(VmIdentity? vm, int? vcpu)
        {
            _vm.Add(vm?.Name);
            _pid.Add(vm?.OnlyPid);
            _uuid.Add(vm?.Labels.Uuid);
            _vmm.Add(vm?.Labels.Vmm);
            _namespace.Add(vm?.Labels.Namespace);
            _pod.Add(vm?.Labels.Pod);
            _vcpu.Add(vcpu);
        }
    }

    private protected sealed class ExitColumns(SharedColumns table)
    {
        private readonly ValueColumn<int> _level = table.Int("level");
        private readonly TextColumn _isa = table.Text("isa");
        private readonly ValueColumn<ulong> _code = table.Code("code");
        private readonly ValueColumn<int>[] _codes = [.. IsaInfo.AllCodeColumns.Select(table.Int)];
        private readonly TextColumn _reason = table.Text("reason");
        private readonly ValueColumn<bool> _idle = table.Flag("idle");
        private readonly TextColumn _qualifier = table.Text("qualifier"), _raw = table.Text("qualifier_raw");
        private readonly TextColumn _direction = table.Text("direction");

        internal void Add(GroupKey key)
        {
            CodeText code = table.TextOf(key.Code);
            _level.Add((int)key.Level);
            _isa.Add(code.Isa);
            _code.Add(code.Code);
            for (int i = 0; i < _codes.Length; i++) _codes[i].Add(code.Numbers[i]);
            _reason.Add(code.Reason);
            _idle.Add(Idleness.IsIdle(key));
            QualifierText? text = table.TextOf(key.Code, key.Qualifier);
            _qualifier.Add(text?.Name);
            _raw.Add(text?.Raw);
            _direction.Add(text?.Direction);
        }
    }

    // Without the guest's, which is in no exit, where they are those of exits.
    private protected sealed class PartColumns
    {
        private readonly (TimePart Part, ValueColumn<long> Column)[] _columns;

        internal PartColumns(SharedColumns table, bool withGuest) => _columns = [.. JsonParts.All
            .Where(p => withGuest || p.Part != TimePart.Guest).Select(p => (p.Part, table.Long(p.Name + "_ns")))];

        /// <summary>Parts that may be negative, in two's complement; what this kernel does not tell is null.</summary>
        internal void Add(in TimeParts? parts, IReadOnlyList<MissingSource> missing)
        {
            int count = missing.Count;
            TimeParts known = parts ?? default;
            foreach ((TimePart part, ValueColumn<long> column) in _columns)
                column.Add(parts is null || (count > 0 && Misses(missing, part)) ? null : (long)known[part]);
        }

        private static bool Misses(IReadOnlyList<MissingSource> missing, TimePart part)
        {
            // By index: an enumerator would be an object per row.
            for (int i = 0; i < missing.Count; i++)
                if (missing[i].Part == part) return true;
            return false;
        }
    }

    private CodeText TextOf(ExitCode code)
    {
        if (_texts.Count >= MostNames) _texts.Clear();
        ref CodeText? text = ref CollectionsMarshal.GetValueRefOrAddDefault(_texts, code, out _);
        return text ??= new CodeText(MachineNames.Of(code.Isa), MachineNames.Number(code),
            [.. IsaInfo.All.SelectMany(isa => isa.CodeColumns.Select((_, column) =>
                isa.Isa == code.Isa ? (int?)isa.CodeColumn(code.Code, column) : null))],
            ExitReasons.Name(code));
    }

    private QualifierText? TextOf(ExitCode code, Qualifier qualifier)
    {
        if (qualifier.State == QualifierState.None) return null;
        if (_qualifiers.Count >= MostNames) _qualifiers.Clear();
        ref QualifierText? text = ref CollectionsMarshal.GetValueRefOrAddDefault(_qualifiers, (code, qualifier), out _);
        return text ??= new QualifierText(Qualifiers.Name(code, qualifier), JsonParts.RawText(Qualifiers.MachineParts(code, qualifier)),
            Qualifiers.Direction(code, qualifier));
    }
}
