// Orders as a spreadsheet reads them, with the columns of `./shop export orders`. Pure.
import { asked, currencyOf, isPaidInAnother } from "./order-fields.js";

const COLUMNS = {
  orderId: ({ id }) => id,
  createdAt: ({ fields }) => fields.createdAt?.toISOString(),
  status: ({ fields }) => fields.status,
  finalizedAt: ({ fields }) => fields.finalizedAt?.toISOString(),
  amountAsked: ({ fields }) => (isPaidInAnother(fields) ? null : asked(fields)),
  amountReceived: ({ fields }) => fields.amountReceived,
  amountRefunded: ({ fields }) => fields.amountRefunded,
  currency: ({ fields }) => currencyOf(fields),
};

export const head = () => `${Object.keys(COLUMNS).join(",")}\r\n`;

export const rows = (found) =>
  found.map((order) => `${Object.values(COLUMNS).map((of) => cell(of(order))).join(",")}\r\n`).join("");

/** What a customer has chosen, as an order's id, must not be taken for a formula. */
function cell(value) {
  const text = value == null ? "" : typeof value === "string" ? value.replace(/^(?=[=+\-@\t\r])/, "'") : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
