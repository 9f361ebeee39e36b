// Connects to Firebase: to the project that config.json names, or to the emulators if it names those, too.
import { initializeApp } from "./sdk/firebase-app.js";
import {
  browserLocalPersistence, connectAuthEmulator, indexedDBLocalPersistence, initializeAuth,
} from "./sdk/firebase-auth.js";
import { connectFirestoreEmulator, getFirestore } from "./sdk/firebase-firestore.js";
import { connectFunctionsEmulator, getFunctions } from "./sdk/firebase-functions.js";
import { announce } from "./announcement.js";

const { firebase, region, emulators } = await configuration();
const app = initializeApp(firebase);

// Without a popup resolver, which loads a script from another host and is needed for sign-in with Google and the like only.
export const auth = initializeAuth(app, { persistence: [indexedDBLocalPersistence, browserLocalPersistence] });
export const db = getFirestore(app);
/** Without a region, in us-central1. */
export const functions = getFunctions(app, region);
/** Whether this is a shop in the emulators, where `make pay` stands in for the customer's card. */
export const isLocal = Boolean(emulators);

if (emulators) {
  connectAuthEmulator(auth, `http://${emulators.auth}`, { disableWarnings: true });
  connectFirestoreEmulator(db, ...hostAndPort(emulators.firestore));
  connectFunctionsEmulator(functions, ...hostAndPort(emulators.functions));
}

function hostAndPort(address) {
  const [host, port] = address.split(":");
  return [host, Number(port)];
}

async function configuration() {
  const answer = await fetch("config.json");
  if (!answer.ok) {
    announce("This shop cannot open: config.json, which names its Firebase project, is missing.");
    throw new Error(`config.json: ${answer.status}`);
  }
  return answer.json();
}
