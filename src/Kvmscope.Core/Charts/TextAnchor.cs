namespace Kvmscope.Core.Charts;

/// <summary>Which end of a text stands where it is put.</summary>
internal enum TextAnchor
{
    Start,
    Middle,
    End,
}
