// @ts-check
// The page comes from a recording and from a replay, and shows what the other commands print.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, openPage, settled, table } from './lib/browser.js';
import { demo, recordings, report, serve } from './lib/server.js';

/** @type {import('playwright-core').Browser} */
let browser;
before(async () => {
    browser = await launch();
});
after(() => browser?.close());

test('a recording: VMs by time lost, what stands out, and the figures of report', async () => {
    const server = await serve(recordings.threeVms);
    const { page, close } = await openPage(browser);
    await page.goto(server.url);
    await settled(page);
    assert.deepEqual(
        (await table(page, 'VMs')).map((row) => row.VM),
        ['db-2', 'web-1', 'idle-3'],
    );
    assert.match(await page.locator('.words').innerText(), /db-2 was in its VMM 53\.2 % of its time/);
    const told = await report(recordings.threeVms, '--by', 'reason');
    const groups = told.rows.filter((/** @type {any} */ r) => r.row === 'group');
    const shown = await table(page, 'Reasons');
    assert.equal(shown.length, groups.length);
    for (const row of groups) {
        const found = shown.find((s) => s.Reason === row.reason);
        assert.equal(found?.Exits, String(row.count), row.reason);
        assert.equal(found?.['Time /s'], String(row.total_ns), row.reason);
        assert.equal(found?.p99, String(row.p99_ns), row.reason);
        assert.equal(found?.Max, String(row.max_ns), row.reason);
    }
    assert.equal(await page.title(), 'lab, three-vms.kvmscope · kvmscope');
    await close();
    await server.stop();
});

test('a replay: it grows, can be paused and followed again, and says when it is over', async () => {
    const server = await serve('--replay', recordings.threeVms, '--speed', '1');
    const { page, close } = await openPage(browser);
    await page.goto(server.url);
    await page.getByRole('button', { name: 'live, pause' }).waitFor();
    await page.getByRole('link', { name: 'db-2' }).waitFor();
    const shown = page.locator('.time .shown');
    const first = await shown.innerText();
    await page.waitForFunction((text) => /** @type {HTMLElement} */ (document.querySelector('.time .shown')).innerText !== text, first);
    await page.keyboard.press('p');
    await page.getByRole('button', { name: 'follow live' }).waitFor();
    const paused = await shown.innerText();
    assert.match(page.url(), /from=.*&to=/);
    await page.locator('.connection').getByText('The replay is over.').waitFor();
    assert.equal(await shown.innerText(), paused, 'what is paused does not move');
    await page.keyboard.press('p');
    await page.getByText('05:08:05 to 05:08:20').first().waitFor();
    await settled(page);
    const told = await report(recordings.threeVms, '--by', 'reason');
    const cpuid = told.rows.find((/** @type {any} */ r) => r.row === 'group' && r.reason === 'CPUID');
    assert.equal((await table(page, 'Reasons')).find((r) => r.Reason === 'CPUID')?.Exits, String(cpuid.count));
    await close();
    await server.stop();
});

test('a time that goes on: what is new is asked for, and the figures are those of all at once', async () => {
    const server = await serve('--replay', recordings.threeVms, '--speed', '2');
    const { page, close } = await openPage(browser);
    /** @type {URL[]} */
    const asked = [];
    page.on('request', (request) => asked.push(new URL(request.url())));
    await page.goto(server.url);
    await page.locator('.connection').getByText('The replay is over.').waitFor();
    await page.getByText('05:08:05 to 05:08:20').first().waitFor();
    await settled(page);
    for (const path of ['/api/v1/heatmap', '/api/v1/intervals']) {
        const times = asked
            .filter((url) => url.pathname === path && (path.endsWith('heatmap') || url.searchParams.get('rows') === 'wall'))
            .map((url) => Date.parse(url.searchParams.get('from') ?? ''));
        assert.ok(times.length > 2, `${path} was asked ${times.length} times`);
        assert.ok(times[times.length - 1] > times[0] + 5000, `${path} was asked for all again`);
    }
    const { page: other, close: closeOther } = await openPage(browser);
    await other.goto(server.url);
    await settled(other);
    const [grown, whole] = await Promise.all([page, other].map(heatTable));
    assert.ok(whole.length >= 15);
    assert.deepEqual(grown, whole);
    await closeOther();
    await close();
    await server.stop();
});

/** @param {import('playwright-core').Page} page */
async function heatTable(page) {
    await page.getByText('As a table').click();
    return table(page, 'Handling times over time');
}

test('make demo-web: a guest that boots and runs a guest of its own, with the exits that it is known to make', async () => {
    const server = await demo('--speed', '10');
    const { page, close } = await openPage(browser);
    await page.goto(server.url);
    await page.getByRole('link', { name: 'lab-l1' }).click();
    await page.getByRole('tab', { name: 'Nested' }).click();
    await page.locator('.connection').getByText('The replay is over.').waitFor();
    await settled(page);
    const told = await table(page, 'Nested');
    const exits = (/** @type {string} */ reason) => Number(told.find((r) => r.Reason === reason)?.['L2 exits']);
    // 101 OUT instructions, and the one with which it ends.
    assert.deepEqual([exits('CPUID'), exits('IOIO'), exits('HLT')], [20005, 102, 53]);
    await close();
    await server.stop();
});
