// How a reserved order is paid. In the emulators `make pay` reports what Stripe would report. In a real shop this is the
// place for a button that calls createCheckout, or asks a backend (../backend), for a Checkout session.
import { announce, attempt } from "./announcement.js";
import { element } from "./element.js";
import { isLocal } from "./firebase.js";

const CLOCK = { hour: "2-digit", minute: "2-digit" };

export function howToPay({ id, reservationExpiresAt }) {
  const until = reservationExpiresAt.toDate().toLocaleTimeString([], CLOCK);
  const command = `make pay ORDER=${id}`;
  const copy = element("button", { type: "button", ariaLabel: "Copy the command that pays" }, "Copy");
  copy.onclick = async () => {
    if (await attempt(() => navigator.clipboard.writeText(command))) {
      announce("Copied. Run it in a terminal, in the folder of this repository.");
    }
  };
  return element(
    "div",
    { className: "payment" },
    element("p", {}, `Set aside for you until ${until}.`),
    isLocal ? element("div", { className: "command" }, element("code", {}, command), copy) : null,
  );
}
