// @ts-check
// A connection that is lost is said so, and taken up again.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, openPage, settled } from './lib/browser.js';
import { recordings, serve } from './lib/server.js';

/** @type {import('playwright-core').Browser} */
let browser;
before(async () => {
    browser = await launch();
});
after(() => browser?.close());

test('the server of a replay ends and comes back: the page says so and goes on', async () => {
    const first = await serve('--replay', recordings.threeVms, '--speed', '1');
    const { page, faults } = await openPage(browser);
    await page.goto(first.url);
    await page.getByRole('link', { name: 'db-2' }).waitFor();
    await first.stop();
    await page
        .locator('.connection')
        .getByText(/The server has not answered since \d\d:\d\d:\d\d/)
        .waitFor();
    assert.ok(await page.getByRole('link', { name: 'db-2' }).isVisible(), 'what is known stays');
    const second = await serve('--replay', recordings.threeVms, '--speed', '4', '--listen', `127.0.0.1:${first.port}`);
    await page.locator('.connection').getByText('has not answered').waitFor({ state: 'detached' });
    await settled(page);
    await page.locator('.connection').getByText('The replay is over.').waitFor();
    assert.match(await page.locator('.time .shown').innerText(), /05:08:20/);
    assert.ok(
        faults.every((f) => /ERR_CONNECTION|ERR_INCOMPLETE|ERR_EMPTY|net::/.test(f)),
        faults.join('\n'),
    );
    await page.context().close();
    await second.stop();
});

test('the server of a recording ends: a click says so, and works once it is back', async () => {
    const first = await serve(recordings.threeVms);
    const { page, faults } = await openPage(browser);
    await page.goto(first.url);
    await settled(page);
    await first.stop();
    await page.getByRole('link', { name: 'web-1' }).click();
    await page.locator('.connection').getByText('has not answered').waitFor();
    const second = await serve(recordings.threeVms, '--listen', `127.0.0.1:${first.port}`);
    await page.locator('.connection').getByText('has not answered').waitFor({ state: 'detached' });
    await settled(page);
    assert.match(await page.locator('.words').innerText(), /web-1/);
    assert.match(await page.locator('#exits-panel').innerText(), /CPUID/);
    assert.ok(
        faults.every((f) => /net::/.test(f)),
        faults.join('\n'),
    );
    await page.context().close();
    await second.stop();
});
