// node checkout.mjs ORDER PORT KEY: asks examples/backend twice for the session of an order; prints both addresses.
import Stripe from "../../../venv/npm/stripe/esm/stripe.esm.node.js";
import { checkoutUrl } from "../../../examples/backend/checkout.mjs";

const [order, port, key] = process.argv.slice(2);
const document = { get: async () => ({ data: () => JSON.parse(order) }) };
const db = { doc: (path) => (path === "orders/order-1" ? document : null) };
const stripe = new Stripe(key, { host: "127.0.0.1", port, protocol: "http" });

for (const _ of [1, 2]) {
  console.log(await checkoutUrl("order-1", "alice", { db, stripe, shopUrl: "https://shop.example/" }));
}
