// @ts-check
// From the heat map to what a cell is made of, from a VM to a reason to a qualifier, and the same view elsewhere.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, openPage, settled, table } from './lib/browser.js';
import { recordings, report, serve } from './lib/server.js';

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

/** Where something is in the heat map. @param {import('playwright-core').Page} page @param {number} x part of its width @param {number} y part of its height */
async function place(page, x, y) {
    const picture = page.locator('.heatmap .picture');
    await picture.scrollIntoViewIfNeeded();
    const box = /** @type {{x: number, y: number, width: number, height: number}} */ (await picture.boundingBox());
    return { x: box.x + 62 + (box.width - 72) * x, y: box.y + 6 + (box.height - 28) * y };
}

test('dragging in the heat map zooms to whole columns, and the figures are those of report', async () => {
    const { page, close } = await openPage(browser);
    await page.goto(`${server.url}/?vm=db-2`);
    await settled(page);
    const [from, to] = [await place(page, 0.3, 0.5), await place(page, 0.55, 0.6)];
    await page.mouse.move(from.x, from.y);
    await page.mouse.down();
    await page.mouse.move(to.x, to.y, { steps: 4 });
    await page.mouse.up();
    await page.waitForURL(/from=/);
    await settled(page);
    const address = new URL(page.url()).searchParams;
    const [zoomFrom, zoomTo] = [String(address.get('from')), String(address.get('to'))];
    assert.ok(Date.parse(zoomTo) - Date.parse(zoomFrom) < 6000);
    const told = await report(recordings.threeVms, '--by', 'reason', '--vm', 'db-2', '--from', zoomFrom, '--to', zoomTo);
    const shown = await table(page, 'Reasons');
    const groups = told.rows.filter((/** @type {any} */ r) => r.row === 'group');
    assert.ok(groups.length > 0);
    assert.deepEqual(
        Object.fromEntries(shown.map((r) => [r.Reason, [r.Exits, r['Time /s'], r.p99, r.Max]])),
        Object.fromEntries(groups.map((/** @type {any} */ r) => [r.reason, [r.count, r.total_ns, r.p99_ns, r.max_ns].map(String)])),
    );
    await page.goBack();
    await page.waitForURL(`${server.url}/?vm=db-2`);
    await settled(page);
    assert.match(await page.locator('.time .shown').innerText(), /05:08:05 to 05:08:20/);
    await close();
});

test('dragging in the split zooms too', async () => {
    const { page, close } = await openPage(browser);
    await page.goto(`${server.url}/?vm=db-2`);
    await settled(page);
    const plot = page.locator('.split .u-over');
    const box = /** @type {{x: number, y: number, width: number, height: number}} */ (await plot.boundingBox());
    await page.mouse.move(box.x + box.width * 0.35, box.y + 50);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.65, box.y + 60, { steps: 4 });
    await page.mouse.up();
    await page.waitForURL(/from=/);
    await settled(page);
    const address = new URL(page.url()).searchParams;
    const told = await report(
        recordings.threeVms,
        '--split',
        '--vm',
        'db-2',
        '--from',
        String(address.get('from')),
        '--to',
        String(address.get('to')),
    );
    const wall = told.rows.find((/** @type {any} */ r) => r.row === 'wall');
    const vmm = page.locator('.legend tr', { hasText: 'VMM' }).locator('td').nth(1).locator('data');
    assert.equal(await vmm.getAttribute('value'), String(wall.parts_ns.vmm));
    await close();
});

test('a click on a cell says which exits it is made of, by reason and qualifier, and which were slow', async () => {
    const { page, close } = await openPage(browser);
    await page.goto(`${server.url}/?vm=db-2`);
    await settled(page);
    const at = await place(page, 6.5 / 15, 0.157);
    await page.mouse.click(at.x, at.y);
    await page.waitForURL(/cell=/);
    await page.locator('.cell[aria-busy=false]').waitFor();
    await settled(page);
    const [from, to, low, high] = String(new URL(page.url()).searchParams.get('cell')).split('~');
    const told = await report(recordings.threeVms, 'hist', '--by', 'qualifier', '--vm', 'db-2', '--from', from, '--to', to);
    const expected = told.rows
        .filter((/** @type {any} */ r) => r.row === 'group' && r.idle !== true)
        .map((/** @type {any} */ r) => ({
            name: `${r.reason} ${r.qualifier ?? '–'}`,
            count: r.buckets
                .filter((/** @type {any} */ b) => b.low_ns >= Number(low) && b.low_ns < Number(high))
                .reduce((/** @type {number} */ n, /** @type {any} */ b) => n + b.count, 0),
        }))
        .filter((/** @type {any} */ r) => r.count > 0);
    const shown = await table(page, 'Exits in this cell');
    assert.ok(expected.length > 0);
    assert.deepEqual(
        Object.fromEntries(shown.map((r) => [`${r.Reason} ${r.Qualifier}`, Number(r['Exits in this cell'])])),
        Object.fromEntries(expected.map((/** @type {any} */ r) => [r.name, r.count])),
    );
    const slow = await table(page, 'Slow exits in this cell');
    const sum = expected.reduce((/** @type {number} */ n, /** @type {any} */ r) => n + r.count, 0);
    assert.equal(slow.length, sum, 'all of them are slow');
    assert.ok(slow.every((e) => Number(e.Took) >= Number(low) && Number(e.Took) < Number(high)));
    await close();
});

test('keys alone: to a cell, into a VM, a reason and a qualifier, and up again', async () => {
    const { page, close } = await openPage(browser);
    await page.goto(server.url);
    await settled(page);
    await page.keyboard.press('/');
    await page.keyboard.type('DB');
    assert.deepEqual(
        (await table(page, 'VMs')).map((r) => r.VM),
        ['db-2'],
    );
    await page.keyboard.press('Escape');
    await page.getByRole('link', { name: 'db-2' }).focus();
    await page.keyboard.press('Enter');
    await page.waitForURL(/vm=db-2/);
    await settled(page);
    await page.locator('#exits-panel').getByRole('link', { name: 'IOIO' }).focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Enter');
    await page.waitForURL(/reason=IOIO/);
    await settled(page);
    assert.match(await page.locator('.meaning').innerText(), /^IOIO: Guest executed IN\/OUT/);
    const told = await report(recordings.threeVms, '--by', 'qualifier', '--vm', 'db-2', '--reason', 'IOIO');
    assert.deepEqual(
        Object.fromEntries((await table(page, 'Qualifiers')).map((r) => [r.Qualifier, r.Exits])),
        Object.fromEntries(
            told.rows.filter((/** @type {any} */ r) => r.row === 'group').map((/** @type {any} */ r) => [r.qualifier, String(r.count)]),
        ),
    );
    await page.getByRole('link', { name: '0x503 out' }).focus();
    await page.keyboard.press('Enter');
    await page.waitForURL(/qualifier=/);
    await settled(page);
    assert.match(await page.locator('.trail h1').innerText(), /db-2.*▸.*IOIO.*▸.*0x503 out/);
    await page.locator('.heatmap .picture').focus();
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowUp');
    assert.match(await page.locator('.heatmap [aria-live]').innerText(), /\d\d:\d\d:\d\d.* to .*: \d+ exits$/);
    await page.keyboard.press('Enter');
    await page.waitForURL(/cell=/);
    for (const gone of ['cell', 'qualifier', 'reason', 'vm']) {
        await page.keyboard.press('Escape');
        await page.waitForURL((url) => !url.searchParams.has(gone));
    }
    await close();
});

test('an address that is opened in a second browser shows the same', async () => {
    const { page, close } = await openPage(browser);
    await page.goto(`${server.url}/?vm=web-1&reason=MSR&sort=vm&from=2026-11-27T05:08:10Z&to=2026-11-27T05:08:15Z`);
    await settled(page);
    await page.getByRole('button', { name: 'Compare' }).click();
    await page.locator('.compare').getByText('Change').first().waitFor();
    await settled(page);
    const text = await page.locator('main').innerText();
    assert.match(text, /MSR/);
    const second = await openPage(browser);
    await second.page.goto(page.url());
    await settled(second.page);
    await second.page.locator('.compare').getByText('Change').first().waitFor();
    await settled(second.page);
    assert.equal(await second.page.locator('main').innerText(), text);
    await second.close();
    await close();
});

test('two times side by side: the figures of each are those of report', async () => {
    const { page, close } = await openPage(browser);
    const [a, b] = [
        ['2026-11-27T05:08:06Z', '2026-11-27T05:08:10Z'],
        ['2026-11-27T05:08:12Z', '2026-11-27T05:08:16Z'],
    ];
    await page.goto(`${server.url}/?vm=db-2&from=${b[0]}&to=${b[1]}&versus=${a[0]}~${a[1]}`);
    await settled(page);
    const shown = await table(page, 'Exits in both times');
    for (const [side, [from, to]] of [
        ['A', a],
        ['B', b],
    ]) {
        const told = await report(recordings.threeVms, '--by', 'reason', '--vm', 'db-2', '--from', from, '--to', to);
        const row = told.rows.find((/** @type {any} */ r) => r.row === 'group' && r.reason === 'IOIO');
        const found = shown.find((r) => r.Exits === 'IOIO');
        assert.equal(found?.[`${side} p99`], String(row.p99_ns));
        assert.equal(Number(found?.[`${side} exits/s`]), row.count / told.seconds);
    }
    await close();
});

test('slow exits come with all that is known about them', async () => {
    const { page, close } = await openPage(browser);
    await page.goto(`${server.url}/?vm=web-1&tab=slow`);
    await settled(page);
    await page.locator('#exits-panel button.to').first().click();
    const dossier = await page.locator('.dossier').innerText();
    assert.match(dossier, /Instruction\s*0xa06b/);
    assert.match(dossier, /KVM 9\.04 ms/);
    await close();
});
