using Kvmscope.Core.Model;

namespace Kvmscope.Core.Formats;

/// <summary>Writes answers, one after another, to the output that it was made for.</summary>
public interface IAnswerWriter
{
    /// <summary>Writes one answer. Flushes nothing: that is for the output's owner.</summary>
    /// <exception cref="IOException">The output cannot be written.</exception>
    void Write(Interval answer);
}
