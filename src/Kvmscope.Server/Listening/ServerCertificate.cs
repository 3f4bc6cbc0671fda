using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Kvmscope.Core;

namespace Kvmscope.Server.Listening;

/// <summary>A certificate with its key, and those between it and its CA.</summary>
/// <param name="Own">The certificate, with its key.</param>
/// <param name="Chain">The others of its file.</param>
public sealed record ServerCertificate(X509Certificate2 Own, X509Certificate2Collection Chain)
{
    /// <summary>Reads PEM files.</summary>
    /// <exception cref="KvmscopeException">They cannot be read, are not what they should be, or do not belong together (status 2); or this
    /// host has no OpenSSL (status 1).</exception>
    /// <param name="certificate">The file of the certificate.</param>
    /// <param name="key">The file of its key.</param>
    /// <param name="options">The options that name them begin with this.</param>
    public static ServerCertificate Read(string certificate, string key, string options = "--tls")
    {
        string pem = Text(options + "-cert", certificate), keyPem = Text(options + "-key", key);
        return Try(options + "-cert", certificate, () =>
        {
            var chain = new X509Certificate2Collection();
            chain.ImportFromPem(pem);
            if (chain.Count == 0) throw new CryptographicException("it has no certificate");
            return new ServerCertificate(WithKey(certificate, options + "-key", key, pem, keyPem), chain);
        });
    }

    /// <summary>Reads the certificates of CAs.</summary>
    /// <exception cref="KvmscopeException">As for <see cref="Read"/>.</exception>
    public static X509Certificate2Collection ReadCas(string path, string option = "--tls-client-ca")
    {
        string pem = Text(option, path);
        return Try(option, path, () =>
        {
            var cas = new X509Certificate2Collection();
            cas.ImportFromPem(pem);
            return cas.Count > 0 ? cas : throw new CryptographicException("it has no certificate");
        });
    }

    /// <summary>Whether a client's certificate is of one of these CAs, and meant for clients.</summary>
    internal static bool IsOf(X509Certificate2 client, X509Certificate2Collection cas, X509Chain? sent)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(cas);
        // Nothing is fetched from where a certificate says.
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid("1.3.6.1.5.5.7.3.2"));
        if (sent is not null) chain.ChainPolicy.ExtraStore.AddRange(sent.ChainPolicy.ExtraStore);
        return chain.Build(client);
    }

    private static X509Certificate2 WithKey(string path, string option, string keyPath, string pem, string key)
    {
        try
        {
            return X509Certificate2.CreateFromPem(pem, key);
        }
        catch (Exception error) when (error is CryptographicException or ArgumentException)
        {
            throw new KvmscopeException(ExitStatus.Usage, $"{option} '{keyPath}' is not the key of '{path}', or is encrypted",
                "Give the key as PEM, without a password.", error);
        }
    }

    private static string Text(string option, string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            string why = error is UnauthorizedAccessException ? "permission denied"
                : error is FileNotFoundException or DirectoryNotFoundException ? "there is no such file" : "it cannot be read";
            throw new KvmscopeException(ExitStatus.Usage, $"{option} '{path}': {why}", "Give a PEM file that this user can read.", error);
        }
    }

    private static T Try<T>(string option, string path, Func<T> read)
    {
        OpenSsl.Ensure();
        try
        {
            return read();
        }
        catch (Exception error) when (error is CryptographicException or ArgumentException)
        {
            throw new KvmscopeException(ExitStatus.Usage, $"{option} '{path}' has no certificate that can be read",
                "Give a PEM file: it has lines such as -----BEGIN CERTIFICATE-----.", error);
        }
    }
}
