// Who is ordering: a guest, or somebody with an e-mail and a password.
import {
  createUserWithEmailAndPassword, EmailAuthProvider, linkWithCredential, onIdTokenChanged, signInAnonymously,
  signInWithEmailAndPassword, signOut,
} from "./sdk/firebase-auth.js";
import { byId } from "./element.js";
import { auth } from "./firebase.js";
import { refusalInWords } from "./words.js";

/** Calls back with the user's id, or null, now and whenever it changes. */
export function watchSession(changed) {
  let userId;
  // Unlike onAuthStateChanged, this also fires when a guest gets an account and stays the same user.
  onIdTokenChanged(auth, (user) => {
    showSession(user);
    if (userId !== (user?.uid ?? null)) {
      userId = user?.uid ?? null;
      changed(userId);
    }
  });
  byId("open-account").onclick = askWho;
  byId("close-account").onclick = () => byId("account").close();
  byId("sign-out").onclick = () => signOut(auth);
  byId("guest").onclick = () => enter(() => signInAnonymously(auth));
  byId("create-account").onclick = () => enter(createAccount);
  byId("account-form").onsubmit = (event) => {
    event.preventDefault();
    enter(() => signInWithEmailAndPassword(auth, byId("email").value, byId("password").value));
  };
}

export function askWho() {
  byId("account-problem").textContent = "";
  byId("account").showModal();
}

function createAccount() {
  const [email, password] = [byId("email").value, byId("password").value];
  return auth.currentUser?.isAnonymous
    // A guest keeps their user id, and with it their orders and notices.
    ? linkWithCredential(auth.currentUser, EmailAuthProvider.credential(email, password))
    : createUserWithEmailAndPassword(auth, email, password);
}

async function enter(signIn) {
  try {
    await signIn();
    byId("account-form").reset();
    byId("account").close();
  } catch (error) {
    byId("account-problem").textContent = refusalInWords(error);
  }
}

function showSession(user) {
  byId("who").textContent = user ? user.email ?? "Guest" : "";
  byId("sign-out").hidden = !user;
  byId("open-account").hidden = Boolean(user) && !user.isAnonymous;
  byId("open-account").disabled = false;
  byId("open-account").textContent = user ? "Keep my orders" : "Sign in";
  byId("guest").hidden = Boolean(user);
  byId("account-hint").textContent = user
    ? "With an account you can see your orders on other devices, too."
    : "Only you can see your orders and notices.";
}
