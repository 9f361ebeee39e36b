// Amounts as people read and write them, and as Stripe counts them: in minor units. Pure.

// https://docs.stripe.com/currencies#zero-decimal and #three-decimal; all others count two decimals, as Stripe does even
// where the currency's country has none.
const NO_DECIMALS = "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split(" ");
const THREE_DECIMALS = "bhd jod kwd omr tnd".split(" ");

export function decimalsOf(currency) {
  return NO_DECIMALS.includes(currency) ? 0 : THREE_DECIMALS.includes(currency) ? 3 : 2;
}

/** 1450 and "eur" are €14.50; 1450 and "jpy" are ¥1,450; without an amount, a dash. */
export function money(amount, currency, locale = undefined) {
  if (amount == null || !/^[a-z]{3}$/.test(currency ?? "")) {
    return "–";
  }
  const decimals = decimalsOf(currency);
  const digits = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
  return new Intl.NumberFormat(locale, { style: "currency", currency, ...digits }).format(amount / 10 ** decimals);
}

/** The minor units of what a person has written with a point or a comma, as "14.50"; NaN if it is no such amount. */
export function minorUnits(text, currency) {
  const decimals = decimalsOf(currency);
  const [, whole, part = ""] = /^\s*(\d{1,12})(?:[.,](\d+))?\s*$/.exec(text) ?? [];
  return whole === undefined || part.length > decimals ? NaN : Number(whole + part.padEnd(decimals, "0"));
}

/** Sums of `{ amount, currency }`, one a currency, as `{ amount, currency }` in the order of the currencies' names. */
export function added(several) {
  const sums = new Map();
  for (const { amount, currency } of several) {
    sums.set(currency, (sums.get(currency) ?? 0) + amount);
  }
  return [...sums].sort().map(([currency, amount]) => ({ amount, currency }));
}

export function sumsInWords(several) {
  return several.map(({ amount, currency }) => money(amount, currency)).join(" + ");
}
