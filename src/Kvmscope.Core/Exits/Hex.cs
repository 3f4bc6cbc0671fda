using System.Globalization;

namespace Kvmscope.Core.Exits;

/// <summary>Numbers that have no name.</summary>
internal static class Hex
{
    /// <summary><c>0x1f</c>.</summary>
    internal static string Of(ulong number) => "0x" + number.ToString("x", CultureInfo.InvariantCulture);
}
