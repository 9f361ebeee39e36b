// How a reserved order is paid: on the page of a Checkout session, which the service opens. In the emulators that page is a
// stand-in's, and `make pay` reports a payment that was made elsewhere.
import { httpsCallable } from "./sdk/firebase-functions.js";
import { announce, attempt } from "./announcement.js";
import { element } from "./element.js";
import { functions, isLocal } from "./firebase.js";

// With the day: while a payment is on its way, it can be weeks.
const DAY_AND_TIME = { dateStyle: "medium", timeStyle: "short" };

const createCheckout = httpsCallable(functions, "createCheckout");

export function howToPay({ id, reservationExpiresAt }) {
  const until = reservationExpiresAt.toDate().toLocaleString([], DAY_AND_TIME);
  const pay = element("button", { type: "button", className: "main" }, "Pay");
  pay.onclick = async () => {
    pay.disabled = true;
    await attempt(async () => {
      const { data } = await createCheckout({ orderId: id });
      window.location.assign(data.url);
    });
    pay.disabled = false;
  };
  return element(
    "div",
    { className: "payment" },
    element("p", {}, `Set aside for you until ${until}.`),
    pay,
    isLocal ? commandThatPays(id) : null,
  );
}

function commandThatPays(id) {
  const command = `make pay ORDER=${id}`;
  const copy = element("button", { type: "button", ariaLabel: "Copy the command that pays" }, "Copy");
  copy.onclick = async () => {
    if (await attempt(() => navigator.clipboard.writeText(command))) {
      announce("Copied. Run it in a terminal, in the folder of this repository.");
    }
  };
  return element("div", { className: "command" }, element("code", {}, command), copy);
}
