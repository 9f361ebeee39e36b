// Which page is shown: the address says it, behind its #, so that an address can be sent to a colleague, and what it
// names, as ids of customers, is sent to no server.
//
// A page is a module in pages/, with a line in PAGES. It exports
//
//   title                           a string, or a function of `asked` that returns one
//   show(place, asked, shop)        renders into the element `place`, which is its own, and returns a function that ends
//                                   what it watches; what it draws after that, nobody sees
//
// where `asked` is { path, parameters }: of #/order/o-1?from=today the path is ["o-1"], and the parameters are
// URLSearchParams. `shop` is { who: { uid, email, mayAct }, projectId }. When the address changes, the page is ended and
// shown anew. Queries are values in queries.js, where a test holds their indexes, and reading.js asks them; what several
// pages draw is in parts/. Every template is lit-html's: a text in it stays a text, whatever it contains.
import { html, render } from "./sdk/lit-html.js";
import { PAGES } from "./pages.js";
import { problem } from "./parts/problem.js";
import { beBusy, freshPlace, goToItsBeginning } from "./place.js";
import { forgetReads } from "./reading.js";

let end = () => {};
let turn = 0;

/** Shows the page of the address, now and whenever it changes, to who is in the shop. Returns a function that stops. */
export function startRouting(shop) {
  const changed = () => show(shop);
  addEventListener("hashchange", changed);
  changed();
  return () => {
    removeEventListener("hashchange", changed);
    leave();
  };
}

/** The address of a page: its name, more of its path, and parameters, of which empty ones are left out. */
export function addressOf(name, path = [], parameters = {}) {
  const said = Object.entries(parameters).flatMap(([key, value]) => [value ?? []].flat().map((each) => [key, each]));
  const query = new URLSearchParams(said.filter(([, value]) => value !== "")).toString();
  return `#/${[name, ...path].map(encodeURIComponent).join("/")}${query ? `?${query}` : ""}`;
}

export function goTo(...address) {
  location.hash = addressOf(...address);
}

/** What an address asks for: the name of a page, and what that is to show. */
export function askedIn(hash) {
  const [path, query = ""] = hash.replace(/^#?\/?/, "").split(/\?(.*)/s);
  const [name, ...more] = path.split("/").filter(Boolean).map(decoded);
  return { name: name ?? "", path: more, parameters: new URLSearchParams(query) };
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function leave() {
  turn += 1;
  // An act is one of this page, and of who is signed in.
  document.getElementById("act").close();
  end();
  end = () => {};
}

async function show(shop) {
  leave();
  const now = turn;
  const { name, ...asked } = askedIn(location.hash);
  const page = PAGES.find((each) => each.name === (name || PAGES[0].name));
  showWhere(page);
  forgetReads();
  if (!page) {
    beBusy(false);
    document.title = "No such page";
    render(html`<h1>No such page</h1><p><a href="#/">Back to ${PAGES[0].label}</a></p>`, freshPlace());
    return;
  }
  beBusy(true);
  let module;
  try {
    module = await page.load();
  } catch (error) {
    module = { title: page.label ?? page.name, show: (place) => sayWhy(error, place) };
  }
  if (now !== turn) {
    return;
  }
  const { title, show: showPage } = module;
  document.title = `${typeof title === "function" ? title(asked) : title} · ${shop.projectId}`;
  end = showPage(freshPlace(), asked, shop);
  beBusy(false);
  // At the first one, they begin at the top.
  if (now > 1) {
    goToItsBeginning();
  }
}

function sayWhy(error, place) {
  render(html`<h1>The page cannot be loaded</h1>${problem(error)}`, place);
  return () => {};
}

function showWhere(page) {
  const link = ({ name, label }) => html`
    <a href=${addressOf(name)} aria-current=${name === (page?.within ?? page?.name) ? "page" : "false"}>${label}</a>`;
  render(html`${PAGES.filter(({ label }) => label).map(link)}`, document.getElementById("pages"));
}
