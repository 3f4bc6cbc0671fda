namespace Kvmscope.Commands;

/// <summary>How a count compares with what the guest did.</summary>
internal enum DemoVerdict
{
    /// <summary>As many as the guest made.</summary>
    Equal,

    /// <summary>Not as many.</summary>
    Differs,

    /// <summary>The host's own, such as interrupts: the guest cannot know how many.</summary>
    Host,
}
