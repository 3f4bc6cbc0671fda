using System.Text.Json;
using Kvmscope.Core.Exits;

namespace Kvmscope.Core.Formats;

/// <summary>
/// An exit's code in JSON: <c>isa</c>, <c>code</c>, and on arm64 <c>ret</c> and <c>ec</c>, of which <c>code</c> is the class (0 where it is
/// no trap).
/// </summary>
public static class JsonCode
{
    /// <summary>Writes the members.</summary>
    public static void Write(Utf8JsonWriter json, ExitCode code)
    {
        json.WriteString("isa", MachineNames.Of(code.Isa));
        json.WriteNumber("code", MachineNames.Number(code));
        IsaInfo isa = IsaInfo.Of(code.Isa);
        for (int column = 0; column < isa.CodeColumns.Count; column++)
        {
            if (isa.CodeColumn(code.Code, column) is { } number) json.WriteNumber(isa.CodeColumns[column], number);
            else json.WriteNull(isa.CodeColumns[column]);
        }
        json.WriteString("reason", ExitReasons.Name(code));
    }
}
