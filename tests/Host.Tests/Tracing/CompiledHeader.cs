using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Kvmscope.Host.Tests.Tracing;

/// <summary>A pure header of bpf/, compiled for this machine.</summary>
public abstract class CompiledHeader : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("kvmscope-reason-").FullName;
    private readonly nint _library;

    /// <summary>Compiles it.</summary>
    /// <param name="header">Its path in bpf/.</param>
    /// <param name="functions">Functions in C that call it, each exported.</param>
    private protected CompiledHeader(string header, string functions)
    {
        string source = Path.Combine(_folder, "reason.c"), library = Path.Combine(_folder, "reason.so");
        File.WriteAllText(source, $"""
            #include <linux/types.h>
            typedef __u32 u32;
            typedef __u64 u64;
            #include "contract.h"
            #include "{header}"
            {functions}

            """);
        using var clang = Process.Start(
            "clang", ["-shared", "-fPIC", "-O2", "-I" + Path.Combine(Root(), "bpf"), source, "-o", library]);
        clang.WaitForExit();
        Assert.Equal(0, clang.ExitCode);
        _library = NativeLibrary.Load(library);
    }

    private protected nint Export(string function) => NativeLibrary.GetExport(_library, function);

    /// <inheritdoc/>
    public void Dispose()
    {
        NativeLibrary.Free(_library);
        Directory.Delete(_folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    private static string Root([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", ".."));
}
