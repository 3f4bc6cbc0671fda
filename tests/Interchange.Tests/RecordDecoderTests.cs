using System.Buffers.Binary;
using Kvmscope.Core.Captures;
using Kvmscope.Core.Exits;
using Kvmscope.Interchange.Formats;

namespace Kvmscope.Interchange.Tests;

public sealed class RecordDecoderTests
{
    // events/kvm/kvm_exit/format of Debian's 7.2 for riscv64.
    private const string RiscvExit = """
        name: kvm_exit
        ID: 1430
        format:
        	field:unsigned short common_type;	offset:0;	size:2;	signed:0;
        	field:unsigned char common_flags;	offset:2;	size:1;	signed:0;
        	field:unsigned char common_preempt_count;	offset:3;	size:1;	signed:0;
        	field:int common_pid;	offset:4;	size:4;	signed:1;

        	field:unsigned long sepc;	offset:8;	size:8;	signed:0;
        	field:unsigned long scause;	offset:16;	size:8;	signed:0;
        	field:unsigned long stval;	offset:24;	size:8;	signed:0;
        	field:unsigned long htval;	offset:32;	size:8;	signed:0;
        	field:unsigned long htinst;	offset:40;	size:8;	signed:0;

        print fmt: "SEPC:0x%lx", REC->sepc
        """;

    [Theory]
    [InlineData(48, true)]
    [InlineData(24, true)] // stval is not in it
    [InlineData(23, false)]
    public void An_exit_of_riscv64_is_read_as_far_as_its_record_goes(int length, bool isRead)
    {
        byte[] record = new byte[48];
        BinaryPrimitives.WriteUInt16LittleEndian(record, 1430);
        ulong[] fields = [0x8000_0040, 1UL << 63 | 5, 0x1050_0073, 0x2000_0000, 0];
        for (int i = 0; i < fields.Length; i++) BinaryPrimitives.WriteUInt64LittleEndian(record.AsSpan(8 + 8 * i), fields[i]);
        var decoder = new RecordDecoder(isBigEndian: false);
        decoder.Add(EventFormat.Parse(RiscvExit)!);
        CapturedEvent e = default;
        Assert.Equal(isRead, decoder.TryRead(record.AsSpan(0, length), ref e));
        if (!isRead) return;
        Assert.Equal((new ExitCode(Isa.Riscv64, 1UL << 63 | 5), 0x8000_0040UL), (e.Code, e.Rip));
        Assert.Equal(length == 48, e.HasInfo);
        if (e.HasInfo) Assert.Equal((0x1050_0073UL, 0x2000_0000UL), (e.Info1, e.Info2));
    }
}
