using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Kvmscope.Core;
using Kvmscope.Server.Listening;
using static Kvmscope.Server.Tests.Certificates;

namespace Kvmscope.Server.Tests;

public sealed class TlsTests : IDisposable
{
    private readonly X509Certificate2 _ca = Ca("a CA"), _otherCa = Ca("another CA");
    private readonly TemporaryFile _certificate, _key, _caFile;

    public TlsTests()
    {
        using X509Certificate2 server = Of(_ca, "127.0.0.1", isServer: true);
        _certificate = new TemporaryFile(server.ExportCertificatePem());
        _key = new TemporaryFile(server.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        _caFile = new TemporaryFile(_ca.ExportCertificatePem());
    }

    [Fact]
    public async Task Clients_need_a_certificate_of_the_CA_that_is_named()
    {
        var settings = new ServerSettings
        {
            Socket = Loopback.Open(),
            Certificate = ServerCertificate.Read(_certificate.Path, _key.Path),
            ClientCas = ServerCertificate.ReadCas(_caFile.Path),
        };
        using var served = new Served(seconds: 1, settings: settings);
        using X509Certificate2 own = Of(_ca, "client", isServer: false), foreign = Of(_otherCa, "client", isServer: false),
            wrongUse = Of(_ca, "client", isServer: true);
        Assert.Equal(HttpStatusCode.OK, await Ask(served, own));
        Assert.Null(await Ask(served, foreign));
        Assert.Null(await Ask(served, wrongUse));
        Assert.Null(await Ask(served, null));
    }

    [Fact]
    public void Bad_files_are_one_line_and_status_2()
    {
        using var nonsense = new TemporaryFile("nonsense");
        using var otherKey = new TemporaryFile(ECDsa.Create(ECCurve.NamedCurves.nistP256).ExportPkcs8PrivateKeyPem());
        foreach ((string certificate, string key) in new[]
        {
            (nonsense.Path, _key.Path), (_certificate.Path, nonsense.Path), (_certificate.Path, otherKey.Path),
            ("/nonexistent", _key.Path), (_certificate.Path, "/nonexistent"),
        })
        {
            var error = Assert.Throws<KvmscopeException>(() => ServerCertificate.Read(certificate, key));
            Assert.Equal(ExitStatus.Usage, error.Status);
            Assert.DoesNotContain('\n', error.Message);
        }
        Assert.Equal(ExitStatus.Usage, Assert.Throws<KvmscopeException>(() => ServerCertificate.ReadCas(nonsense.Path)).Status);
    }

    // The status; null where there was no answer.
    private static async Task<HttpStatusCode?> Ask(Served served, X509Certificate2? certificate)
    {
        using var handler = new HttpClientHandler { ServerCertificateCustomValidationCallback = (_, _, _, _) => true };
        if (certificate is not null) handler.ClientCertificates.Add(certificate);
        using var client = new HttpClient(handler) { Timeout = TimeSpan.FromSeconds(60) };
        try
        {
            return (await client.GetAsync($"https://{served.EndPoint}/api/v1/host")).StatusCode;
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    public void Dispose()
    {
        foreach (IDisposable one in new IDisposable[] { _certificate, _key, _caFile, _ca, _otherCa }) one.Dispose();
    }
}
