import { html, nothing } from "../sdk/lit-html.js";
import { refusalInWords } from "../words.js";

/** Why something could not be read, which screen readers read out at once; nothing while there is no error. */
export function problem(error) {
  return error ? html`<p class="problem" role="alert">${refusalInWords(error)}</p>` : nothing;
}
