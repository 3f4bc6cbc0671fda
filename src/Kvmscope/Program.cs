Console.WriteLine("kvmscope");
