// Which orders a page of orders shows: what its address says, and back. Pure.
import { STATUSES } from "./queries.js";

/** As `queries.orders` takes it, from the parameters of an address; what cannot be read is left out. */
export function filterIn(parameters) {
  return {
    statuses: parameters.getAll("status").filter((status) => STATUSES.includes(status)),
    user: parameters.get("user") ?? "",
    since: timeIn(parameters.get("since")),
    until: timeIn(parameters.get("until")),
  };
}

/** For an address, with the page that begins behind an order. */
export function parametersOf({ statuses, user, since, until }, after) {
  return {
    status: user ? [] : statuses,
    user,
    since: since?.toISOString(),
    until: until?.toISOString(),
    after: after && `${after[0].seconds}.${after[0].nanoseconds} ${after[1]}`,
  };
}

/** Behind which order the page begins: `[{ seconds, nanoseconds }, id]`, as `reading.find` has its cursor. */
export function cursorIn(parameters) {
  const [, seconds, nanoseconds, id] = /^(-?\d{1,12})\.(\d{1,9}) (.+)$/.exec(parameters.get("after") ?? "") ?? [];
  return id && [{ seconds: Number(seconds), nanoseconds: Number(nanoseconds) }, id];
}

function timeIn(text) {
  const at = new Date(text ?? "");
  return Number.isNaN(at.getTime()) ? undefined : at;
}
