// Amounts as people read them, from minor units as Stripe counts them.

// https://docs.stripe.com/currencies#zero-decimal and #three-decimal; all others count two decimals, as Stripe does even
// where the currency's country has none.
const NO_DECIMALS = "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split(" ");
const THREE_DECIMALS = "bhd jod kwd omr tnd".split(" ");

/** 1450 and "eur" are €14.50; 1450 and "jpy" are ¥1,450. */
export function money(amount, currency, locale = navigator.language) {
  const decimals = NO_DECIMALS.includes(currency) ? 0 : THREE_DECIMALS.includes(currency) ? 3 : 2;
  const digits = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
  return new Intl.NumberFormat(locale, { style: "currency", currency, ...digits }).format(amount / 10 ** decimals);
}
