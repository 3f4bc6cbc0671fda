using System.CommandLine;
using System.CommandLine.Completions;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Output;
using Kvmscope.Core.Sources;

namespace Kvmscope.CommandLine.Completion;

/// <summary>What may stand where a command line is being typed: made of what --help is made of.</summary>
/// <param name="commands">The commands.</param>
/// <param name="host">The host; asked only where its VMs or its ISA are completed.</param>
internal sealed class Completer(IReadOnlyList<ICommand> commands, Func<IHost> host)
{
    private static readonly Candidate s_help = new("--help", "Show help.");

    /// <summary>What may stand in place of the last word.</summary>
    /// <param name="words">The words after the program's name, as far as the cursor; the last one may be empty.</param>
    public Completions Of(IReadOnlyList<string> words)
    {
        if (words.Count == 0) return Completions.None;
        string word = words[^1];
        if (words.Count == 1) return Choose(word, [.. Names(), s_help, .. ProgramHelp.Options.Select(o => new Candidate(o.Name, o.Says))]);
        if (words[0] == "help") return words.Count == 2 ? Choose(word, Names()) : Completions.None;
        if (commands.FirstOrDefault(c => c.Help.Name == words[0]) is not { } command) return Completions.None;
        string[] before = [.. words.Take(words.Count - 1).Skip(1)];
        int dashes = Array.IndexOf(before, "--");
        if (dashes >= 0)
            return !command.StartsCommand ? Completions.None : dashes == before.Length - 1 ? Completions.OfPrograms : Completions.OfFiles;
        Option[] options = [.. command.Groups.SelectMany(group => group.Options)];
        if (before is [.., var last] && Named(options, last) is { } given && TakesValue(given)) return Values(given, word);
        if (word.IndexOf('=') is > 0 and var at && Named(options, word[..at]) is { } option && TakesValue(option))
            return Values(option, word[(at + 1)..]).After(word[..(at + 1)]);
        if (word.StartsWith('-')) return Choose(word, Options(options, before));
        Completions arguments = Arguments(command, word, Count(options, before));
        return word.Length == 0 && arguments == Completions.None ? Choose(word, Options(options, before)) : arguments;
    }

    // How many arguments are typed already.
    private static int Count(Option[] options, string[] before)
    {
        int count = 0;
        for (int i = 0; i < before.Length; i++)
            if (!before[i].StartsWith('-')) count++;
            else if (Named(options, before[i]) is { } option && TakesValue(option)) i++;
        return count;
    }

    private IEnumerable<Candidate> Names() =>
        commands.Where(command => !command.Hidden).Select(command => new Candidate(command.Help.Name, command.Help.Summary))
            .Append(new("help", "Show help about a command"));

    // Those that can still be given.
    private static IEnumerable<Candidate> Options(Option[] options, string[] before) => options
        .Where(option => option.Arity.MaximumNumberOfValues > 1 || !before.Any(word => IsName(option, word.Split('=')[0])))
        .Select(option => new Candidate(option.Name, option.Description ?? "")).Append(s_help);

    private Completions Arguments(ICommand command, string word, int before)
    {
        Argument? argument = (Argument?)command.Argument ?? command.Words;
        if (argument is null || before >= argument.Arity.MaximumNumberOfValues) return Completions.None;
        IEnumerable<Candidate> listed = Listed(argument.CompletionSources);
        return argument.Name switch
        {
            // What is done with a file is typed after it.
            "FILE" or "A" => Choose(word, before > 0 ? listed : []) with { HasFiles = true },
            "REASON" => List(word, [.. Reasons(word), .. listed]),
            _ => listed.Any() ? Choose(word, listed) : Completions.None,
        };
    }

    private Completions Values(Option option, string word)
    {
        string value = option.HelpName ?? "";
        Candidate[] listed = [.. Listed(option.CompletionSources)];
        if (listed.Length == 0 && value != FilterOptions.VmValue && value.Contains('|'))
            listed = [.. value.Split('|').Select(name => new Candidate(name, ""))];
        if (listed.Length > 0) return value.Contains(',') ? List(word, listed) : Choose(word, listed);
        return value switch
        {
            FilterOptions.VmValue => Choose(word, Vms()),
            FilterOptions.ReasonValue => List(word, Reasons(word)),
            "FILE" or "DIR" or "OUT" => Completions.OfFiles,
            _ => Completions.None,
        };
    }

    private static IEnumerable<Candidate> Listed(IEnumerable<Func<CompletionContext, IEnumerable<CompletionItem>>> sources) =>
        sources.SelectMany(source => source(CompletionContext.Empty)).Select(item => new Candidate(item.Label, ""));

    // A name that cannot be shown as it is cannot be typed either.
    private IEnumerable<Candidate> Vms() => host().Machines()
        .SelectMany(machine => machine.Vms.Select(vm => new Candidate(vm.Name, $"{machine.Vmm}, pid {machine.Pid}")))
        .Where(candidate => ForeignText.Clean(candidate.Text) == candidate.Text);

    // Who types them in lower case goes on in lower case.
    private IEnumerable<Candidate> Reasons(string typed)
    {
        bool isLower = typed[(typed.LastIndexOf(',') + 1)..].Any(char.IsAsciiLetterLower);
        foreach (IsaInfo isa in IsaInfo.Candidates(host().Isa))
            foreach (ExitReasonInfo reason in isa.Reasons)
                yield return new Candidate(isLower ? reason.Name.ToLowerInvariant() : reason.Name,
                    $"{isa.DisplayName} {ExitReasons.NumberText(new ExitCode(isa.Isa, reason.Number))}");
    }

    // Of a list with commas the last item is completed.
    private static Completions List(string word, IEnumerable<Candidate> candidates)
    {
        int from = word.LastIndexOf(',') + 1;
        string[] before = word[..from].Split(',');
        return Choose(word[from..], candidates.Where(c => !before.Contains(c.Text, StringComparer.OrdinalIgnoreCase))).After(word[..from]);
    }

    private static Completions Choose(string word, IEnumerable<Candidate> candidates) =>
        new([.. candidates.Where(c => c.Text.StartsWith(word, StringComparison.Ordinal)).DistinctBy(c => c.Text)]);

    private static Option? Named(Option[] options, string word) => Array.Find(options, option => IsName(option, word));

    private static bool IsName(Option option, string word) => option.Name == word || option.Aliases.Contains(word);

    private static bool TakesValue(Option option) => option.Arity.MaximumNumberOfValues > 0;
}

/// <summary>One word that may stand there.</summary>
/// <param name="Text">The word.</param>
/// <param name="Says">What it is; may be empty.</param>
internal sealed record Candidate(string Text, string Says);

/// <summary>What may stand in a place.</summary>
/// <param name="Candidates">The words.</param>
/// <param name="HasFiles">Whether also the name of a file.</param>
/// <param name="HasPrograms">Whether also the name of a program.</param>
internal sealed record Completions(IReadOnlyList<Candidate> Candidates, bool HasFiles = false, bool HasPrograms = false)
{
    /// <summary>Nothing is known.</summary>
    internal static Completions None { get; } = new([]);

    /// <summary>Files.</summary>
    internal static Completions OfFiles { get; } = new([], HasFiles: true);

    /// <summary>Programs.</summary>
    internal static Completions OfPrograms { get; } = new([], HasPrograms: true);

    /// <summary>The same behind what was typed before in the same word.</summary>
    internal Completions After(string typed) =>
        this with { Candidates = [.. Candidates.Select(candidate => candidate with { Text = typed + candidate.Text })] };
}
