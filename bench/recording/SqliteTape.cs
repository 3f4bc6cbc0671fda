using System.Buffers.Binary;
using Kvmscope.Core.Model;
using Microsoft.Data.Sqlite;

namespace Kvmscope.RecordingBench;

/// <summary>
/// The alternative: a table of rows in SQLite, in WAL mode, one transaction per interval, histograms as blobs of varints.
/// </summary>
internal sealed class SqliteTape : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _insert;
    private readonly Dictionary<GroupKey, long> _series = [];

    internal SqliteTape(string path, bool isDurable)
    {
        _connection = new SqliteConnection($"Data Source={path};Pooling=False");
        _connection.Open();
        Execute($"PRAGMA journal_mode=WAL; PRAGMA synchronous={(isDurable ? "FULL" : "OFF")};");
        Execute("CREATE TABLE series(id INTEGER PRIMARY KEY, vm INT, vcpu INT, isa INT, code INT, level INT, qualifier INT);"
            + "CREATE TABLE sample(interval INT, series INT, count INT, timed INT, total_ns INT, max_ns INT, kvm INT, "
            + "vmm INT, hist BLOB, PRIMARY KEY(interval, series)) WITHOUT ROWID;");
        _insert = _connection.CreateCommand();
        _insert.CommandText = "INSERT INTO sample VALUES($1,$2,$3,$4,$5,$6,$7,$8,$9)";
        for (int i = 1; i <= 9; i++) _insert.Parameters.Add(new SqliteParameter($"${i}", null));
    }

    internal void Add(Interval interval)
    {
        using SqliteTransaction transaction = _connection.BeginTransaction();
        _insert.Transaction = transaction;
        foreach (Row row in interval.Changes)
        {
            object[] values =
            [
                interval.First, SeriesOf(row.Key, transaction), (long)row.Count, (long)row.Timed, (long)row.TotalNs, (long)row.MaxNs,
                (long)row.Parts!.Value[TimePart.Kvm], (long)row.Parts.Value[TimePart.Vmm], Blob(row.Bins),
            ];
            for (int i = 0; i < values.Length; i++) _insert.Parameters[i].Value = values[i];
            _insert.ExecuteNonQuery();
        }
        transaction.Commit();
    }

    /// <summary>Sums all rows by series, as a report does, because SQL cannot add up blobs.</summary>
    internal static int Sum(string path)
    {
        using var connection = new SqliteConnection($"Data Source={path};Mode=ReadOnly;Pooling=False");
        connection.Open();
        using SqliteCommand select = connection.CreateCommand();
        select.CommandText = "SELECT series, count, total_ns, max_ns, hist FROM sample";
        using SqliteDataReader reader = select.ExecuteReader();
        var sums = new Dictionary<long, (long Count, long Ns, long Max, ulong[] Bins)>();
        byte[] blob = new byte[2048];
        while (reader.Read())
        {
            long series = reader.GetInt64(0);
            if (!sums.TryGetValue(series, out (long Count, long Ns, long Max, ulong[] Bins) sum))
                sum.Bins = new ulong[HistogramLayout.BinCount];
            long length = reader.GetBytes(4, 0, blob, 0, blob.Length);
            for (int at = 0; at < length; at += 5) sum.Bins[blob[at]] += BinaryPrimitives.ReadUInt32LittleEndian(blob.AsSpan(at + 1));
            sums[series] = (sum.Count + reader.GetInt64(1), sum.Ns + reader.GetInt64(2), Math.Max(sum.Max, reader.GetInt64(3)), sum.Bins);
        }
        return sums.Count;
    }

    public void Dispose()
    {
        _insert.Dispose();
        _connection.Dispose();
    }

    private long SeriesOf(GroupKey key, SqliteTransaction transaction)
    {
        if (_series.TryGetValue(key, out long id)) return id;
        id = _series.Count + 1;
        using SqliteCommand insert = _connection.CreateCommand();
        insert.Transaction = transaction;
        insert.CommandText = $"INSERT INTO series VALUES({id},{key.Vm},{key.Vcpu},{(int)key.Code.Isa},{(long)key.Code.Code},"
            + $"{(int)key.Level},{(long)key.Qualifier.Raw})";
        insert.ExecuteNonQuery();
        _series.Add(key, id);
        return id;
    }

    // One byte for the bin and four for its count, which is enough for this workload.
    private static byte[] Blob(Histogram bins)
    {
        byte[] blob = new byte[bins.Counts.Length * 5];
        for (int i = 0; i < bins.Counts.Length; i++)
        {
            blob[i * 5] = (byte)(bins.Low + i);
            BinaryPrimitives.WriteUInt32LittleEndian(blob.AsSpan((i * 5) + 1), (uint)bins.Counts[i]);
        }
        return blob;
    }

    private void Execute(string sql)
    {
        using SqliteCommand command = _connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
