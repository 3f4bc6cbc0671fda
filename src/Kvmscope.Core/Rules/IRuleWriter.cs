namespace Kvmscope.Core.Rules;

/// <summary>Writes results, one set after another, to the output that it was made for.</summary>
public interface IRuleWriter
{
    /// <summary>Writes what became of the rules. Flushes nothing: that is for the output's owner.</summary>
    /// <exception cref="IOException">The output cannot be written.</exception>
    void Write(IReadOnlyList<RuleResult> results);
}
