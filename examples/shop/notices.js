// The customer's notices, and which of them they have read.
import {
  collection, limit, onSnapshot, orderBy, query, serverTimestamp, updateDoc,
} from "./sdk/firebase-firestore.js";
import { announceRefusal, attempt } from "./announcement.js";
import { byId, element, showCount } from "./element.js";
import { db } from "./firebase.js";
import { noticeInWords } from "./words.js";

const SHOWN_MAX = 20;

/** Shows the customer's notices, the latest first, whenever one comes or changes. Returns a function that ends this. */
export function watchNotices(userId) {
  const messages = collection(db, "notifications", userId, "messages");
  return onSnapshot(query(messages, orderBy("createdAt", "desc"), limit(SHOWN_MAX)), (found) => {
    show(found.docs, "Nothing yet.");
  }, announceRefusal);
}

export function showNoNotices() {
  show([], "Sign in to see your notices.");
}

/** The only change to a notice that the rules allow. */
async function markAsRead(notice) {
  await updateDoc(notice.ref, { readAt: serverTimestamp() });
}

function show(notices, otherwise) {
  const unread = notices.filter((notice) => !notice.get("readAt")).length;
  byId("notice-list").replaceChildren(...notices.map(card));
  byId("notices-empty").hidden = notices.length > 0;
  byId("notices-empty").textContent = otherwise;
  showCount(byId("unread"), unread, "unread");
}

function card(notice) {
  const { sentence, amount } = noticeInWords(notice.data());
  const isRead = Boolean(notice.get("readAt"));
  const at = notice.get("createdAt").toDate();
  const read = element("button", { type: "button", className: "quiet" }, "Mark as read");
  read.onclick = () => attempt(() => markAsRead(notice));
  return element(
    "li",
    { className: isRead ? "notice" : "notice unread" },
    element("p", {}, sentence),
    element(
      "p",
      { className: "meaning" },
      element("time", { dateTime: at.toISOString() }, at.toLocaleString([], { dateStyle: "medium", timeStyle: "short" })),
      amount === null ? null : ` · ${amount}`,
    ),
    isRead ? null : read,
  );
}
