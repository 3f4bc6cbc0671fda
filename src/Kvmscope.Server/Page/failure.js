// @ts-check
import { html } from './vendor/preact.js';
import { Problem } from './api.js';
import { seen } from './format.js';

/** What went wrong, and what to do. @param {{error: Error | null}} props */
export function Failure({ error }) {
    if (!error) return '';
    return html`<div class="failure">
        <p><strong>${seen(error.message)}</strong></p>
        <p>
            ${error instanceof Problem ? seen(error.hint || (error.status >= 500 ? 'Try again in a moment.' : 'Choose another time or VM.')) : 'It is asked again as soon as the server is there.'}
        </p>
    </div>`;
}
