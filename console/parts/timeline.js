// An order's time as a picture: what happened in three lanes, and how long units were held. The list says the same.
import { html, nothing, svg } from "../sdk/lit-html.js";
import { LANES } from "../happenings.js";
import { clock, exactly, moment } from "../time.js";
import { idOf } from "./links.js";

const WIDTH = 900;
const LEFT = 80;
const ROW = 34;
const TOP = 12;

/**
 * @param happenings of `happenings.js`
 * @param hold `{ from, to }`, as long as its units are held; null without
 */
export function timeline(happenings, hold, livemode) {
  if (!happenings.length) {
    return html`<p class="soft">Nothing has happened yet.</p>`;
  }
  return html`${picture(happenings, hold)}<ol class="happenings">${happenings.map((each) => entry(each, livemode))}</ol>`;
}

function picture(happenings, hold) {
  const times = happenings.map(({ at }) => at.getTime());
  const [first, last] = [Math.min(...times), Math.max(...times, hold ? hold.to.getTime() : 0)];
  const x = (at) => LEFT + ((at - first) / Math.max(1, last - first)) * (WIDTH - LEFT - 12);
  const y = (lane) => TOP + LANES.indexOf(lane) * ROW + ROW / 2;
  const height = TOP + LANES.length * ROW + 22;
  const lane = (name) => svg`
    <line class="axis" x1=${LEFT} x2=${WIDTH} y1=${y(name)} y2=${y(name)}></line>
    <text x="0" y=${y(name) + 4}>${name}</text>`;
  const dot = ({ at, lane: name, what, look }) => svg`
    <circle class="dot ${look}" cx=${x(at)} cy=${y(name)} r="6"><title>${clock(at)} ${what}</title></circle>`;
  const held = hold && svg`
    <rect class="bar held" x=${x(Math.max(first, hold.from))} y=${y("order") - 9} height="18" rx="4"
      width=${Math.max(2, x(hold.to) - x(Math.max(first, hold.from)))}><title>Its units were held</title></rect>`;
  return html`
    <svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="What happened when; the list below says it in words">
      ${LANES.map(lane)}${held || nothing}${happenings.map(dot)}
      <text x=${LEFT} y=${height - 4}>${moment(new Date(first))}</text>
      <text x=${WIDTH} y=${height - 4} text-anchor="end">${moment(new Date(last))}</text>
    </svg>`;
}

const entry = ({ at, what, id, result, note, who, look }, livemode) => html`
  <li class=${look}>
    <time datetime=${at.toISOString()}>${exactly(at)}</time>
    <span><strong>${what}</strong> <span class="result">${result.replaceAll("_", " ")}</span>
      ${note ? html`<span class="soft">${note}</span>` : nothing}
      ${who ? html`<span class="soft">by ${who}</span>` : nothing}
      ${idOf(id, livemode)}</span>
  </li>`;
