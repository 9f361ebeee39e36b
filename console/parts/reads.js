// How many documents the page has read so far: each is billed.
import { html } from "../sdk/lit-html.js";
import { readsSoFar } from "../reading.js";

export const readsLine = () => html`<p class="soft reads">Documents read: <output>${readsSoFar()}</output></p>`;
