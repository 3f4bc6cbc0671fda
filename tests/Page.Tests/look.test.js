// @ts-check
// How the page looks: reference pictures, and what axe finds. KVMSCOPE_UPDATE_PICTURES=1 writes the references anew: look at them then.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { launch, openPage, settled } from './lib/browser.js';
import { recordings, serve } from './lib/server.js';

/** @type {import('playwright-core').Browser} */
let browser;
/** @type {import('./lib/server.js').Server} */
let server;
before(async () => {
    [browser, server] = await Promise.all([launch(), serve(recordings.threeVms)]);
});
after(async () => {
    await browser?.close();
    await server?.stop();
});

const axe = readFileSync(fileURLToPath(new URL('node_modules/axe-core/axe.min.js', import.meta.url)), 'utf8');

/** What part of the pixels of two pictures differs by more than another smoothing of letters does. @param {import('playwright-core').Page} page @param {Buffer} a @param {Buffer} b */
const difference = (page, a, b) =>
    page.evaluate(
        async ([a, b]) => {
            const pixels = async (/** @type {string} */ data) => {
                const image = new Image();
                image.src = `data:image/png;base64,${data}`;
                await image.decode();
                const canvas = new OffscreenCanvas(image.width, image.height);
                const pen = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext('2d'));
                pen.drawImage(image, 0, 0);
                return pen.getImageData(0, 0, image.width, image.height);
            };
            const [x, y] = [await pixels(a), await pixels(b)];
            if (x.width !== y.width || x.height !== y.height) return { part: 1, why: `${x.width}×${x.height} and ${y.width}×${y.height}` };
            let other = 0;
            for (let at = 0; at < x.data.length; at += 4) {
                if ([0, 1, 2].some((c) => Math.abs((x.data[at + c] ?? 0) - (y.data[at + c] ?? 0)) > 40)) other++;
            }
            return { part: other / (x.data.length / 4), why: '' };
        },
        /** @type {[string, string]} */ ([a.toString('base64'), b.toString('base64')]),
    );

// Letters of another version of Chromium are a little elsewhere; a table that wraps or a panel that moved is more than this.
const tolerance = 0.02;

for (const { name, width, scheme } of /** @type {{name: string, width: number, scheme: 'light' | 'dark'}[]} */ ([
    { name: 'light-1280', width: 1280, scheme: 'light' },
    { name: 'dark-1280', width: 1280, scheme: 'dark' },
    { name: 'light-390', width: 390, scheme: 'light' },
    { name: 'dark-1920', width: 1920, scheme: 'dark' },
])) {
    test(`${name}: as in the reference picture, and nothing is wider than the window`, async () => {
        const { page, close } = await openPage(browser, { viewport: { width, height: 900 }, colorScheme: scheme });
        await page.goto(`${server.url}/?vm=db-2`);
        await settled(page);
        await page.mouse.move(0, 0);
        // Which program it was is not what is compared.
        await page.locator('footer').evaluate((footer) => void (footer.style.visibility = 'hidden'));
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0);
        const picture = await page.screenshot({ fullPage: true, animations: 'disabled' });
        const reference = fileURLToPath(new URL(`references/${name}.png`, import.meta.url));
        if (process.env.KVMSCOPE_UPDATE_PICTURES) writeFileSync(reference, picture);
        assert.ok(existsSync(reference), `${reference} is missing`);
        const blank = await (await browser.newContext()).newPage();
        const { part, why } = await difference(blank, picture, readFileSync(reference));
        await blank.context().close();
        if (part > tolerance) writeFileSync(reference.replace('references/', 'references/new-'), picture);
        assert.ok(part <= tolerance, `${(part * 100).toFixed(2)} % of the pixels differ ${why}; see references/new-${name}.png`);
        await close();
    });
}

for (const {
    name,
    query,
    act,
} of /** @type {{name: string, query: string, act?: (page: import('playwright-core').Page) => Promise<void>}[]} */ ([
    { name: 'all VMs', query: '' },
    {
        name: 'a reason, in a comparison',
        query: '?vm=db-2&reason=IOIO&from=2026-11-27T05:08:12Z&to=2026-11-27T05:08:16Z&versus=2026-11-27T05:08:06Z~2026-11-27T05:08:10Z',
    },
    {
        name: 'slow exits with a dossier, and a cell',
        query: '?vm=db-2&tab=slow&cell=2026-11-27T05:08:11.0354793Z~2026-11-27T05:08:12.0353673Z~8388608~10485760',
        act: async (page) => {
            await page.locator('#exits-panel button.to').first().click();
            await page.locator('.as-table summary').click();
            await page.locator('.lost summary').click();
        },
    },
    { name: 'help', query: '', act: (page) => page.keyboard.press('?') },
])) {
    for (const scheme of /** @type {('light' | 'dark')[]} */ (['light', 'dark'])) {
        test(`axe finds no fault: ${name}, ${scheme}`, async () => {
            const { page, close } = await openPage(browser, { colorScheme: scheme });
            await page.goto(`${server.url}/${query}`);
            await settled(page);
            await act?.(page);
            await page.evaluate(axe);
            const found = await page.evaluate(async () => {
                const { violations } = await /** @type {any} */ (window).axe.run(document, { resultTypes: ['violations'] });
                return violations.map(
                    (/** @type {any} */ v) =>
                        `${v.impact} ${v.id}: ${v.nodes.map((/** @type {any} */ n) => `${n.html.slice(0, 200)} ${n.failureSummary}`).join(' | ')}`,
                );
            });
            assert.deepEqual(found, []);
            await close();
        });
    }
}

test('dark and light by the switch, kept for the next time', async () => {
    const { page, close } = await openPage(browser, { colorScheme: 'light' });
    await page.goto(server.url);
    await settled(page);
    const back = () => page.evaluate(() => getComputedStyle(document.documentElement).getPropertyValue('--back').trim());
    assert.equal(await back(), '#ffffff');
    await page.getByRole('button', { name: 'dark colours' }).click();
    assert.equal(await back(), '#182028');
    await page.reload();
    await settled(page);
    assert.equal(await back(), '#182028');
    await close();
});
