// Orders, the newest first.
import { html, render } from "../sdk/lit-html.js";
import { ordersTable } from "../parts/orders.js";
import { orders } from "../queries.js";
import { watch } from "../reading.js";
import { refusalInWords } from "../words.js";

export const title = "Orders";

export function show(place) {
  const draw = (content) => render(html`<h1>Orders</h1>${content}`, place);
  return watch(
    orders(),
    (found) => draw(html`<section class="panel">${ordersTable("Orders, the newest first", found)}</section>`),
    (error) => draw(html`<p class="problem" role="alert">${refusalInWords(error)}</p>`),
  );
}
