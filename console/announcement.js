// One line of news at the foot of the page, which screen readers read out.
import { refusalInWords } from "./words.js";

export function announce(sentence) {
  document.getElementById("announcement").textContent = sentence;
}

/** Does what may be refused, and announces a refusal. Returns whether it was done. */
export async function attempt(action) {
  try {
    await action();
    return true;
  } catch (error) {
    announce(refusalInWords(error));
    return false;
  }
}
