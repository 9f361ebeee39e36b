// Asks the service for an act, by a document that its trigger answers: docs/decisions/0029-console.md.
import { addDoc, collection, serverTimestamp } from "./sdk/firebase-firestore.js";
import { db } from "./firebase.js";
import { watchDocument } from "./reading.js";

const ANSWER_SECONDS_MAX = 60;
// Usually it is there within one. A listener that has gone silent would never say so.
const LISTENS_ANEW_SECONDS = 5;

/**
 * `{ result, note, differences }`, once the service has answered. Only a rehearsal has differences, and changes nothing.
 *
 * @param asked `{ kind, target, reason, … }`; the rest is as the service's document has it
 * @param who whose token is sent: the rules compare what is said of them
 * @throws NotAnswered, or Firestore's refusal
 */
export async function ask(asked, who, { isRehearsal }) {
  const { id } = await addDoc(collection(db, "operatorRequests"), {
    ...asked,
    ...(isRehearsal ? { rehearse: true } : {}),
    operator: `${who.email} ${who.uid}`,
    createdAt: serverTimestamp(),
  });
  return answerTo(id);
}

/** Nobody knows yet what became of it. */
export class NotAnswered extends Error {
  constructor(id) {
    super(`Request ${id} is not answered yet, but it may still be carried out: check before you ask again.`);
  }
}

function answerTo(id) {
  return new Promise((resolve, reject) => {
    const over = (settle, value) => {
      clearTimeout(timer);
      clearInterval(anew);
      end();
      settle(value);
    };
    const listen = () => watchDocument(`operatorRequests/${id}`, (request) => {
      if (request?.fields.settledAt) {
        const { result, note, differences } = request.fields;
        over(resolve, { result, note: note ?? "", differences: differences ?? [] });
      }
    }, (error) => over(reject, error));
    let end = listen();
    const timer = setTimeout(() => over(reject, new NotAnswered(id)), ANSWER_SECONDS_MAX * 1_000);
    const anew = setInterval(() => {
      end();
      end = listen();
    }, LISTENS_ANEW_SECONDS * 1_000);
  });
}
