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
