using System.Globalization;

namespace Kvmscope.Host.Checks;

/// <summary>
/// The first two numbers of a kernel release: 6.12 of <c>6.12.107+deb13-amd64</c>. Distributions backport changes, so the number does not
/// say everything: ask BTF where it has the answer.
/// </summary>
/// <param name="Major">6 of 6.12.</param>
/// <param name="Minor">12 of 6.12.</param>
public readonly record struct KernelVersion(int Major, int Minor)
{
    /// <summary>Reads a release as uname(2) gives it; false if it does not begin with two numbers.</summary>
    public static bool TryParse(ReadOnlySpan<char> release, out KernelVersion version)
    {
        version = default;
        int dot = release.IndexOf('.');
        if (dot <= 0 || !TryNumber(release[..dot], out int major)) return false;
        ReadOnlySpan<char> rest = release[(dot + 1)..];
        int end = rest.IndexOfAnyExceptInRange('0', '9');
        if (!TryNumber(end < 0 ? rest : rest[..end], out int minor)) return false;
        version = new KernelVersion(major, minor);
        return true;
    }

    /// <summary>Whether this is the given version or a newer one.</summary>
    public bool IsAtLeast(int major, int minor) => Major > major || (Major == major && Minor >= minor);

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Major}.{Minor}");

    private static bool TryNumber(ReadOnlySpan<char> text, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
