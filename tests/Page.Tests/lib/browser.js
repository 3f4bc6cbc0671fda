// @ts-check
// Debian's Chromium, and pages that note what must not happen.
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { deadlineMs } from './server.js';

/** @typedef {import('playwright-core').Page} Page */

export const launch = () =>
    chromium.launch({
        executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
        args: ['--no-sandbox', '--disable-gpu', '--font-render-hinting=none', '--force-color-profile=srgb', '--disable-dev-shm-usage'],
        env: { ...process.env, FONTCONFIG_FILE: fileURLToPath(new URL('fonts.conf', import.meta.url)) },
    });

/**
 * A page in a browser session of its own.
 * @param {import('playwright-core').Browser} browser
 * @param {import('playwright-core').BrowserContextOptions} [options]
 * @returns {Promise<{page: Page, faults: string[], close: () => Promise<void>}>} `close` fails if there were faults
 */
export async function openPage(browser, options = {}) {
    const context = await browser.newContext({
        viewport: { width: 1280, height: 900 },
        timezoneId: 'UTC',
        locale: 'en-GB',
        colorScheme: 'light',
        reducedMotion: 'reduce',
        ...options,
    });
    context.setDefaultTimeout(deadlineMs);
    const page = await context.newPage();
    /** @type {string[]} */
    const faults = [];
    let origin = '';
    page.on('console', (message) => {
        if (message.type() === 'error' || message.type() === 'warning')
            faults.push(`console: ${message.text()} (${message.location().url})`);
    });
    page.on('pageerror', (error) => faults.push(`error: ${error.stack}`));
    page.on('dialog', (dialog) => {
        faults.push(`dialog: ${dialog.message()}`);
        void dialog.dismiss();
    });
    page.on('request', (request) => {
        const to = new URL(request.url());
        if (to.protocol === 'data:') return;
        origin ||= to.origin;
        if (to.origin !== origin) faults.push(`a request elsewhere: ${request.url()}`);
    });
    return {
        page,
        faults,
        close: async () => {
            await context.close();
            assert.deepEqual(faults, []);
        },
    };
}

/** Until what is asked for is on the page, and everything that was asked of the server is there. @param {Page} page */
export async function settled(page) {
    await page.locator('main.columns').waitFor();
    await page.waitForFunction(
        () => !document.querySelector('[aria-busy="true"]') && document.querySelector('#exits-panel table, #exits-panel .empty'),
    );
    await page.waitForLoadState('networkidle');
}

/** The exact figures of a table: the `value` of each cell by the header of its column. @param {Page | import('playwright-core').Locator} within @param {string} label */
export async function table(within, label) {
    return await within.locator(`[role=region][aria-label^="${label}"] table`).evaluate((table) => {
        const heads = [...table.querySelectorAll('thead th')].map(
            (h) =>
                h.textContent
                    ?.replace(/\s*[↓↑]\s*$/, '')
                    .replace(/\s+/g, ' ')
                    .trim() ?? '',
        );
        return [...table.querySelectorAll('tbody tr:not(.below)')].map((row) =>
            Object.fromEntries(
                [...row.children].map((cell, n) => [
                    heads[n],
                    cell.querySelector('data')?.getAttribute('value') ?? cell.textContent?.trim() ?? '',
                ]),
            ),
        );
    });
}
