// Connects to Firebase: to the project whose Hosting serves this page, or to the emulators.
import { initializeApp } from "./sdk/firebase-app.js";
import {
  browserLocalPersistence, connectAuthEmulator, indexedDBLocalPersistence, initializeAuth,
} from "./sdk/firebase-auth.js";
import { connectFirestoreEmulator, getFirestore } from "./sdk/firebase-firestore.js";

// Firebase Hosting answers it by itself, and `make console` does the same:
// https://firebase.google.com/docs/hosting/reserved-urls
const answer = await fetch("/__/firebase/init.json");
if (!answer.ok) {
  throw new Error(`/__/firebase/init.json, which names the project, is missing (${answer.status})`);
}
const { emulators, ...project } = await answer.json();
const app = initializeApp(project);

export const projectId = project.projectId;
// Without a popup resolver, which loads a script from another host.
export const auth = initializeAuth(app, { persistence: [indexedDBLocalPersistence, browserLocalPersistence] });
export const db = getFirestore(app);

if (emulators?.firestore) {
  connectAuthEmulator(auth, addressOf(emulators.auth), { disableWarnings: true });
  const { hostname, port } = new URL(addressOf(emulators.firestore));
  connectFirestoreEmulator(db, hostname, Number(port));
}

function addressOf(host) {
  return `http://${host}`;
}
