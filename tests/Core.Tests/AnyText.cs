using CsCheck;

namespace Kvmscope.Core.Tests;

/// <summary>Hostile names of VMs: control characters, markup, halves of pairs, and plain text.</summary>
internal static class AnyText
{
    private const string Odd = "<>&\"'\0\n\r\t\e\u007f\u009b\u00ad\u200b\u2028\u202e\ud83d\ude00\udfff\ufeff\ufffd\ufffe\uffff";

    internal static Gen<string> Of(int most) =>
        Gen.Select(Gen.Int[0, 2], Gen.Int[0, 0xffff]).Select((kind, number) => kind switch
        {
            0 => Odd[number % Odd.Length],
            1 => (char)(' ' + (number % 95)),
            _ => (char)number,
        }).Array[0, most].Select(characters => new string(characters));
}
