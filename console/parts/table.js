// A table of whatever: its head, and one row of cells for each thing.
import { html, nothing } from "../sdk/lit-html.js";

/**
 * @param columns `{ name, cell(item), isNumber }`, in their order
 * @param caption what the table is of, for who cannot see what is around it
 * @param none what to say where there is nothing
 */
export function table(caption, columns, items, none = "There are none.") {
  if (!items.length) {
    return html`<p class="soft">${none}</p>`;
  }
  return html`
    <div class="scroll" tabindex="0" role="group" aria-label=${caption}>
      <table>
        <caption class="unseen">${caption}</caption>
        <thead><tr>${columns.map(({ name, isNumber }) => html`<th scope="col" class=${isNumber ? "number" : ""}>${name}</th>`)}</tr></thead>
        <tbody>${items.map((item) => html`<tr>${columns.map((column) => cell(column, item))}</tr>`)}</tbody>
      </table>
    </div>`;
}

const cell = ({ cell: of, isNumber }, item) => html`<td class=${isNumber ? "number" : ""}>${of(item) ?? nothing}</td>`;
