const place = document.getElementById("place");

/** An empty element in the place of what was shown: what still comes for that is drawn where nobody sees it. */
export function freshPlace() {
  const fresh = Object.assign(document.createElement("div"), { className: "page" });
  place.replaceChildren(fresh);
  return fresh;
}

export function beBusy(isBusy) {
  place.ariaBusy = String(isBusy);
}

/** Who uses a screen reader hears that the page is another one; who uses the keyboard goes on from its beginning. */
export function goToItsBeginning() {
  place.focus({ preventScroll: true });
  scrollTo(0, 0);
}
