using Kvmscope.Core.Captures;
using Kvmscope.Core.Exits;

namespace Kvmscope.Interchange.Tests;

/// <summary>Captures made of events, in either byte order: what real captures do not have.</summary>
internal static class MadeCapture
{
    internal const int ExitId = 1440, EntryId = 1449;

    private const string Common = "format:\n\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
        + "\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"
        + "\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n";

    private const string ExitFormat = "name: kvm_exit\nID: 1440\n" + Common
        + "\tfield:unsigned int exit_reason;\toffset:8;\tsize:4;\tsigned:0;\n"
        + "\tfield:unsigned long guest_rip;\toffset:16;\tsize:8;\tsigned:0;\n"
        + "\tfield:u32 isa;\toffset:24;\tsize:4;\tsigned:0;\n\nprint fmt: \"\"\n";

    private const string EntryFormat = "name: kvm_entry\nID: 1449\n" + Common
        + "\tfield:unsigned int vcpu_id;\toffset:8;\tsize:4;\tsigned:0;\n\nprint fmt: \"\"\n";

    internal static CapturedEvent Exit(long ns, int tid, ulong code, int cpu = 0) => new()
    {
        Kind = CapturedKind.Exit,
        Ns = ns,
        Tid = tid,
        Pid = 7,
        Cpu = cpu,
        Vcpu = CapturedEvent.Unknown,
        Code = new ExitCode(Isa.Vmx, code),
        Rip = 0x1000 + code,
    };

    internal static CapturedEvent Entry(long ns, int tid, int vcpu, int cpu = 0) =>
        new() { Kind = CapturedKind.Entry, Ns = ns, Tid = tid, Pid = 7, Cpu = cpu, Vcpu = vcpu };

    internal static CapturedEvent Lost(long ns, ulong count) => new() { Kind = CapturedKind.Lost, Ns = ns, Value = count };

    /// <summary>The record that the kernel writes.</summary>
    internal static byte[] Record(in CapturedEvent e, bool isBigEndian)
    {
        ByteWriter record = new(isBigEndian);
        record.U16(e.Kind == CapturedKind.Exit ? ExitId : EntryId).U16(0).U32(e.Tid);
        if (e.Kind == CapturedKind.Exit) record.U32((long)e.Code.Code).U32(0).U64(e.Rip ?? 0).U32((int)e.Code.Isa).U32(0);
        else record.U32(e.Vcpu).U32(0);
        return record.ToArray();
    }

    /// <summary>Formats as they are in perf.data and at the beginning of trace.dat 6.</summary>
    internal static byte[] TracingData(bool isBigEndian, string version = "6", int commitBytes = 8)
    {
        var data = new ByteWriter(isBigEndian);
        data.Bytes([0x17, 0x08, 0x44]).Bytes("tracing"u8).Text(version).U8(isBigEndian ? (byte)1 : (byte)0).U8(8).U32(4096);
        data.Text("header_page").Block("\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n"
            + $"\tfield: local_t commit;\toffset:8;\tsize:{commitBytes};\tsigned:1;\n"
            + $"\tfield: char data;\toffset:{8 + commitBytes};\tsize:4080;\tsigned:0;\n");
        data.Text("header_event").Block("# compressed entry header\n");
        data.U32(1).Block("name: function\nID: 1\n");
        data.U32(2).Text("sched").U32(0).Text("kvm").U32(2).Block(ExitFormat).Block(EntryFormat);
        return data.U32(0).U32(0).U64(0).ToArray();
    }

    /// <summary>A perf.data; null among the events ends a round.</summary>
    /// <param name="events">The events, in the order of the file.</param>
    /// <param name="isBigEndian">The byte order.</param>
    /// <param name="isTwice">Whether each event was recorded by two events of perf.</param>
    internal static byte[] PerfData(IEnumerable<CapturedEvent?> events, bool isBigEndian = false, bool isTwice = false)
    {
        const int header = 104, attribute = 136 + 16;
        ulong[] configs = isTwice ? [ExitId, EntryId, ExitId, EntryId] : [ExitId, EntryId];
        int ids = header, attributes = ids + (8 * configs.Length), begin = attributes + (attribute * configs.Length);
        var data = new ByteWriter(isBigEndian);
        foreach (CapturedEvent? each in events) AddRecord(data, each, isTwice);
        byte[] tracing = TracingData(isBigEndian);
        var file = new ByteWriter(isBigEndian);
        file.Bytes(isBigEndian ? "2ELIFREP"u8 : "PERFILE2"u8).U64(header).U64(attribute)
            .U64((ulong)attributes).U64((ulong)(attribute * configs.Length)).U64((ulong)begin).U64((ulong)data.Length).U64(0).U64(0)
            .U64(1 << 1).U64(0).U64(0).U64(0);
        for (ulong id = 1; id <= (ulong)configs.Length; id++) file.U64(id);
        for (int i = 0; i < configs.Length; i++)
        {
            // IDENTIFIER, TID, TIME, CPU, RAW.
            file.U32(2).U32(136).U64(configs[i]).U64(1).U64(0x10486).U64(0).U64(isBigEndian ? 1UL << (63 - 18) : 1 << 18);
            file.Bytes(new byte[136 - 48]).U64((ulong)(ids + (8 * i))).U64(8);
        }
        file.Bytes(data.ToArray());
        return file.U64((ulong)file.Length + 16).U64((ulong)tracing.Length).Bytes(tracing).ToArray();
    }

    /// <summary>A trace.dat 6; the events of each CPU are in the order of time.</summary>
    internal static byte[] TraceDat(IReadOnlyCollection<CapturedEvent> events, int cpus, bool isBigEndian = false, int commitBytes = 8)
    {
        var file = new ByteWriter(isBigEndian);
        file.Bytes(TracingData(isBigEndian, "6", commitBytes)).U32(cpus).Bytes("flyrecord\0"u8);
        byte[][] buffers = [.. Enumerable.Range(0, cpus).Select(cpu => Pages(events.Where(e => e.Cpu == cpu), isBigEndian, commitBytes))];
        long at = (file.Length + (16 * cpus) + 4095) / 4096 * 4096;
        foreach (byte[] buffer in buffers)
        {
            file.U64((ulong)at).U64((ulong)buffer.Length);
            at += buffer.Length;
        }
        file.Bytes(new byte[(4096 - (file.Length % 4096)) % 4096]);
        foreach (byte[] buffer in buffers) file.Bytes(buffer);
        return file.ToArray();
    }

    private static void AddRecord(ByteWriter data, CapturedEvent? each, bool isTwice)
    {
        if (each is not { } e)
        {
            data.U32(68).U16(0).U16(8);
            return;
        }
        if (e.Kind == CapturedKind.Lost)
        {
            data.U32(2).U16(0).U16(8 + 16 + 32).U64(1).U64(e.Value).U32(-1).U32(-1).U64((ulong)e.Ns).U64(0).U64(1);
            return;
        }
        byte[] raw = Record(e, data.IsBigEndian);
        int padded = (raw.Length + 4 + 7) / 8 * 8;
        for (ulong copy = 0; copy < (isTwice ? 2UL : 1UL); copy++)
        {
            data.U32(9).U16(0).U16(8 + 32 + padded).U64((e.Kind == CapturedKind.Exit ? 1UL : 2UL) + (2 * copy)).U32(e.Pid).U32(e.Tid)
                .U64((ulong)e.Ns + copy).U32(e.Cpu).U32(0).U32(padded - 4).Bytes(raw).Bytes(new byte[padded - 4 - raw.Length]);
        }
    }

    private static byte[] Pages(IEnumerable<CapturedEvent> events, bool isBigEndian, int commitBytes)
    {
        var pages = new ByteWriter(isBigEndian);
        ByteWriter page = new(isBigEndian);
        ulong begin = 0, last = 0, missed = 0;
        foreach (CapturedEvent e in events)
        {
            if (e.Kind == CapturedKind.Lost)
            {
                Flush();
                missed = e.Value;
                begin = last = (ulong)e.Ns;
                continue;
            }
            if (page.Length > 3900) Flush();
            if (page.Length == 0 && missed == 0) begin = last = (ulong)e.Ns;
            byte[] record = Record(e, isBigEndian);
            ulong delta = (ulong)e.Ns - last;
            last = (ulong)e.Ns;
            if (delta >= 1 << 27) page.U32(Head(30, (uint)(delta & 0x7ff_ffff))).U32((long)(delta >> 27));
            page.U32(Head((uint)record.Length / 4, delta >= 1 << 27 ? 0 : (uint)delta)).Bytes(record);
        }
        Flush();
        return pages.ToArray();

        void Flush()
        {
            if (page.Length == 0 && missed == 0) return;
            ulong flags = missed > 0 ? 3UL << 30 : 0;
            pages.U64(begin);
            if (commitBytes == 8) pages.U64((ulong)page.Length | flags);
            else pages.U32((long)((ulong)page.Length | flags));
            pages.Bytes(page.ToArray());
            if (missed > 0) _ = commitBytes == 8 ? pages.U64(missed) : pages.U32((long)missed);
            pages.Bytes(new byte[(4096 - (pages.Length % 4096)) % 4096]);
            page = new ByteWriter(isBigEndian);
            missed = 0;
        }

        long Head(uint type, uint delta) => isBigEndian ? type << 27 | delta : delta << 5 | type;
    }
}
