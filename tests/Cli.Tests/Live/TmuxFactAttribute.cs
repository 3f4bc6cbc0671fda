namespace Kvmscope.Tests.Live;

/// <summary>
/// A test in a real terminal, which tmux is. Without tmux it is skipped with the reason; if CI is set, it runs nevertheless and fails,
/// because nobody would notice a skip there.
/// </summary>
internal sealed class TmuxFactAttribute : FactAttribute
{
    public TmuxFactAttribute() => Skip = TmuxTerminal.WhyNot;
}

/// <summary>The same with arguments, and with more programs that it needs.</summary>
internal sealed class TmuxTheoryAttribute : TheoryAttribute
{
    public TmuxTheoryAttribute(params string[] programs) => Skip = TmuxTerminal.WhyNotWith(programs);
}
