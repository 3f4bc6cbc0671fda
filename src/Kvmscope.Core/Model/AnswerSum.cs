namespace Kvmscope.Core.Model;

/// <summary>What answers that follow one another are together, but for their rows.</summary>
internal static class AnswerSum
{
    /// <summary>An answer without rows that has their time, and all that they saw and lost; null where there are none.</summary>
    internal static Answer? Of(IReadOnlyList<Answer> answers)
    {
        if (answers.Count == 0) return null;
        Answer first = answers[0];
        Accounting trust = answers.Aggregate(new Accounting(), (sum, answer) => sum.Then(answer.Trust));
        return new Answer(first.Command, first.Started, answers.Sum(a => a.Seconds), [], trust)
        {
            UnknownReasons = answers.Aggregate(0UL, (sum, answer) => sum + answer.UnknownReasons),
            RestartedRows = answers.Sum(a => a.RestartedRows),
        };
    }
}
