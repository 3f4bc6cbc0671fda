using Kvmscope.ContractGen;

if (args.Length != 2)
{
    Console.Error.WriteLine("usage: ContractGen OBJECT.bpf.o OUT.cs");
    return 2;
}
File.WriteAllText(args[1], ContractWriter.Write(BtfReader.ReadElf(File.ReadAllBytes(args[0]))));
return 0;
