using System.IO.Pipelines;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace Kvmscope.Server.Listening;

/// <summary>
/// HTTPS: what comes through a connection goes through an <see cref="SslStream"/> first. Kestrel's own way to this needs services of a
/// host, which there is none of here.
/// </summary>
/// <param name="certificate">The server's certificate.</param>
/// <param name="clientCas">Clients need a certificate of one of these; null where they need none.</param>
internal sealed class TlsConnections(ServerCertificate certificate, X509Certificate2Collection? clientCas)
{
    private static readonly TimeSpan s_handshake = TimeSpan.FromSeconds(10), s_farewell = TimeSpan.FromSeconds(1);

    private readonly SslServerAuthenticationOptions _options = new()
    {
        ServerCertificateContext = SslStreamCertificateContext.Create(certificate.Own, certificate.Chain, offline: true),
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        ApplicationProtocols = [SslApplicationProtocol.Http11],
        AllowRenegotiation = false,
        ClientCertificateRequired = clientCas is not null,
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        RemoteCertificateValidationCallback = clientCas is null ? null : (_, client, chain, _) =>
            client is X509Certificate2 known && ServerCertificate.IsOf(known, clientCas, chain),
    };

    /// <summary>Ends connections that have no TLS, or whose client may not connect.</summary>
    public ConnectionDelegate Wrap(ConnectionDelegate next) => async connection =>
    {
        IDuplexPipe plain = connection.Transport;
        await using var stream = new SslStream(new PipeStream(plain), leaveInnerStreamOpen: false);
        if (!await ShakesHandsAsync(connection, stream).ConfigureAwait(false)) return;
        connection.Features.Set<ITlsConnectionFeature>(new Tls());
        var wrapped = new Pipes(
            PipeReader.Create(stream, new StreamPipeReaderOptions(leaveOpen: true)),
            PipeWriter.Create(stream, new StreamPipeWriterOptions(leaveOpen: true)));
        connection.Transport = wrapped;
        try
        {
            await next(connection).ConfigureAwait(false);
            await stream.ShutdownAsync().WaitAsync(s_farewell).ConfigureAwait(false);
        }
        catch (Exception error) when (error is IOException or TimeoutException or ObjectDisposedException or InvalidOperationException)
        {
            // The client has left.
        }
        finally
        {
            await wrapped.Input.CompleteAsync().ConfigureAwait(false);
            connection.Transport = plain;
        }
    };

    private async Task<bool> ShakesHandsAsync(ConnectionContext connection, SslStream stream)
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(connection.ConnectionClosed);
        late.CancelAfter(s_handshake);
        try
        {
            await stream.AuthenticateAsServerAsync(_options, late.Token).ConfigureAwait(false);
            return true;
        }
        catch (Exception error) when (error is AuthenticationException or IOException or OperationCanceledException
            or InvalidOperationException)
        {
            connection.Abort(new ConnectionAbortedException("no TLS, or not from this client"));
            return false;
        }
    }

    private sealed record Pipes(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    // Says that it is HTTPS.
    private sealed class Tls : ITlsConnectionFeature
    {
        public X509Certificate2? ClientCertificate { get; set; }

        public Task<X509Certificate2?> GetClientCertificateAsync(CancellationToken cancellationToken) => Task.FromResult(ClientCertificate);
    }

    // A connection as a stream.
    private sealed class PipeStream(IDuplexPipe pipe) : Stream
    {
        private readonly Stream _input = pipe.Input.AsStream(leaveOpen: true), _output = pipe.Output.AsStream(leaveOpen: true);

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            _input.ReadAsync(buffer, cancellationToken);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            _output.WriteAsync(buffer, cancellationToken);

        public override Task FlushAsync(CancellationToken cancellationToken) => _output.FlushAsync(cancellationToken);

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
