// Small pictures of numbers, each with the numbers as a table beside it for who cannot see it.
import { html, svg } from "../sdk/lit-html.js";

const WIDTH = 600;
const HEIGHT = 120;
const FOOT = 18;

/** One bar for each `{ label, value }`. `inWords` says a value. */
export function bars(title, points, inWords = String) {
  const most = Math.max(1, ...points.map(({ value }) => value));
  const step = WIDTH / Math.max(1, points.length);
  const bar = ({ value }, index) => {
    const height = (value / most) * (HEIGHT - FOOT - 14);
    return svg`<rect class="bar" x=${index * step + 1} y=${HEIGHT - FOOT - height} width=${Math.max(1, step - 2)} height=${height} rx="2"></rect>`;
  };
  const marks = svg`${points.map(bar)}<text x="0" y="10">${inWords(most)}</text>`;
  return picture(title, marks, points, inWords, step / 2, step);
}

/** A line through `{ label, value }`, from 0 up, or from the least value if that is less. */
export function line(title, points, inWords = String) {
  const values = points.map(({ value }) => value);
  const [least, most] = [Math.min(0, ...values), Math.max(1, ...values)];
  const step = WIDTH / Math.max(1, points.length - 1);
  const y = (value) => 14 + (1 - (value - least) / (most - least)) * (HEIGHT - FOOT - 14);
  const path = points.map(({ value }, index) => `${index ? "H" : "M"}${index * step}${index ? "V" : ","}${y(value)}`).join("");
  const marks = svg`<path class="line" d=${path}></path><text x="0" y="10">${inWords(most)}</text>`;
  return picture(title, marks, points, inWords, 0, step);
}

function picture(title, marks, points, inWords, first, step) {
  const every = Math.ceil(points.length / 6);
  const label = ({ label: said }, index) => index % every ? null : svg`
    <text x=${first + index * step} y=${HEIGHT - 4} text-anchor=${first ? "middle" : index ? "end" : "start"}>${said}</text>`;
  return html`
    <figure>
      <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label=${title}>
        <line class="axis" x1="0" x2=${WIDTH} y1=${HEIGHT - FOOT} y2=${HEIGHT - FOOT}></line>
        ${marks}${points.map(label)}
      </svg>
      <table class="unseen">
        <caption>${title}</caption>
        <tbody>${points.map(({ label: said, value }) => html`<tr><th scope="row">${said}</th><td>${inWords(value)}</td></tr>`)}</tbody>
      </table>
    </figure>`;
}
