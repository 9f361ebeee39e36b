// What the console says of refusals, in words.
const REFUSALS = {
  "permission-denied": "The database's rules do not allow this. This account may only be allowed to look.",
  "resource-exhausted": "The database is very busy. Please try again in a moment.",
  "failed-precondition": "The database lacks an index for this: deploy firestore.indexes.json.",
  unavailable: "The database cannot be reached. Please check your connection.",
  "auth/invalid-credential": "This e-mail and password do not match.",
  "auth/invalid-email": "This is not an e-mail address.",
  "auth/missing-password": "Please enter a password.",
  "auth/network-request-failed": "Firebase cannot be reached. Please check your connection.",
  "auth/too-many-requests": "Too many attempts. Please try again in a moment.",
  "auth/user-disabled": "This account has been disabled.",
  "auth/user-not-found": "This e-mail and password do not match.",
  "auth/wrong-password": "This e-mail and password do not match.",
};

export function refusalInWords(error) {
  return REFUSALS[error.code] ?? `Something went wrong (${error.code ?? error.message}). Please try again.`;
}
