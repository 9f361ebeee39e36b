/** A new element. A string among its children stays text, whatever it contains; null is left out. */
export function element(tag, properties, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children.filter((child) => child !== null));
  return made;
}

/** The element of index.html with this id. */
export const byId = (id) => document.getElementById(id);

/** A number beside a link, which is not there while it is 0. */
export function showCount(place, count, ofWhat) {
  place.hidden = count === 0;
  place.textContent = String(count);
  place.title = `${count} ${ofWhat}`;
}
