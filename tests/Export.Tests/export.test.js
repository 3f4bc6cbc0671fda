// @ts-check
// What others read in an export is what 'report' says of the recording.
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { tmpdir } from 'node:os';
import { after, before, test } from 'node:test';
import * as fleet from './lib/fleet.js';
import { duckdb, hyparquet, kvmscope, limited, report } from './lib/kvmscope.js';

const here = new URL('.', import.meta.url).pathname;
const folder = mkdtempSync(`${tmpdir()}/kvmscope-export-`);
/** @type {Awaited<ReturnType<typeof duckdb>>} */
let db;

before(async () => {
    db = await duckdb(folder);
    cpSync(`${here}/../Page.Tests/nested-boot.kvmscope`, `${folder}/nested.kvmscope`);
    cpSync(`${here}/../Cli.Tests/Live/three-vms.kvmscope`, `${folder}/three-vms.kvmscope`);
    for (const [name, capture] of [
        ['svm', 'svm61-all.data'],
        ['vmx', 'vmx61-tracefs.txt'],
        ['arm64', 'arm61-tracefs.txt'],
    ]) {
        writeFileSync(`${folder}/${capture}`, gunzipSync(readFileSync(`${here}/../Interchange.Tests/Captures/${capture}.gz`)));
        kvmscope(folder, 'import', capture, '-o', `${name}.kvmscope`, '--slower', '1ms');
    }
    mkdirSync(`${folder}/recordings`);
    fleet.write(`${folder}/recordings`);
});
after(() => rmSync(folder, { recursive: true }));

const parts = ['kvm', 'vmm', 'runq', 'halt', 'poll', 'sleep', 'unattributed'];

/** @param {any} value */
const number = (value) => (value === null || value === undefined ? null : Number(value));

/** Rows as text, in an order of their own. @param {any[][]} rows */
const sorted = (rows) => rows.map((row) => JSON.stringify(row.map((v) => (typeof v === 'bigint' ? Number(v) : (v ?? null))))).sort();

/** As docs/export.md says: where other parts are more than the wall clock, the largest gives way. @param {any[]} row */
function levelled(row) {
    const figures = row.slice(3).map(number);
    for (let less = -Number(figures[7]); less > 0; less = -Number(figures[7])) {
        const largest = figures.indexOf(Math.max(...figures.map(Number)));
        const taken = Math.min(less, Number(figures[largest]));
        figures[7] = taken - less;
        figures[largest] = Number(figures[largest]) - taken;
    }
    return [...row.slice(0, 3), ...figures];
}

/** What 'report' says of rows of one kind. @param {any} answer @param {string} kind @param {(row: any) => any[]} figures */
const told = (answer, kind, figures) => sorted(answer.rows.filter((/** @type {any} */ row) => row.row === kind).map(figures));

/** @param {string} to @param {string[]} options */
const parquet = (to, ...options) => kvmscope(folder, 'export', ...options, '--to', 'parquet', '-o', to);

// 'nested' is a real host with L2, 'three-vms' a made one; the others are imports, of which one is in the middle of an exit at its end.
for (const { name, isSplit, isNested } of [
    { name: 'nested', isSplit: true, isNested: true },
    { name: 'three-vms', isSplit: true, isNested: true },
    { name: 'svm', isSplit: true, isNested: true },
    { name: 'vmx', isSplit: false, isNested: true },
    { name: 'arm64', isSplit: false, isNested: false },
]) {
    const recording = `${name}.kvmscope`;

    test(`${name}: exits by reason`, async () => {
        parquet(`${name}.parquet`, recording);
        const whole = report(folder, recording, 'time', '--by', 'vcpu,reason,level');
        const keys = ['vm', 'vm_pid', 'vcpu', 'isa', 'code', 'reason', 'level'];
        const own = await db.rows(
            `select ${keys}, sum(count), sum(total_ns), max(max_ns) from '${name}.parquet' group by all having sum(count) > 0 or sum(timed) > 0`,
        );
        assert.deepEqual(
            sorted(own),
            told(whole, 'reason', (row) => [...keys.map((key) => row[key]), row.count, row.total_ns, row.max_ns]),
        );
        const total = await db.rows(`select sum(count), sum(total_ns), max(max_ns) from '${name}.parquet'`);
        assert.deepEqual(
            sorted(total),
            told(whole, 'total', (row) => [row.count, row.total_ns, row.max_ns]),
        );
        if (!isNested) return;
        const answer = report(folder, recording, 'time', '--by', 'vcpu,level', '--nested');
        const nested = await db.rows(
            `select vm, vcpu, reason, sum(timed) - sum(reflected), sum(reflected), round(sum(round_total_ns) / nullif(sum(rounds), 0))
             from '${name}.parquet' where level = 2 group by all having sum(count) > 0`,
        );
        assert.deepEqual(
            sorted(nested),
            told(answer, 'reason', (row) => [row.vm, row.vcpu, row.reason, row.handled, row.reflected, row.round_avg_ns]),
        );
    });

    test(`${name}: exits by qualifier, with their parts`, async () => {
        const answer = report(folder, recording, 'time', ...(isSplit ? ['--split'] : []), '--top', '1000000', '--by', 'vm,level,qualifier');
        const keys = ['vm', 'reason', 'level', 'qualifier', 'qualifier_raw', 'direction'];
        // What is open has no qualifier yet: 'report' counts it in such a table when it ends.
        const own = await db.rows(
            `select ${keys}, sum(count), sum(total_ns), ${parts.map((part) => `coalesce(sum(${part}_ns), 0)`)}
             from '${name}.parquet' where not open group by all`,
        );
        assert.deepEqual(
            sorted(own),
            told(answer, 'reason', (row) => [
                ...keys.map((key) => (key === 'qualifier_raw' && row[key] !== null ? String(row[key]) : row[key])),
                row.count,
                row.total_ns,
                ...parts.map((part) => row.parts_ns?.[part] ?? 0),
            ]),
        );
    });

    test(`${name}: histograms`, async () => {
        const answer = report(folder, recording, 'hist', '--by', 'reason,level');
        const own = await db.rows(
            `select reason, level, low, sum(n) from (
                select reason, level, unnest(hist_low_ns) low, unnest(hist_count) n from '${name}.parquet') group by all`,
        );
        const expected = answer.rows
            .filter((/** @type {any} */ row) => row.row === 'reason')
            .flatMap((/** @type {any} */ row) => row.buckets.map((/** @type {any} */ b) => [row.reason, row.level, b.low_ns, b.count]));
        assert.deepEqual(sorted(own), sorted(expected));
    });

    test(`${name}: wall clocks`, async () => {
        if (!isSplit) {
            assert.throws(() => parquet(`${name}-vcpus.parquet`, recording, '--table', 'vcpus'), /has no split of the wall clock/);
            return;
        }
        const answer = report(folder, recording, 'time', '--split', '--by', 'vcpu');
        parquet(`${name}-vcpus.parquet`, recording, '--table', 'vcpus');
        const all = ['guest', ...parts];
        const own = await db.rows(
            `select vm, vcpu, sum(wall_ns), ${all.map((part) => `sum(${part}_ns)`)} from '${name}-vcpus.parquet' group by all having sum(wall_ns) > 0`,
        );
        assert.deepEqual(
            sorted(own.map(levelled)),
            told(answer, 'wall', (row) => [row.vm, row.vcpu, row.wall_ns, ...all.map((part) => row.parts_ns[part])]),
        );
    });

    test(`${name}: slow exits`, async () => {
        parquet(`${name}-slow.parquet`, recording, '--table', 'slow');
        const lines = kvmscope(folder, 'report', recording, 'slower', '--format', 'json')
            .trim()
            .split('\n')
            .map((line) => JSON.parse(line));
        const keys = ['vm', 'vm_pid', 'vcpu', 'tid', 'level', 'code', 'reason', 'duration_ns', 'qualifier', 'rip', 'cpu_exit', 'cpu_entry'];
        const own = await db.rows(
            `select epoch_us(time), ${keys}, ${parts.map((part) => `${part}_ns`)}, ran_instead, ran_instead_pid from '${name}-slow.parquet'`,
        );
        const expected = lines
            .filter((line) => line.schema === 'kvmscope/slower/1')
            .map((line) => [
                Date.parse(line.time) * 1000 + Number(line.time.slice(23, 26)),
                // What is not known is a number there.
                ...keys.map((key) => ((key === 'vm_pid' && line[key] === 0) || (key === 'vcpu' && line[key] < 0) ? null : line[key])),
                ...parts.map((part) => line.parts_ns?.[part]),
                line.ran_instead?.name,
                line.ran_instead?.pid,
            ]);
        assert.deepEqual(sorted(own), sorted(expected));
    });

    test(`${name}: intervals and their losses`, async () => {
        parquet(`${name}-intervals.parquet`, recording, '--table', 'intervals');
        const { trust, seconds } = report(folder, recording, 'count');
        const losses = ['unpaired_exits', 'unpaired_entries', 'final_exits', 'lost_events', 'dropped_exits', 'lost_records'];
        const [[length, ...own]] = await db.rows(`select sum(seconds), ${losses.map((l) => `sum(${l})`)} from '${name}-intervals.parquet'`);
        assert.deepEqual(
            own.map(number),
            losses.map((loss) => trust[loss] ?? 0),
        );
        assert.ok(Math.abs(length - seconds) < 1e-6);
    });

    test(`${name}: hyparquet reads the same, of both compressions`, async () => {
        parquet(`${name}-snappy.parquet`, recording, '--compression', 'snappy');
        const own = await db.rows(`select * from '${name}.parquet'`);
        for (const file of [`${name}.parquet`, `${name}-snappy.parquet`]) {
            const rows = await hyparquet(`${folder}/${file}`);
            assert.equal(rows.length, own.length);
            const sum = (/** @type {string} */ of) => rows.reduce((all, row) => all + BigInt(row[of] ?? 0), 0n);
            const columns = ['count', 'total_ns', 'kvm_ns', 'halt_ns', 'reflected'];
            const [expected] = await db.rows(`select ${columns.map((c) => `coalesce(sum(${c}), 0)::bigint`)} from '${name}.parquet'`);
            assert.deepEqual(columns.map(sum), expected.map(BigInt));
            const bins = rows.reduce(
                (all, row) => all + (row.hist_count ?? []).reduce((/** @type {bigint} */ a, /** @type {bigint} */ b) => a + b, 0n),
                0n,
            );
            const [[timed]] = await db.rows(`select sum(list_sum(hist_count))::bigint from '${name}.parquet'`);
            assert.equal(bins, BigInt(timed));
        }
    });
}

test('a part of a recording, and coarser intervals, have the figures of report', async () => {
    const part = ['--vm', 'lab-l1', '--reason', 'CPUID,MSR', '--level', 'l2', '--from', '+5s', '--to', '+20s'];
    parquet('part.parquet', 'nested.kvmscope', ...part);
    parquet('coarse.parquet', 'nested.kvmscope', ...part, '--interval', '2s');
    const expected = told(report(folder, 'nested.kvmscope', 'time', ...part), 'total', (row) => [row.count, row.total_ns, row.max_ns]);
    for (const name of ['part', 'coarse'])
        assert.deepEqual(sorted(await db.rows(`select sum(count), sum(total_ns), max(max_ns) from '${name}.parquet'`)), expected);
    const [[fine], [coarse]] = [
        ...(await db.rows(`select count(*) from 'part.parquet'`)),
        ...(await db.rows(`select count(*) from 'coarse.parquet'`)),
    ];
    assert.ok(coarse < fine);
});

for (const [format, ...options] of [['parquet'], ['perfetto'], ['openmetrics', '--interval', '250ms'], ['csv'], ['json']])
    test(`${format}: where it cannot be written it says so and leaves nothing`, () => {
        const place = mkdtempSync(`${folder}/full-`);
        const line = ['export', `${folder}/nested.kvmscope`, '--to', format, '-o', 'out', ...options].join(' ');
        // No file may have more than 4 kB.
        const { status, stderr } = limited(place, line);
        assert.deepEqual([status, readdirSync(place)], [1, []]);
        assert.match(
            stderr,
            /^kvmscope: cannot write .*: the file is too large \(for 'ulimit -f', or for its file system\)\n {2}Nothing of it is kept; free some space, .*\n$/,
        );
    });

test('the columns are those of docs/export.md', async () => {
    const page = readFileSync(`${here}/../../docs/export.md`, 'utf8');
    for (const table of ['exits', 'vcpus', 'slow', 'intervals']) {
        const section = page.split(`### ${table}\n`)[1].split('\n## ')[0].split('\n### ')[0];
        const told = [...section.matchAll(/^\| (`[^|]+`) \| ([A-Z\[\] ]+) \|/gm)].flatMap(([, names, type]) =>
            [...names.matchAll(/`([^`]+)`/g)].map(([, name]) => `${name} ${type}`),
        );
        const own = (await db.rows(`describe select * from '${table === 'exits' ? 'nested' : `nested-${table}`}.parquet'`)).map(
            ([name, type]) => `${name} ${type.replace('TIMESTAMP WITH TIME ZONE', 'TIMESTAMP')}`,
        );
        assert.deepEqual(told, own, table);
    }
    const [kept] = await db.rows(`select value::varchar from parquet_kv_metadata('nested.parquet') where key = 'kvmscope.schema'`);
    assert.equal(kept[0], page.match(/schema version is (\d+)/)?.[1]);
});

// Blocks of docs/export.md: commands that make the data set, and queries with their answers.
test('the commands and queries of docs/export.md give these answers', async () => {
    const path = `${here}/../../docs/export.md`;
    const page = readFileSync(path, 'utf8');
    const now = [];
    for (const [whole, kind, content] of page.matchAll(/```(sh fleet|sql|text answer)\n(.*?)```\n|[^`]+|`/gs)) {
        if (kind === 'sh fleet')
            for (const line of content.trim().split('\n')) {
                const words = line.split(' ').slice(1);
                const at = words.indexOf('recordings/*.kvmscope');
                const files = readdirSync(`${folder}/recordings`).sort();
                kvmscope(folder, ...words.slice(0, at), ...files.map((file) => `recordings/${file}`), ...words.slice(at + 1));
            }
        if (kind === 'text answer') continue;
        now.push(whole);
        if (kind !== 'sql') continue;
        const statements = content.split(/;\n/).filter((statement) => statement.trim());
        const last = statements.at(-1) ?? '';
        for (const statement of statements.slice(0, -1)) await db.run(statement);
        if (/^create/.test(last)) await db.run(last);
        else now.push(`\n\`\`\`text answer\n${table(await db.text(last))}\`\`\`\n`);
    }
    // The blank line before an answer is in what is between blocks.
    const text = now.join('').replace(/\n\n\n/g, '\n\n');
    if (process.env.KVMSCOPE_UPDATE_DOCS === '1') writeFileSync(path, text);
    else assert.equal(text, page);
});

/** Columns of text; numbers to the right. @param {string[][]} rows */
function table(rows) {
    const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)));
    const isNumber = rows[0].map((_, i) => rows.slice(1).every((row) => /^[-\d.]*$/.test(row[i])));
    return rows
        .map((row) =>
            row
                .map((value, i) => (isNumber[i] ? value.padStart(widths[i]) : value.padEnd(widths[i])))
                .join('  ')
                .trimEnd(),
        )
        .map((line) => `${line}\n`)
        .join('');
}
