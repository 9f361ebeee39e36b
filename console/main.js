// The operators' console: who may look is shown the page that the address names.
import { html, render } from "./sdk/lit-html.js";
import { announce } from "./announcement.js";
import { beBusy, freshPlace } from "./place.js";
import { refusalInWords } from "./words.js";

render(html`<p class="waiting">One moment …</p>`, freshPlace());
start().catch((error) => {
  render(html`<h1>The console cannot open</h1><p class="problem">${refusalInWords(error)}</p>`, freshPlace());
  beBusy(false);
});

async function start() {
  const [{ projectId }, { askAgain, watchSession }, { goTo, startRouting }] = await Promise.all([
    import("./firebase.js"), import("./session.js"), import("./router.js"),
  ]);
  let stop = () => {};
  document.getElementById("search").onsubmit = (event) => {
    event.preventDefault();
    goTo("orders", [], { find: document.getElementById("text").value.trim() });
    event.target.reset();
  };
  watchSession((who) => {
    stop();
    stop = () => {};
    announce("");
    beBusy(false);
    // What somebody was shown is not for who comes after them.
    freshPlace();
    if (who?.mayLook) {
      stop = startRouting({ who, projectId });
    } else if (who) {
      showStranger(who, askAgain);
    }
  });
}

function showStranger({ email }, askAgain) {
  render(html`
    <h1>This account has no access</h1>
    <p>${email} is signed in, but has no access to this shop. Whoever runs the service can grant it:</p>
    <p><code>./shop admin add ${email}</code></p>
    <p><button class="main" type="button" @click=${askAgain}>Check again</button></p>`, freshPlace());
}
