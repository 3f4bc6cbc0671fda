namespace Kvmscope.Core.Views;

/// <summary>One column of a <see cref="TextTable"/>.</summary>
/// <param name="Header">Its heading.</param>
internal sealed record TextColumn(string Header)
{
    /// <summary>A heading above the headings, shared with the columns beside it that have the same.</summary>
    internal string? Group { get; init; }

    /// <summary>Whether it is aligned to the left, and its texts may be shortened.</summary>
    internal bool Left { get; init; }

    /// <summary>Texts are not shortened below this width while another column could be left out instead.</summary>
    internal int Comfort { get; init; } = int.MaxValue;

    /// <summary>Left out when there is no room, the lowest first and equal ones together; 0 is never left out.</summary>
    internal int Drop { get; init; }
}
