using Parquet.Schema;

namespace Kvmscope.Interchange.Parquet;

/// <summary>
/// A column that may have nulls. For its own Parquet.Net makes the nullable type of C#, which only its serializer of classes needs, and
/// which cannot be made ahead of time.
/// </summary>
/// <param name="name">Its name.</param>
/// <param name="type">The type of what is not null.</param>
internal sealed class OptionalField(string name, Type type) : DataField(name, type, isNullable: false)
{
    /// <inheritdoc/>
    public override bool IsNullable => true;
}

/// <summary>The same of times: whole nanoseconds, in UTC.</summary>
/// <param name="name">Its name.</param>
internal sealed class OptionalTimeField(string name)
    : DateTimeDataField(name, DateTimeFormat.Timestamp, isAdjustedToUTC: true, unit: DateTimeTimeUnit.Nanos, isNullable: false)
{
    /// <inheritdoc/>
    public override bool IsNullable => true;
}
