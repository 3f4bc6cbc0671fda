using System.Globalization;
using Kvmscope.Core;

namespace Kvmscope.Server.Http;

/// <summary>A request that cannot be answered, as RFC 9457 has it.</summary>
/// <param name="type">The kind of problem, for programs.</param>
/// <param name="detail">What is wrong with this request; may have foreign text.</param>
/// <param name="hint">What to do.</param>
internal sealed class Problem(ProblemType type, string detail, string? hint = null) : Exception(detail)
{
    /// <summary>The kind.</summary>
    public ProblemType Type => type;

    /// <summary>What to do; null where nothing can be done.</summary>
    public string? Hint => hint;

    /// <summary>The parameter that is wrong; null where it is none.</summary>
    public string? Parameter { get; init; }

    /// <summary>A value of a parameter that makes no sense.</summary>
    public static Problem Bad(string parameter, string detail, string? hint = null) =>
        new(ProblemType.BadParameter, detail, hint) { Parameter = parameter };

    /// <summary>The same, from an error of the command line's parsers.</summary>
    public static Problem Bad(string parameter, KvmscopeException error) => Bad(parameter, error.Message, error.Hint);

    /// <summary>The answer would be too large.</summary>
    public static Problem TooMuch(string detail) =>
        new(ProblemType.TooMuch, detail, "Ask for less: a shorter time, a longer step, some VMs, or fewer kinds of rows (rows=).");

    /// <summary>The answer would have too many of something.</summary>
    public static Problem TooMuch(long has, int most, string what) =>
        TooMuch(string.Create(CultureInfo.InvariantCulture, $"that are {has} {what}, and an answer has at most {most}"));
}

/// <summary>A kind of problem.</summary>
/// <param name="Name">The end of its URN.</param>
/// <param name="Status">The status of the answer.</param>
/// <param name="Title">What it is, the same for all of the kind.</param>
internal sealed record ProblemType(string Name, int Status, string Title)
{
    public static readonly ProblemType BadParameter = new("bad-parameter", 400, "a parameter makes no sense");
    public static readonly ProblemType TooMuch = new("too-much", 400, "the answer would be too large");
    public static readonly ProblemType BadRequest = new("bad-request", 400, "this is not a request that can be answered");
    public static readonly ProblemType NoToken = new("no-token", 401, "a token is needed");
    public static readonly ProblemType WrongHost = new("wrong-host", 403, "Host is not this server");
    public static readonly ProblemType WrongOrigin = new("wrong-origin", 403, "another site's page asks");
    public static readonly ProblemType NotFound = new("not-found", 404, "there is no such thing here");
    public static readonly ProblemType NoSuchVm = new("no-such-vm", 404, "there is no such VM");
    public static readonly ProblemType Method = new("method", 405, "only GET and HEAD are answered");
    public static readonly ProblemType TooManyStreams = new("too-many-streams", 429, "there are too many streams");
    public static readonly ProblemType Internal = new("internal", 500, "this is a defect of kvmscope");
    public static readonly ProblemType Busy = new("busy", 503, "too much is asked at once");
    public static readonly ProblemType TooSlow = new("too-slow", 503, "the answer took too long");

    /// <summary>All of them.</summary>
    public static IReadOnlyList<ProblemType> All { get; } =
    [
        BadParameter, TooMuch, BadRequest, NoToken, WrongHost, WrongOrigin, NotFound, NoSuchVm, Method, TooManyStreams, Internal, Busy,
        TooSlow,
    ];

    /// <summary>Its URN.</summary>
    public string Urn => "urn:kvmscope:problem:" + Name;
}
