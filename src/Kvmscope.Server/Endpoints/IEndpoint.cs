using Kvmscope.Server.Http;

namespace Kvmscope.Server.Endpoints;

/// <summary>What answers at one path.</summary>
internal interface IEndpoint
{
    /// <summary>The path.</summary>
    string Path { get; }

    /// <summary>Whether it needs a token, where there are any.</summary>
    bool NeedsToken => true;

    /// <summary>Answers.</summary>
    /// <exception cref="Problem">It cannot be answered.</exception>
    Task AnswerAsync(Exchange exchange);
}
