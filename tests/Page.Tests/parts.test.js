// @ts-check
// What needs no browser: figures as text, and views as addresses.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as format from '../../src/Kvmscope.Server/Page/format.js';
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
