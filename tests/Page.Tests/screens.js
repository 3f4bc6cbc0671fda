// @ts-check
// Pictures of the page for the documentation, of a recording that is played. usage: node screens.js RECORDING FOLDER
import { join } from 'node:path';
import { launch, openPage, settled } from './lib/browser.js';
import { serve } from './lib/server.js';

const [recording, folder] = process.argv.slice(2);
if (!recording || !folder) throw new Error('usage: node screens.js RECORDING FOLDER');
const browser = await launch();
const server = await serve('--replay', recording, '--speed', '100');
const { page, close } = await openPage(browser, { viewport: { width: 1280, height: 960 }, colorScheme: 'light' });
// Played to its end: the same picture each time.
await page.goto(server.url);
await page.locator('.connection').getByText('The replay is over.').waitFor();
await settled(page);
const address = (/** @type {string} */ query) => `${server.url}/?${query}`;

/** @param {string} name @param {boolean} whole the page, or what is seen of it */
async function take(name, whole = false) {
    await settled(page);
    await page.mouse.move(0, 0);
    await page.screenshot({ path: join(folder, `${name}.png`), animations: 'disabled', fullPage: whole });
}

await page.getByRole('link', { name: 'lab-l1' }).click();
await take('serve');
// The newest slow exit, with all that is known about it.
await page.getByRole('tab', { name: 'Slow exits' }).click();
await settled(page);
await page.locator('#exits-panel button.to').first().click();
await page.locator('.exits').scrollIntoViewIfNeeded();
await page.mouse.move(0, 0);
await page.locator('.exits').screenshot({ path: join(folder, 'serve-slow.png'), animations: 'disabled' });
await page.emulateMedia({ colorScheme: 'dark' });
await page.goto(address('vm=lab-l1&tab=nested'));
await take('serve-dark');
await close();
await server.stop();
await browser.close();
