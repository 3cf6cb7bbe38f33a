/** The language of the page, and who draws anew when it changes. */
let language = (kept.get("language") ?? navigator.language).startsWith("zh") ? "zh" : "en";
const words = () => wordsIn[language];
const redraw = [];

/** Puts the words of the page's own elements, then whatever the parts draw themselves. */
function speak() {
  const t = words();
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  document.title = t.title;
  for (const element of document.querySelectorAll("[data-text]")) element.textContent = t[element.dataset.text];
  for (const element of document.querySelectorAll("[data-placeholder]")) element.placeholder = t[element.dataset.placeholder];
  for (const element of document.querySelectorAll("[data-label]")) {
    element.ariaLabel = t[element.dataset.label];
    if (element.matches("button")) element.title = element.ariaLabel;
  }
  byId("language").textContent = t.other;
  byId("language").title = t.otherTitle;
  byId("language").lang = language === "zh" ? "en" : "zh-CN";
  redraw.forEach(draw => draw());
}

byId("language").addEventListener("click", () => {
  language = language === "en" ? "zh" : "en";
  kept.set("language", language);
  speak();
});

/** A sentence in which `code` stands between backticks. */
function putSentence(element, text) {
  element.replaceChildren(...text.split("`").map((part, index) => (index % 2 ? make("code", { textContent: part }) : part)));
}

/** Says a sentence to those who listen, without showing it. */
function announce(text) {
  byId("spoken").textContent = text;
}

let toastTimer = 0;

/** Shows a sentence for a moment, with a way back if there is one. */
function toast(text, undo = null) {
  byId("toast-text").textContent = text;
  byId("toast-undo").hidden = !undo;
  byId("toast-undo").onclick = () => { byId("toast").hidden = true; undo(); };
  byId("toast").hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { byId("toast").hidden = true; }, undo ? 8000 : 3000);
}
