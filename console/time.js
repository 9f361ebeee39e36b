// Times and ages as people read them, in their own time zone; UTC only where an address or a file says so. Pure.
const STEPS = [["d", 86_400], ["h", 3_600], ["min", 60]];

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

export function moment(at) {
  return at ? at.toLocaleString([], { dateStyle: "medium", timeStyle: "short" }) : "–";
}

export function exactly(at) {
  return at.toLocaleString([], { dateStyle: "medium", timeStyle: "medium" });
}

export function clock(at) {
  return at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}

/** How long it was since one time, or is until it, to its two largest units: "2 d 4 h". */
export function age(at, now) {
  let seconds = Math.floor(Math.abs(now - at) / 1_000);
  const said = [];
  for (const [unit, length] of STEPS) {
    const count = Math.floor(seconds / length);
    seconds -= count * length;
    if (count || said.length) {
      said.push([count, unit]);
    }
  }
  const largest = said.slice(0, 2).filter(([count]) => count).map(([count, unit]) => `${count} ${unit}`);
  return largest.join(" ") || "under a minute";
}

/** "2 d ago", or "in 2 d". */
export function when(at, now) {
  return at > now ? `in ${age(at, now)}` : `${age(at, now)} ago`;
}

/** The beginning of this day, where the person is. */
export function midnight(now) {
  const day = new Date(now);
  day.setHours(0, 0, 0, 0);
  return day;
}
