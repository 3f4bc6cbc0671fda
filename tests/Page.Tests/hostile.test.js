// @ts-check
// Names are what processes call themselves: as text they do nothing.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { launch, openPage, settled, table } from './lib/browser.js';
import { manifold, renamed, rewrite } from './lib/recording.js';
import { recordings, serve } from './lib/server.js';

/** @type {import('playwright-core').Browser} */
let browser;
const folder = mkdtempSync(join(tmpdir(), 'kvmscope-page-'));
before(async () => {
    browser = await launch();
});
after(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true });
});

test('a name that is markup is shown as it is, in every field', async () => {
    const name = `</script><img src=x onerror="alert(1)">\u202eevil`;
    const file = join(folder, 'hostile.kvmscope');
    rewrite(recordings.threeVms, file, renamed(name));
    const server = await serve(file);
    const { page, close } = await openPage(browser);
    await page.goto(server.url);
    await settled(page);
    const shown = String.raw`</script><img src=x onerror="alert(1)">\u{202e}evil`;
    assert.deepEqual(
        (await table(page, 'VMs')).map((row) => row.VM?.startsWith(shown)),
        [true, true, true],
    );
    await page.getByRole('link', { name: shown, exact: true }).first().click();
    await page.waitForURL(/vm=/);
    await settled(page);
    await page.getByRole('tab', { name: 'Slow exits' }).click();
    await settled(page);
    await page.locator('#exits-panel button.to').first().click();
    await page.locator('.dossier').waitFor();
    await page.getByRole('tab', { name: 'Qualifiers' }).click();
    await settled(page);
    await page.getByRole('button', { name: 'Compare' }).click();
    await settled(page);
    assert.ok((await page.locator('.trail h1').innerText()).includes(shown));
    assert.equal(await page.locator('img, script:not([src])').count(), 0);
    assert.ok(!(await page.locator('body').innerText()).includes('\u202e'), 'what turns text around is shown as its code');
    await close();
    await server.stop();
});

test('an address that makes no sense says what is wrong and what to do', async () => {
    const server = await serve(recordings.threeVms);
    const { page, faults } = await openPage(browser);
    await page.goto(`${server.url}/?vm=<b>nobody</b>&from=yesterday&cell=x&tab=%00`);
    await page.locator('.failure').first().waitFor();
    const said = await page.locator('.failure').first().innerText();
    assert.match(said, /no VM in that time has the name, pid, UUID or VMID '<b>nobody<\/b>'/);
    await page.waitForLoadState('networkidle');
    assert.equal(await page.locator('.failure').count(), 1, 'once');
    assert.match(said, /There are: web-1 \(183\), db-2 \(190\), idle-3 \(197\)/);
    assert.equal(await page.locator('main b', { hasText: 'nobody' }).count(), 0);
    assert.ok(
        faults.every((f) => f.includes('404 (Not Found)')),
        faults.join('\n'),
    );
    await page.context().close();
    await server.stop();
});

test('200 VMs: the table scrolls, finds and sorts, and the page answers', async () => {
    const file = join(folder, 'many.kvmscope');
    rewrite(recordings.threeVms, file, manifold(67));
    const server = await serve(file);
    const { page, close } = await openPage(browser);
    await page.goto(server.url);
    await settled(page);
    assert.equal((await table(page, 'VMs')).length, 201);
    await page.getByRole('searchbox', { name: 'Find VMs by name' }).fill('WEB-1-6');
    assert.deepEqual((await table(page, 'VMs')).map((r) => r.VM).sort(), [
        'web-1-6',
        'web-1-60',
        'web-1-61',
        'web-1-62',
        'web-1-63',
        'web-1-64',
        'web-1-65',
        'web-1-66',
    ]);
    await page.getByRole('button', { name: 'VM', exact: true }).click();
    assert.equal((await table(page, 'VMs'))[0]?.VM, 'web-1-6');
    await close();
    await server.stop();
});
