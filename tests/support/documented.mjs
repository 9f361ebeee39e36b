// Runs a page's JavaScript against a database and a Stripe that only remember what is asked of them.
// Reads a JSON list of blocks of code; prints for each {calls: [[name, target, fields]], amount}.
import { readFileSync } from "node:fs";

const ORIGIN = "https://shop.example";
const AsyncFunction = (async () => {}).constructor;

// A path that knows its last part.
const reference = (path) => Object.assign(new String(path), { id: path.split("/").pop() });

async function run(code) {
  const calls = [], callbacks = [];
  const documents = {
    "orders/order-1": { userId: "alice", status: "reserved", itemsTotal: 4800, amountTotal: 4800, currency: "eur" },
    "customers/alice": { stripeId: "cus_alice" },
  };
  const call = (name, target, fields = {}) => {
    calls.push([name, target, fields]);
    documents[target] = { ...documents[target], ...fields };
    return target;
  };
  const names = {
    orderId: "order-1",
    app: "app",
    user: { uid: "alice" },
    token: "cRN4ZNy1Rk-pFHdMxOdZ4q",
    line_items: [],
    success_url: ORIGIN,
    // The Admin SDK's and Stripe's.
    db: {
      doc: (path) => ({
        get: async () => ({ data: () => documents[path] }),
        set: async (fields) => call("set", path, fields),
        update: async (fields) => call("update", path, fields),
      }),
    },
    stripe: {
      paymentIntents: { create: async (fields) => call("create", "payment_intents", fields) },
      checkout: { sessions: { create: async (fields) => call("create", "checkout/sessions", fields) } },
    },
    // The web SDK's, and the browser's. Whatever the app watches is ready to be paid.
    collection: (_, ...path) => path.join("/"),
    doc: (parent, ...path) => reference(typeof parent === "string" ? `${parent}/new` : path.join("/")),
    query: (...parts) => parts,
    where: (...parts) => parts,
    limit: (most) => most,
    serverTimestamp: () => "serverTimestamp()",
    getDocs: async () => [],
    addDoc: async (collection, fields) => call("addDoc", `${collection}/new`, fields),
    setDoc: async (path, fields) => call("setDoc", path, fields),
    writeBatch: () => ({ set: (path, fields) => call("batch.set", path, fields), commit: async () => {} }),
    onSnapshot: (_, callback) => {
      callbacks.push(() => callback({ data: () => ({ status: "reserved", url: `${ORIGIN}/pay` }) }));
      return () => {};
    },
    addressOfPayment: async () => `${ORIGIN}/pay`,
    show: (text) => call("show", text),
    // What the service answers is its own tests' business.
    getFunctions: () => "functions",
    httpsCallable: (_, name) => async (data) => {
      call(`call ${name}`, "functions", data);
      return { data: { url: `${ORIGIN}/pay` } };
    },
    window: { location: { origin: ORIGIN, assign: (address) => call("assign", address) } },
  };
  const body = code.replace(/^import .* from "firebase\/(firestore|functions)";$/gm, "");
  const program = new AsyncFunction(...Object.keys(names), `${body}\nreturn typeof amount === "number" ? amount : null;`);
  const amount = await program(...Object.values(names));
  for (const callback of callbacks) await callback();
  return { calls, amount };
}

const results = [];
for (const code of JSON.parse(readFileSync(0, "utf8"))) results.push(await run(code));
console.log(JSON.stringify(results));
