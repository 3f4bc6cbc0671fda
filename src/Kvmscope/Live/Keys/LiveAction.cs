using System.Text;
using Kvmscope.Live.Screen;
using Kvmscope.Live.State;
using Kvmscope.Live.Views;

namespace Kvmscope.Live.Keys;

/// <summary>Something that the user can do: what handles keys, what help lists, and what the manual page has.</summary>
/// <param name="Topic">Under which heading it is listed.</param>
/// <param name="Keys">Its keys in words.</param>
/// <param name="What">What it does, as a phrase.</param>
/// <param name="Bindings">Its keys.</param>
/// <param name="Do">Does it.</param>
internal sealed record LiveAction(string Topic, string Keys, string What, IReadOnlyList<LiveBinding> Bindings, LiveDo Do)
{
    /// <summary>In which mode these keys mean this.</summary>
    public LiveMode Mode { get; init; } = LiveMode.Table;

    /// <summary>Its key and its name in the last line of the screen; null where it is not there.</summary>
    public (string Key, string Name)? Short { get; init; }

    /// <summary>Whether an input means this.</summary>
    public bool Has(LiveInput input)
    {
        foreach (LiveBinding binding in Bindings)
            if (binding.Has(input)) return true;
        return false;
    }
}

/// <summary>A key.</summary>
/// <param name="Key">Which one.</param>
/// <param name="Character">Which character; null for any.</param>
internal readonly record struct LiveBinding(LiveKey Key, Rune? Character = null)
{
    /// <summary>A character's key.</summary>
    public static LiveBinding Of(char character) => new(LiveKey.Character, new Rune(character));

    /// <summary>Whether an input is this key.</summary>
    public bool Has(LiveInput input) =>
        input.Key == Key && (Key != LiveKey.Character || Character is not { } one || one == input.Character);
}

/// <summary>Does something.</summary>
/// <param name="state">The state before.</param>
/// <param name="turn">What it is about.</param>
internal delegate LiveResult LiveDo(LiveState state, LiveTurn turn);

/// <summary>What an action is about.</summary>
/// <param name="Frame">What was drawn last.</param>
/// <param name="Rows">Its rows.</param>
/// <param name="Start">The state at the beginning.</param>
/// <param name="Input">The key.</param>
internal readonly record struct LiveTurn(LiveFrame Frame, LiveRows Rows, LiveState Start, LiveInput Input);

/// <summary>What becomes of an action.</summary>
/// <param name="State">The state after it.</param>
/// <param name="Effect">What the program has to do.</param>
internal readonly record struct LiveResult(LiveState State, LiveEffect Effect = LiveEffect.Draw)
{
    /// <summary>Only another state.</summary>
    public static implicit operator LiveResult(LiveState state) => new(state);
}
