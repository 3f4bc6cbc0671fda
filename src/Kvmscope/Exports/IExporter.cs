namespace Kvmscope.Exports;

/// <summary>Writes one format.</summary>
internal interface IExporter
{
    /// <summary>Writes what a walk gives. If it is interrupted, what is not whole is not kept.</summary>
    /// <returns>What was written, as the end of a sentence: <c>120 rows</c>.</returns>
    /// <exception cref="Core.KvmscopeException">The output cannot be written (status 1 or 2).</exception>
    string Run(ExportWalk walk);
}
