// Orders in a table, wherever several are shown.
import { html } from "../sdk/lit-html.js";
import { money } from "../money.js";
import { asked, standingOf, unitsOf } from "../order-fields.js";
import { moment } from "../time.js";
import { orderLink } from "./links.js";
import { table } from "./table.js";

const COLUMNS = [
  { name: "Order", cell: ({ id }) => orderLink(id) },
  { name: "Status", cell: ({ fields }) => statusMark(fields.status) },
  { name: "Placed", cell: ({ fields }) => moment(fields.createdAt) },
  { name: "Customer", cell: ({ fields }) => html`<span class="id">${fields.userId ?? "–"}</span>` },
  { name: "Asked", isNumber: true, cell: ({ fields }) => money(asked(fields), fields.currency) },
  { name: "Paid", isNumber: true, cell: ({ fields }) => money(fields.amountReceived, fields.currencyReceived) },
  { name: "Units", isNumber: true, cell: ({ fields }) => unitsOf(fields) },
];

export const statusMark = (status) => html`<span class="status ${standingOf(status).look}">${String(status).replaceAll("_", " ")}</span>`;

export const ordersTable = (caption, found) => table(caption, COLUMNS, found);
