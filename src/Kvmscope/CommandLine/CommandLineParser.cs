using System.CommandLine;
using System.CommandLine.Parsing;
using Kvmscope.Core;

namespace Kvmscope.CommandLine;

/// <summary>
/// Parses command lines with System.CommandLine and writes its own error messages; docs/decisions/0003-command-line.md says
/// what is done before the library is called, and why.
/// </summary>
internal sealed class CommandLineParser
{
    private readonly IReadOnlyList<ICommand> _commands;
    private readonly Dictionary<string, Command> _symbols = [];
    private readonly Command _root = new("kvmscope");
    private readonly Option<bool> _help = OptionFactory.Switch("--help", "Show help.");
    private readonly Option<bool> _version = OptionFactory.Switch(ProgramHelp.VersionOption.Name, ProgramHelp.VersionOption.Says);
    private readonly Option<bool> _licenses = OptionFactory.Switch(ProgramHelp.LicensesOption.Name, ProgramHelp.LicensesOption.Says);

    // A VM or file may be called "@x", and most short options have a value.
    private readonly ParserConfiguration _configuration = new() { ResponseFileTokenReplacer = null, EnablePosixBundling = false };

    /// <summary>Makes a parser of these commands.</summary>
    public CommandLineParser(IReadOnlyList<ICommand> commands)
    {
        _commands = commands;
        _help.Recursive = true;
        _root.Options.Add(_help);
        _root.Options.Add(_version);
        _root.Options.Add(_licenses);
        foreach (ICommand command in commands)
        {
            var symbol = new Command(command.Help.Name);
            if (command.Argument is { } argument) symbol.Arguments.Add(argument);
            if (command.Words is { } words) symbol.Arguments.Add(words);
            foreach (Option option in command.Groups.SelectMany(g => g.Options)) symbol.Options.Add(option);
            _root.Subcommands.Add(symbol);
            _symbols.Add(command.Help.Name, symbol);
        }
    }

    /// <summary>Parses.</summary>
    /// <exception cref="Core.KvmscopeException">The command line is wrong (status 2).</exception>
    public ParsedLine Parse(string[] args)
    {
        if (args is ["help", .. var topic]) return new ParsedLine(LineKind.Help, Topic(topic));
        (string[] own, string[]? started) = SplitAtDashes(args);
        // The library would look for it among the command's options.
        if (own is [['-', ..] early, _, ..] && !IsRootOption(early)) throw Unknown(early, null);
        ParseResult result = _root.Parse(own, _configuration);
        ICommand? command = _commands.FirstOrDefault(c => _symbols[c.Help.Name] == result.CommandResult.Command);
        if (result.Has(_help)) return new ParsedLine(LineKind.Help, command);
        if (command is null)
        {
            if (result.UnmatchedTokens is [var unknown, ..]) throw Unknown(unknown, null);
            LineKind kind = result.Has(_version) ? LineKind.Version : result.Has(_licenses) ? LineKind.Licenses : LineKind.Nothing;
            return new ParsedLine(kind, null);
        }
        var invocation = new Invocation(command, result, started);
        Check(invocation, own);
        return new ParsedLine(LineKind.Command, command, invocation);
    }

    // Everything after the first "--" belongs to another program: the library would take it as this program's own argument.
    private static (string[] Own, string[]? Started) SplitAtDashes(string[] args)
    {
        int at = Array.IndexOf(args, "--");
        return at < 0 ? (args, null) : (args[..at], args[(at + 1)..]);
    }

    private ICommand? Topic(string[] topic)
    {
        if (topic is not [var name, ..] || name.StartsWith('-')) return null;
        return _commands.FirstOrDefault(c => c.Help.Name == name) ?? throw Unknown(name, null);
    }

    private bool IsRootOption(string word) =>
        new Option[] { _help, _version, _licenses }.Any(o => o.Name == word || o.Aliases.Contains(word));

    private void Check(Invocation invocation, string[] own)
    {
        // If the command has an argument, the library takes an unknown option for it.
        foreach (string word in invocation.Words.Concat(invocation.Argument is { } argument ? [argument] : []))
            if (word is ['-', _, ..] && !char.IsAsciiDigit(word[1])) throw Unknown(word, invocation.Command);
        foreach (OptionResult option in invocation.Result.CommandResult.Children.OfType<OptionResult>().Where(o => !o.Implicit))
            CheckOption(option, invocation.Command, own);
        if (invocation.Result.UnmatchedTokens is [var unknown, ..]) throw Unknown(unknown, invocation.Command);
        if (invocation.Started is not null && !invocation.Command.StartsCommand)
            throw UsageError.Of($"'{invocation.Command.Help.Name}' does not start a command", "Leave out -- and what follows it.");
        if (invocation.Result.Errors is [var error, ..]) throw UsageError.Of(error.Message.TrimEnd('.'), See(invocation.Command));
    }

    private static void CheckOption(OptionResult option, ICommand command, string[] own)
    {
        string name = option.Option.Name;
        string example = $"{name} {option.Option.HelpName}";
        if (option.Tokens.Count < option.Option.Arity.MinimumNumberOfValues)
            throw UsageError.Of($"{name} needs a value", $"Give one: {example}");
        if (option.Tokens.FirstOrDefault(t => IsOption(t.Value, command)) is { } swallowed)
            throw UsageError.Of($"{name} needs a value, and {swallowed.Value} is an option", $"Give one: {example}");
        if (option.Option.Arity.MaximumNumberOfValues == 0 && own.Any(a => a.StartsWith($"{name}=", StringComparison.Ordinal)))
            throw UsageError.Of($"{name} takes no value", $"Give {name} alone, or leave it out.");
        if (option.Option.Arity.MaximumNumberOfValues == 1 && option.Tokens.Count > 1)
            throw UsageError.Of($"{name} is given more than once", "Give it once.");
    }

    private static bool IsOption(string text, ICommand command) => OptionNames(command).Contains(text);

    private static IEnumerable<string> OptionNames(ICommand command) =>
        command.Groups.SelectMany(g => g.Options).SelectMany(o => o.Aliases.Append(o.Name)).Append("--help").Append("-h");

    private Exception Unknown(string word, ICommand? command)
    {
        if (!word.StartsWith('-'))
        {
            if (command is not null) return UsageError.Of($"'{word}' is one argument too many for '{command.Help.Name}'", See(command));
            IReadOnlyList<string> nearCommands = NearNames.Of(word, _commands.Where(c => !c.Hidden).Select(c => c.Help.Name));
            return UsageError.Of($"'{word}' is not a command",
                nearCommands.Count > 0 ? $"Did you mean {WordList.Or(nearCommands)}?" : See(null));
        }
        string option = word.Split('=')[0];
        if (command is null)
            return UsageError.Of($"{option} is not an option of kvmscope itself", "Options follow the command: kvmscope COMMAND [options]");
        string[] owners = [.. _commands.Where(c => OptionNames(c).Contains(option)).Select(c => c.Help.Name)];
        if (owners.Length > 0)
            return UsageError.Of($"'{command.Help.Name}' has no option {option}", $"It belongs to {WordList.Or(owners)}.");
        IReadOnlyList<string> near = NearNames.Of(option, OptionNames(command).Where(n => n.StartsWith("--", StringComparison.Ordinal)));
        return UsageError.Of($"unknown option {option}", near.Count > 0 ? $"Did you mean {WordList.Or(near)}?" : See(command));
    }

    private static string See(ICommand? command) =>
        command is null ? "See 'kvmscope --help'." : $"See 'kvmscope {command.Help.Name} --help'.";
}

/// <summary>A parsed command line.</summary>
/// <param name="Kind">What it asks for.</param>
/// <param name="Topic">The command to run or to show help about; null for the program.</param>
/// <param name="Invocation">The command line of the command to run, if there is one.</param>
internal sealed record ParsedLine(LineKind Kind, ICommand? Topic, Invocation? Invocation = null);

/// <summary>What a command line asks for.</summary>
internal enum LineKind
{
    /// <summary>To run a command.</summary>
    Command,

    /// <summary>Help, of the program or of a command.</summary>
    Help,

    /// <summary>The version.</summary>
    Version,

    /// <summary>The licences.</summary>
    Licenses,

    /// <summary>Nothing: the line has no command.</summary>
    Nothing,
}
