using Kvmscope.CommandLine;
using Kvmscope.Core;
using Kvmscope.Live.Views;

namespace Kvmscope.Live.State;

/// <summary>How a live screen begins, as options say it.</summary>
internal static class LiveStart
{
    /// <summary>The state of options; what is null is not given.</summary>
    /// <param name="view"><c>--view</c>: a view's name.</param>
    /// <param name="sort"><c>--sort</c>: a column's name, of that view.</param>
    /// <param name="filter"><c>--filter</c>: a part of a name.</param>
    /// <exception cref="KvmscopeException">There is no such view, or it has no such column (status 2).</exception>
    public static LiveState Read(string? view, string? sort, string? filter)
    {
        LiveView shown = view is null ? LiveView.Vms : LiveViews.Parse("--view", view);
        return new LiveState
        {
            View = shown,
            Sort = sort is null ? null : new LiveSort(Column(shown, sort)),
            Filter = filter ?? "",
        };
    }

    /// <summary>The columns that a view can be ordered by.</summary>
    public static IReadOnlyList<string> Columns(LiveView view) => [.. LiveRows.Of(view).Orders];

    private static string Column(LiveView view, string text)
    {
        IReadOnlyList<string> known = Columns(view);
        return known.FirstOrDefault(name => name.Equals(text.Trim(), StringComparison.OrdinalIgnoreCase))
            ?? throw UsageError.NotOneOf("--sort", text, known);
    }
}
