namespace Kvmscope.Core.Sources;

/// <summary>The service manager that started this program and wants to hear of it: sd_notify(3).</summary>
public interface IServiceManager : IDisposable
{
    /// <summary>Within which time <see cref="Alive"/> must be called again and again; null: it need not be called.</summary>
    TimeSpan? Watchdog { get; }

    /// <summary>Says that the program does now what it was started for.</summary>
    void Ready();

    /// <summary>Says that it still does.</summary>
    void Alive();

    /// <summary>Says that it is about to end.</summary>
    void Stopping();
}
