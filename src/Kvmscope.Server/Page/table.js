// @ts-check
// Tables: headers that sort, rows that lead somewhere, arrow keys from row to row.
import { html } from './vendor/preact.js';
import { seen, unknown } from './format.js';

/**
 * @template R
 * @typedef {object} Column
 * @property {string} key
 * @property {string} name
 * @property {string} [unit]
 * @property {string} [about]
 * @property {boolean} [text] a name, not a figure
 * @property {boolean} [minor] left out where there is little room
 * @property {(row: R) => number | string | null | undefined} value what it is sorted by, and what programs read
 * @property {(row: R) => unknown} [show]
 */

/** A figure with its exact value, for those who copy it. @param {number | string | null | undefined} value @param {unknown} text */
export const figure = (value, text) =>
    value === null || value === undefined ? html`<span class="none">${unknown}</span>` : html`<data value=${String(value)}>${text}</data>`;

/** A name of others, cut where it is too long. @param {{text: string, class?: string}} props */
export const Name = ({ text, class: kind = '' }) => html`<bdi class=${`name ${kind}`} title=${seen(text)}>${seen(text)}</bdi>`;

/** @template R @param {R[]} rows @param {Column<R>[]} columns @param {string} sort */
export function sorted(rows, columns, sort) {
    const down = sort.startsWith('-');
    const column = columns.find((c) => c.key === (down ? sort.slice(1) : sort));
    if (!column) return rows;
    return rows.toSorted((a, b) => {
        const [x, y] = [column.value(a), column.value(b)];
        // What is not known is last, whichever way round.
        if (x === null || x === undefined) return y === null || y === undefined ? 0 : 1;
        if (y === null || y === undefined) return -1;
        const order = typeof x === 'string' || typeof y === 'string' ? String(x).localeCompare(String(y), 'en', { numeric: true }) : x - y;
        return down ? -order : order;
    });
}

/** @param {KeyboardEvent} event */
function fromRowToRow(event) {
    if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
    const target = /** @type {HTMLElement} */ (event.target);
    const links = /** @type {HTMLElement[]} */ ([.../** @type {HTMLElement} */ (event.currentTarget).querySelectorAll('a.to, button.to')]);
    const at = links.indexOf(target);
    const next = links[at + (event.key === 'ArrowDown' ? 1 : -1)];
    if (at < 0 || !next) return;
    next.focus();
    event.preventDefault();
}

/**
 * @template R
 * @param {object} props
 * @param {string} props.label what the table is, for those who do not see it
 * @param {Column<R>[]} props.columns
 * @param {R[]} props.rows
 * @param {(row: R) => string} props.keyOf
 * @param {string} [props.sort]
 * @param {(sort: string) => void} [props.onSort]
 * @param {(row: R) => boolean} [props.isCurrent]
 * @param {(row: R) => unknown} [props.below] what is shown under a row
 * @param {string} [props.class]
 */
export function Table({ label, columns, rows, keyOf, sort = '', onSort, isCurrent, below, class: kind = '' }) {
    const header = (/** @type {Column<R>} */ column) => {
        const down = sort === `-${column.key}`;
        const up = sort === column.key;
        const name = html`${column.name}${column.unit ? html` <span class="unit">${column.unit}</span>` : ''}`;
        const turn = () => onSort?.(down || (column.text && !up) ? column.key : `-${column.key}`);
        return html`<th
            scope="col"
            class=${`${column.text ? 'text' : ''} ${column.minor ? 'minor' : ''}`}
            aria-sort=${down ? 'descending' : up ? 'ascending' : undefined}
            title=${column.about}
        >
            ${onSort ? html`<button type="button" class="sort" onClick=${turn}>${name}<span aria-hidden="true">${down ? ' ↓' : up ? ' ↑' : ''}</span></button>` : name}
        </th>`;
    };
    const cell = (/** @type {Column<R>} */ column, /** @type {R} */ row, /** @type {number} */ n) => {
        const value = column.value(row);
        const inside = column.show ? column.show(row) : figure(value, value);
        const classes = `${column.text ? 'text' : ''} ${column.minor ? 'minor' : ''}`;
        return n === 0 ? html`<th scope="row" class=${classes}>${inside}</th>` : html`<td class=${classes}>${inside}</td>`;
    };
    return html`<div class=${`scroll ${kind}`} role="region" aria-label=${label} tabindex="0">
        <table onKeyDown=${fromRowToRow}>
            <caption class="unseen">
                ${label}
            </caption>
            <thead>
                <tr>
                    ${columns.map(header)}
                </tr>
            </thead>
            <tbody>
                ${rows.map((row) => {
                    const under = below?.(row);
                    return html`<tr key=${keyOf(row)} class=${isCurrent?.(row) ? 'current' : ''}>
                            ${columns.map((column, n) => cell(column, row, n))}
                        </tr>
                        ${
                            under
                                ? html`<tr key=${`${keyOf(row)} below`} class="below">
                                      <td colspan=${columns.length}>${under}</td>
                                  </tr>`
                                : ''
                        }`;
                })}
            </tbody>
        </table>
    </div>`;
}

/**
 * A link to another view of this page.
 * @param {{to: import('./view.js').View, go: (view: import('./view.js').View) => void, children?: unknown, class?: string, title?: string, current?: boolean, hrefOf: (view: import('./view.js').View) => string}} props
 */
export function Link({ to, go, children, class: kind = 'to', title, current, hrefOf }) {
    const follow = (/** @type {MouseEvent} */ event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
        event.preventDefault();
        go(to);
    };
    return html`<a class=${kind} href=${hrefOf(to)} title=${title} aria-current=${current ? 'true' : undefined} onClick=${follow}
        >${children}</a
    >`;
}

/** Exits per second over time, as a line without axes. @param {{values: (number | null)[]}} props */
export function Trend({ values }) {
    const top = Math.max(...values.map((v) => v ?? 0), 1e-9);
    let path = '';
    let pen = false;
    values.forEach((value, n) => {
        if (value === null) {
            pen = false;
            return;
        }
        const x = (n / Math.max(values.length - 1, 1)) * 62 + 1;
        path += `${pen ? 'L' : 'M'}${x.toFixed(1)} ${(17 - (value / top) * 15).toFixed(1)}`;
        // One point alone is a dot.
        if (!pen && (values[n + 1] ?? null) === null) path += 'h.1';
        pen = true;
    });
    return html`<svg class="trend" width="64" height="18" viewBox="0 0 64 18" aria-hidden="true"><path d=${path} /></svg>`;
}
