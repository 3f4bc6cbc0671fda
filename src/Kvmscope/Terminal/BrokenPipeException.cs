namespace Kvmscope.Terminal;

/// <summary>Nobody reads standard output any more (<c>| head</c>): the program ends quietly.</summary>
internal sealed class BrokenPipeException(Exception inner) : Exception("the reader of the output is gone", inner);
