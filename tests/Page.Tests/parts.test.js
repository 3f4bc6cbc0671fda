// @ts-check
// What needs no browser: figures as text, and views as addresses.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as format from '../../src/Kvmscope.Server/Page/format.js';
import { heatOf } from '../../src/Kvmscope.Server/Page/heatmap.js';
import { rest, stepOf } from '../../src/Kvmscope.Server/Page/series.js';
import { keyOf, trendsOf } from '../../src/Kvmscope.Server/Page/trends.js';
import * as view from '../../src/Kvmscope.Server/Page/view.js';

test('three digits and a unit; what is not known is a dash', () => {
    for (const [ns, text] of /** @type {[number | null, string][]} */ ([
        [null, '–'],
        [0, '0 ns'],
        [7, '7.00 ns'],
        [999, '999 ns'],
        [999.6, '1.00 µs'],
        [1000, '1.00 µs'],
        [59_449, '59.4 µs'],
        [999_600, '1.00 ms'],
        [99_950_000, '100 ms'],
        [1.2e9, '1.20 s'],
        [3.6e12, '3600 s'],
    ]))
        assert.equal(format.duration(ns), text);
    for (const [n, text] of /** @type {[number | null, string][]} */ ([
        [null, '–'],
        [0, '0'],
        [0.0323, '0.032'],
        [12.04, '12.0'],
        [999.7, '1.00k'],
        [12_099.997, '12.1k'],
        [2.5e6, '2.50M'],
    ]))
        assert.equal(format.rate(n), text);
    assert.equal(format.share(0.251667), '25.2 %');
    assert.equal(format.share(null), '–');
    assert.equal(format.count(1234567), '1\u202f234\u202f567');
    assert.equal(format.ratio(1, 0), null);
    assert.equal(format.ratio(null, 2), null);
});

test('what cannot be seen is shown as its code', () => {
    assert.equal(format.seen('a\u202eb\u0007c\u2028d'), String.raw`a\u{202e}b\u{7}c\u{2028}d`);
    assert.equal(format.seen('Größe – 東京'), 'Größe – 東京');
});

test('a view is its address: what is written is read again, whatever the text', () => {
    const names = /** @type {(keyof view.View)[]} */ (Object.keys(view.nothing));
    const texts = ['a', 'a b', '&x=1', '%2B+~:,', '#', 'ü\u202e', '"><img>', '\\'];
    for (let n = 0; n < 500; n++) {
        const made = { ...view.nothing };
        names.forEach((name, i) => {
            if (name === 'from' || name === 'to') made[name] = '2026-03-01T14:05:30.1234567Z';
            else made[name] = (n + i) % 3 ? (texts[(n * 7 + i * 3) % texts.length] ?? '') : '';
        });
        assert.deepEqual(view.read(new URL(view.address(made), 'http://x').search), made);
    }
    assert.equal(view.address(view.nothing), '/');
    assert.equal(view.read('?from=yesterday&to=x').from, '');
});

test('a step down or up leaves what belongs to what was chosen', () => {
    const deep = { ...view.nothing, vm: 'a', pid: '1', vcpu: '2', reason: 'HLT', qualifier: 'q', tab: 'slow', cell: 'c', order: 'p99' };
    const other = view.change(deep, { vm: 'b', pid: '7' });
    assert.deepEqual([other.vcpu, other.tab, other.cell, other.reason], ['', '', '', 'HLT']);
    assert.deepEqual(view.change(deep, { reason: 'MSR' }).qualifier, '');
    /** @type {view.View} */
    let now = deep;
    const steps = [];
    for (let up = view.up(now); up; up = view.up(now)) {
        steps.push(Object.keys(up)[0]);
        now = view.change(now, up);
    }
    assert.deepEqual(steps, ['cell', 'qualifier', 'reason', 'vcpu', 'vm']);
});

/** @param {number} n seconds */
const at = (n) => new Date(Date.UTC(2026, 2, 1) + n * 1000).toISOString();

test('steps are round, at most as many as wanted, and never shorter than an interval', () => {
    for (const [seconds, most, least, step] of /** @type {[number, number, number, number][]} */ ([
        [900, 180, 1000, 5000],
        [900, 240, 1000, 4000],
        [12, 240, 1000, 1000],
        [12, 240, 100, 100],
        [3600, 180, 5000, 20000],
        [86400, 180, 1000, 600000],
        [7 * 86400, 180, 1000, 3600000],
        [31 * 86400, 180, 1000, 5 * 3600000],
        [60, 180, 7000, 10000],
    ]))
        assert.equal(stepOf(seconds * 1000, most, least), step);
});

test('of a time that goes on, only what is new is asked for', () => {
    const known = [0, 5, 10, 15].map((n) => ({ started: at(n), ended: at(n + 5), n }));
    const numbers = (/** @type {string} */ from, /** @type {string} */ to) => {
        const { kept, ask } = rest(known, from, to);
        return [kept.map((k) => k.n), ask];
    };
    assert.deepEqual(numbers(at(0), at(23)), [[0, 5, 10], at(15)], 'the last one may have been cut short');
    assert.deepEqual(numbers(at(6), at(29)), [[5, 10], at(15)], 'what is over is not kept');
    assert.deepEqual(numbers(at(10), at(29)), [[10], at(15)]);
    // Another time: nothing is known of it, or it is not known whether its end is a whole step.
    assert.deepEqual(numbers(at(-1), at(23)), [[], at(-1)]);
    assert.deepEqual(numbers(at(15), at(23)), [[], at(15)]);
    assert.deepEqual(numbers(at(100), at(123)), [[], at(100)]);
    assert.deepEqual(numbers(at(0), at(19)), [[], at(0)]);
    assert.deepEqual(rest([], at(0), at(19)), { kept: [], ask: at(0) });
    // A VM that has ended is not in the last steps: they are asked for together with the last one that has it.
    for (const gone of [{ count: 0 }, { report: { rows: [] } }]) {
        const ended = known.map((step) => ({ ...step, count: null, report: null, ...(step.n > 5 ? gone : {}) }));
        assert.deepEqual(rest(ended, at(0), at(23)), { kept: ended.slice(0, 1), ask: at(5) });
        assert.deepEqual(rest(ended.slice(2), at(10), at(23)), { kept: [], ask: at(10) });
    }
});

test('columns of several answers are one heat map, each exit in its bin', () => {
    const low = [1, 2, 4, 8, 16, 32, 64];
    /** @param {number} n @param {Record<number, number>} counts by bin */
    const column = (n, counts) => {
        const used = Object.keys(counts).map(Number);
        const [first, end] = used.length ? [Math.min(...used), Math.max(...used) + 1] : [0, 0];
        return /** @type {any} */ ({
            started: at(n),
            ended: at(n + 1),
            counts: low.slice(first, end).map((_, bin) => counts[first + bin] ?? 0),
            bins: { low_ns: low.slice(first, end), high_ns: low.slice(first, end).map((ns) => (ns === 64 ? null : ns * 2)) },
        });
    };
    const heat = heatOf([column(0, { 1: 7, 2: 1 }), { ...column(1, {}), counts: null }, column(2, {}), column(3, { 5: 3, 6: 2 })]);
    assert.deepEqual(heat.bins, { low_ns: [2, 4, 8, 32, 64], high_ns: [4, 8, 32, 64, null] }, 'without a hole');
    assert.deepEqual(
        heat.columns.map((c) => c.counts),
        [[7, 1, 0, 0, 0], null, [0, 0, 0, 0, 0], [0, 0, 0, 3, 2]],
    );
    assert.deepEqual(heatOf([]), { bins: { low_ns: [], high_ns: [] }, columns: [] });
});

test('trends: exits per second of each row, 0 where it made none, nothing where it is not known', () => {
    const rows = (/** @type {Record<string, number>} */ counts) =>
        Object.entries(counts).map(([vm, count]) => /** @type {any} */ ({ row: 'group', vm, vm_pid: 7, reason: null, count }));
    const interval = (/** @type {any} */ rows, by = 'vm') => ({
        started: '',
        ended: '',
        seconds: 2,
        by,
        why: null,
        report: rows && { rows },
    });
    const trends = trendsOf(
        [interval(rows({ a: 2, b: 4 })), interval(null), interval(rows({ b: 1 })), interval([{ row: 'group', count: 9 }], 'reason')],
        'vm',
    );
    assert.deepEqual(
        [...trends],
        [
            [keyOf({ row: 'group', vm: 'a', vm_pid: 7 }), [1, null, 0, null]],
            [keyOf({ row: 'group', vm: 'b', vm_pid: 7 }), [2, null, 0.5, null]],
        ],
    );
});
