// An act in three steps: say what and why, see what would become of it, and only then have it done.
import { html, nothing, render } from "../sdk/lit-html.js";
import { ACTS, choicesFor, expectedStatus, isDone, parametersFrom, REASON_CHARACTERS_MAX, Unclear } from "../acts.js";
import { ask, NotAnswered } from "../requests.js";
import { refusalInWords } from "../words.js";
import { table } from "./table.js";

const dialog = document.getElementById("act");
// Of whom it is about or what was found out, nothing stays behind.
dialog.addEventListener("close", () => dialog.replaceChildren());

/** A button that begins it; nothing for who may only look. */
export const actButton = (kind, target, shop, fields = null, said = {}) => (shop.who.mayAct ? html`
  <button type="button" @click=${() => begin({ kind, target, shop, fields, said })}>${ACTS[kind].name}</button>` : nothing);

/** The buttons for what waits for a person and has no other end; none for anything else. `of`: effect, finding or event. */
export const buttonsFor = (of, { id, isKept }, shop) => (shop.who.mayAct && of ? html`
  <span class="row acts">
    ${of === "effect" ? actButton("retry", id, shop) : nothing}
    ${of === "event" && isKept ? actButton("replay", id, shop) : nothing}
    ${actButton("handle", id, shop, null, { of })}
  </span>` : nothing);

/**
 * @param act `{ kind, target, shop, fields, said }`; of an order, its fields as the person sees them; and what the
 *   request says that nobody has to be asked for
 */
function begin(act) {
  const state = { step: "say", said: null, asked: null, answer: null, problem: "" };
  // Its own element: an answer that comes once it is closed is drawn where nobody sees it, and no field has what was
  // written for another order.
  const place = document.createElement("div");
  const draw = () => render(content(act, state, draw), place);
  draw();
  dialog.replaceChildren(place);
  dialog.showModal();
}

function content(act, state, draw) {
  const { name, says } = ACTS[act.kind];
  const step = { say, look, done, unknown }[state.step];
  return html`
    <div class="head"><h2 id="act-title">${name} <span class="id">${act.target}</span></h2></div>
    <p class="soft">${says}</p>
    <p class="problem" role="alert">${state.problem}</p>
    ${step(act, state, draw)}`;
}

function say(act, state, draw) {
  const rehearse = async (event) => {
    event.preventDefault();
    const said = new FormData(event.target);
    await taking(state, draw, "look", async () => {
      state.asked = {
        kind: act.kind,
        target: act.target,
        reason: said.get("reason").trim(),
        // What is decided here is decided of the order as it is seen here.
        ...(act.fields ? { expectedStatus: expectedStatus(act.fields) } : {}),
        ...act.said,
        ...parametersFrom(act.kind, said, act.fields),
      };
      state.answer = await ask(state.asked, act.shop.who, { isRehearsal: true });
    });
  };
  return html`
    <form class="act" @submit=${rehearse}>
      ${choicesFor(act.kind, act.fields).map(choice)}
      <label>Reason <textarea name="reason" rows="2" required maxlength=${REASON_CHARACTERS_MAX} aria-describedby="reason-note"></textarea></label>
      <p id="reason-note" class="soft">It stays in the audit trail, so do not name a customer.</p>
      <div class="row">
        <button class="main" type="submit" ?disabled=${state.isBusy}>${state.isBusy ? "Checking …" : "See what would happen"}</button>
        ${leave("Not now")}
      </div>
    </form>`;
}

function choice({ name, label, type, options, note, isRequired }) {
  if (type === "checkbox") {
    return html`<label class="inline"><input type="checkbox" name=${name} value="1"> ${label}</label>`;
  }
  return html`<label>${label} ${options
    ? html`<select name=${name}>${options.map(([value, text]) => html`<option value=${value}>${text}</option>`)}</select>`
    : html`<input name=${name} type=${type} placeholder=${note ?? ""} autocomplete="off" ?required=${isRequired}>`}</label>`;
}

function look(act, state, draw) {
  const { answer } = state;
  const confirm = () => taking(state, draw, "done", async () => {
    state.answer = await ask(state.asked, act.shop.who, { isRehearsal: false });
  });
  if (!isDone(answer)) {
    return html`${outcome(answer, "This cannot be done")}<div class="row">${leave("Close")}</div>`;
  }
  return html`
    ${outcome(answer, "This would end as")}
    ${table("What would change", DIFFERENCE, answer.differences, "No document would change.")}
    <p>Nothing has been done yet.</p>
    <div class="row">
      <button class="main" type="button" autofocus ?disabled=${state.isBusy} @click=${confirm}>${state.isBusy ? "Doing it …" : "Do it"}</button>
      ${leave("Not now")}
    </div>`;
}

function done(act, { answer }) {
  return html`${outcome(answer, isDone(answer) ? "Done" : "Not done")}<div class="row">${leave("Close")}</div>`;
}

/** The problem says why. To ask once more would be to ask for it twice. */
const unknown = () => html`<div class="row">${leave("Close")}</div>`;

const DIFFERENCE = [
  { name: "Document", cell: ({ document: path }) => html`<span class="id">${path}</span>` },
  { name: "Field", cell: ({ field }) => field },
  { name: "Before", cell: ({ before }) => before },
  { name: "After", cell: ({ after }) => after },
];

const outcome = (answer, what) => html`
  <p role="status" class=${isDone(answer) ? "good" : "bad"}>
    <strong>${what}: ${answer.result.replaceAll("_", " ")}</strong>${answer.note ? html`. ${answer.note}` : nothing}
  </p>`;

const leave = (words) => html`<button class="quiet" type="button" @click=${() => dialog.close()}>${words}</button>`;

/** Takes a step while nobody can take another one; what is refused leaves the person where they were. */
async function taking(state, draw, next, action) {
  if (state.isBusy) {
    return;
  }
  Object.assign(state, { isBusy: true, problem: "" });
  draw();
  try {
    await action();
    state.step = next;
  } catch (error) {
    state.problem = error instanceof Unclear || error instanceof NotAnswered ? error.message : refusalInWords(error);
    if (error instanceof NotAnswered && next === "done") {
      state.step = "unknown";
    }
  }
  state.isBusy = false;
  draw();
}
