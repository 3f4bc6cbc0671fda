using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Kvmscope.Core;
using Kvmscope.Server.Listening;

namespace Kvmscope.Server.Metrics.Otlp;

/// <summary>Whom a pusher trusts, and who it is.</summary>
public sealed record OtlpTls
{
    private OtlpTls()
    {
    }

    private X509Certificate2Collection? Cas { get; init; }

    private ServerCertificate? Own { get; init; }

    /// <summary>Reads the files.</summary>
    /// <param name="ca">The CAs of receivers; null for the system's.</param>
    /// <param name="certificate">The certificate of this host; null for none.</param>
    /// <param name="key">Its key.</param>
    /// <exception cref="KvmscopeException">They are not what they should be (status 2); or this host has no OpenSSL (status 1).</exception>
    public static OtlpTls Read(string? ca, string? certificate, string? key)
    {
        OpenSsl.Ensure();
        return new OtlpTls
        {
            Cas = ca is null ? null : ServerCertificate.ReadCas(ca, "--otlp-ca"),
            Own = certificate is null ? null : ServerCertificate.Read(certificate, key!, "--otlp"),
        };
    }

    /// <summary>Sends requests.</summary>
    /// <param name="tls">For HTTPS; null for HTTP.</param>
    internal static SocketsHttpHandler Handler(OtlpTls? tls)
    {
        var handler = new SocketsHttpHandler
        {
            // The headers are for this receiver.
            AllowAutoRedirect = false,
            UseCookies = false,
            MaxConnectionsPerServer = 1,
            // Its name may get another address.
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        };
        if (tls is not null) handler.SslOptions = tls.Options();
        return handler;
    }

    private SslClientAuthenticationOptions Options()
    {
        var policy = new X509ChainPolicy
        {
            RevocationMode = X509RevocationMode.NoCheck,
            // Nothing is fetched from where a certificate says.
            DisableCertificateDownloads = true,
        };
        if (Cas is not null)
        {
            policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            policy.CustomTrustStore.AddRange(Cas);
        }
        return new SslClientAuthenticationOptions
        {
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            CertificateChainPolicy = policy,
            ClientCertificateContext = Own is null ? null : SslStreamCertificateContext.Create(Own.Own, Own.Chain, offline: true),
        };
    }
}
