// One line of news at the foot of the page, which screen readers read out.
import { byId } from "./element.js";
import { refusalInWords } from "./words.js";

export function announce(sentence) {
  byId("announcement").textContent = sentence;
}

/** Does what may be refused, by the security rules above all, and announces a refusal. Returns whether it was done. */
export async function attempt(action) {
  try {
    await action();
    return true;
  } catch (error) {
    announceRefusal(error);
    return false;
  }
}

export function announceRefusal(error) {
  announce(refusalInWords(error));
}
