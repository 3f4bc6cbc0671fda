using System.Text.RegularExpressions;
using k8s;
using k8s.Models;
using Kvmscope.CommandLine;
using Kvmscope.Host.Privileges;
using YamlDotNet.RepresentationModel;

namespace Kvmscope.Tests.Deploy;

/// <summary>
/// What is under deploy/kubernetes: Kubernetes' own types read it and know each field (they are generated from its OpenAPI), and what it
/// gives and says is what the program needs and knows.
/// </summary>
public sealed partial class KubernetesTests
{
    private static readonly string s_folder = Path.Combine(DocsBlock.Root, "deploy/kubernetes");

    // Of the custom resource definitions of the Prometheus operator 0.84 and of kustomize 5: those that are used here.
    private static readonly Dictionary<string, string[]> s_otherFields = new()
    {
        ["ServiceMonitor"] = ["apiVersion", "kind", "metadata", "metadata.name", "metadata.labels",
            "metadata.labels.app.kubernetes.io/name", "spec", "spec.jobLabel", "spec.selector", "spec.selector.matchLabels",
            "spec.selector.matchLabels.app.kubernetes.io/name",
            "spec.endpoints", "spec.endpoints.port", "spec.endpoints.path", "spec.endpoints.interval", "spec.endpoints.scheme",
            "spec.endpoints.authorization", "spec.endpoints.authorization.type", "spec.endpoints.authorization.credentials",
            "spec.endpoints.authorization.credentials.name", "spec.endpoints.authorization.credentials.key",
            "spec.endpoints.relabelings", "spec.endpoints.relabelings.action", "spec.endpoints.relabelings.sourceLabels",
            "spec.endpoints.relabelings.targetLabel", "spec.endpoints.relabelings.regex"],
        ["Kustomization"] = ["apiVersion", "kind", "namespace", "resources", "images", "images.name", "images.newName", "images.newTag"],
        ["Component"] = ["apiVersion", "kind", "resources", "patches", "patches.path"],
    };

    public static TheoryData<string> Files => new(Directory.EnumerateFiles(s_folder, "*.yaml", SearchOption.AllDirectories)
        .Select(file => Path.GetRelativePath(s_folder, file)).Order());

    private static V1DaemonSet DaemonSet => Objects("daemonset.yaml").OfType<V1DaemonSet>().Single();

    private static V1PodSpec Pod => DaemonSet.Spec.Template.Spec;

    private static V1Container Container => Assert.Single(Pod.Containers);

    [Theory]
    [MemberData(nameof(Files))]
    public void Each_field_is_known(string file)
    {
        var yaml = new YamlStream();
        yaml.Load(new StringReader(Text(file)));
        foreach (YamlDocument document in yaml.Documents)
        {
            string kind = (string)document.RootNode["kind"]!;
            if (s_otherFields.TryGetValue(kind, out string[]? fields))
                Assert.All(Paths(document.RootNode, "").Distinct(), path => Assert.Contains(path, fields));
            else
                Assert.NotEmpty(Objects(file));
        }
    }

    [Fact]
    public void An_unknown_field_is_found() => Assert.ThrowsAny<Exception>(
        () => KubernetesYaml.LoadAllFromString(Text("daemonset.yaml").Replace("hostPID", "hostPid"), strict: true));

    [Fact]
    public void Files_that_are_named_are_there()
    {
        foreach (string file in Directory.EnumerateFiles(s_folder, "kustomization.yaml", SearchOption.AllDirectories))
        {
            var yaml = new YamlStream();
            yaml.Load(new StringReader(File.ReadAllText(file)));
            var root = (YamlMappingNode)yaml.Documents[0].RootNode;
            IEnumerable<string> names = Items(root, "resources").Select(item => (string)item!)
                .Concat(Items(root, "patches").Select(item => (string)item["path"]!));
            Assert.All(names, name => Assert.True(File.Exists(Path.Combine(Path.GetDirectoryName(file)!, name)), name));
        }
    }

    [Fact]
    public void It_has_the_capabilities_of_the_unit_and_those_for_locked_memory_and_to_become_another_user()
    {
        string unit = File.ReadAllText(Path.Combine(DocsBlock.Root, "packaging/systemd/kvmscope-serve.service"));
        string[] needed = [.. UnitCapabilities().Match(unit).Groups[1].Value.Split(' ').Select(name => name["CAP_".Length..])];
        string[] given = [.. Container.SecurityContext.Capabilities.Add];
        Assert.Equal(needed.Concat(["SYS_RESOURCE", "SETUID", "SETGID"]).Order(), given.Order());
        Assert.Equal(["ALL"], Container.SecurityContext.Capabilities.Drop);
        // They are those that the program asks for by name.
        Assert.All(needed, name => Assert.True(Enum.TryParse<Capability>(name.Replace("_", ""), ignoreCase: true, out _), name));
        // The page that says why names each.
        string readme = Text("README.md");
        Assert.All(given, name => Assert.Contains(name, readme, StringComparison.Ordinal));
    }

    [Fact]
    public void It_is_no_more_open_than_it_must_be()
    {
        V1SecurityContext security = Container.SecurityContext;
        Assert.True(Pod is { HostPID: true, HostNetwork: true, AutomountServiceAccountToken: false });
        Assert.Null(Pod.HostIPC);
        Assert.True(security is { Privileged: false, ReadOnlyRootFilesystem: true, RunAsUser: 0 });
        Assert.Equal("RuntimeDefault", Pod.SecurityContext.SeccompProfile.Type);
        Assert.All(Pod.Volumes, volume => Assert.NotNull(volume.Secret));
        Assert.All(Pod.Volumes, volume => Assert.Equal(256, volume.Secret.DefaultMode));
        Assert.All(Container.VolumeMounts, mount => Assert.True(mount.ReadOnlyProperty));
        Assert.NotNull(Container.Resources.Limits["memory"]);
    }

    [Theory]
    [InlineData("daemonset.yaml")]
    [InlineData("tls/daemonset.yaml")]
    public void The_program_understands_its_arguments(string file)
    {
        V1PodSpec pod = Objects(file).OfType<V1DaemonSet>().Single().Spec.Template.Spec;
        string[] arguments = [.. Assert.Single(pod.Containers).Args];
        Assert.Equal("serve", arguments[0]);
        Assert.Equal(LineKind.Command, new CommandLineParser(Application.Commands()).Parse(arguments).Kind);
        // Files are in what is mounted.
        string[] mounted = [.. pod.Containers[0].VolumeMounts.Concat(Container.VolumeMounts).Select(mount => mount.MountPath + "/")];
        Assert.All(arguments.Where(argument => argument[0] == '/'), argument =>
            Assert.Contains(mounted, folder => argument.StartsWith(folder, StringComparison.Ordinal)));
        // TLS adds to them, and leaves none out.
        Assert.Equal(Container.Args, arguments.Take(Container.Args.Count));
    }

    [Fact]
    public void Ports_and_probes_fit_together()
    {
        V1ContainerPort port = Assert.Single(Container.Ports);
        Assert.EndsWith($":{port.ContainerPort}", Container.Args[Container.Args.IndexOf("--listen") + 1], StringComparison.Ordinal);
        V1ServicePort service = Assert.Single(Objects("service.yaml").OfType<V1Service>().Single().Spec.Ports);
        Assert.Equal((port.Name, port.ContainerPort, port.Name), (service.Name, service.Port, service.TargetPort.Value));
        (V1Probe Probe, string Path)[] probes =
            [(Container.StartupProbe, "/readyz"), (Container.ReadinessProbe, "/readyz"), (Container.LivenessProbe, "/healthz")];
        Assert.All(probes, probe => Assert.Equal((probe.Path, port.Name, "HTTP"),
            (probe.Probe.HttpGet.Path, probe.Probe.HttpGet.Port.Value, probe.Probe.HttpGet.Scheme)));
    }

    [Fact]
    public void Labels_secrets_and_the_image_are_the_same_everywhere()
    {
        const string label = "app.kubernetes.io/name";
        Assert.Equal("kvmscope", DaemonSet.Spec.Selector.MatchLabels[label]);
        Assert.Equal("kvmscope", DaemonSet.Spec.Template.Metadata.Labels[label]);
        Assert.Equal("kvmscope", Objects("service.yaml").OfType<V1Service>().Single().Spec.Selector[label]);
        Assert.Contains($"label: {label}=kvmscope", File.ReadAllText(Path.Combine(s_folder, "../prometheus/prometheus-kubernetes.yml")));
        string version = Regex.Match(File.ReadAllText(Path.Combine(DocsBlock.Root, "Directory.Build.props")),
            "<VersionPrefix>(.*)</VersionPrefix>").Groups[1].Value;
        Assert.Equal($"kvmscope:{version}", Container.Image);
        Assert.Contains($"newTag: {version}", Text("kustomization.yaml"), StringComparison.Ordinal);
        Assert.Contains($"`kvmscope:{version}`", Text("README.md"), StringComparison.Ordinal);
        string secret = Assert.Single(Pod.Volumes).Secret.SecretName;
        Assert.Contains($"create secret generic {secret} ", Text("README.md"), StringComparison.Ordinal);
        Assert.Contains($"name: {secret}", Text("monitoring/servicemonitor.yaml"), StringComparison.Ordinal);
    }

    private static string Text(string file) => File.ReadAllText(Path.Combine(s_folder, file));

    private static List<object> Objects(string file) => KubernetesYaml.LoadAllFromString(Text(file), strict: true);

    private static IEnumerable<YamlNode> Items(YamlMappingNode node, string key) =>
        node.Children.TryGetValue(key, out YamlNode? items) ? (YamlSequenceNode)items : [];

    private static IEnumerable<string> Paths(YamlNode node, string under) => node switch
    {
        YamlMappingNode map => map.Children.SelectMany(child => Paths(child.Value, $"{under}{child.Key}.").Prepend($"{under}{child.Key}")),
        YamlSequenceNode list => list.Children.SelectMany(item => Paths(item, under)),
        _ => [],
    };

    [GeneratedRegex("^AmbientCapabilities=(.*)$", RegexOptions.Multiline)]
    private static partial Regex UnitCapabilities();
}
