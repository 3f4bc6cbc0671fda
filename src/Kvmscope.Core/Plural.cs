using System.Globalization;

namespace Kvmscope.Core;

/// <summary>A number and its noun.</summary>
internal static class Plural
{
    /// <summary><c>1 exit</c>, <c>2 exits</c>.</summary>
    internal static string Of(ulong number, string one, string many) =>
        string.Create(CultureInfo.InvariantCulture, $"{number} {(number == 1 ? one : many)}");
}
