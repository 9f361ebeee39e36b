// Who is signed in, and what their token lets them do: an `admin` acts, a `viewer` looks, and nobody else is let in.
import { onIdTokenChanged, signInWithEmailAndPassword, signOut } from "./sdk/firebase-auth.js";
import { auth } from "./firebase.js";
import { refusalInWords } from "./words.js";

const byId = (id) => document.getElementById(id);

/**
 * Calls back now and whenever somebody signs in or out, or may do something else than before: with null, or with
 * `{ uid, email, mayLook, mayAct }`. The rules of the database decide; what is said here only spares a person a refusal.
 */
export function watchSession(changed) {
  let known;
  onIdTokenChanged(auth, async (user) => {
    const who = user && whoIs(user, (await user.getIdTokenResult()).claims);
    if (user !== auth.currentUser) {
      // Somebody has signed out, or somebody else in, since it was asked for.
      return;
    }
    // A token is renewed every hour, which changes nothing.
    if (JSON.stringify(who) !== known) {
      known = JSON.stringify(who);
      show(who);
      changed(who);
    }
  });
  byId("sign-out").onclick = () => signOut(auth);
  byId("sign-in").onsubmit = async (event) => {
    event.preventDefault();
    byId("sign-in-problem").textContent = "";
    try {
      await signInWithEmailAndPassword(auth, byId("email").value, byId("password").value);
      byId("sign-in").reset();
    } catch (error) {
      byId("sign-in-problem").textContent = refusalInWords(error);
    }
  };
}

/** Has a claim that was just given take effect. */
export const askAgain = () => auth.currentUser.getIdToken(true);

export function whoIs({ uid, email }, claims) {
  const mayAct = claims.admin === true;
  return { uid, email: email ?? "", mayLook: mayAct || claims.viewer === true, mayAct };
}

function show(who) {
  byId("account").hidden = !who;
  byId("who").textContent = who ? `${who.email}${who.mayLook && !who.mayAct ? " (looks only)" : ""}` : "";
  byId("sign-in").hidden = Boolean(who);
  byId("pages").hidden = byId("search").hidden = !who?.mayLook;
}
