using Kvmscope.Core.Model;

namespace Kvmscope.Core.Formats;

/// <summary>Writes slow exits, one line each, to the output that it was made for.</summary>
public interface ISlowExitWriter
{
    /// <summary>Writes one. Flushes nothing: that is for the output's owner.</summary>
    /// <exception cref="IOException">The output cannot be written.</exception>
    void Write(in SlowExit exit);
}
