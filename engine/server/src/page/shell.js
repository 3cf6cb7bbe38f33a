/* The frame of the page: what the model does, which model does it, and the keys that work everywhere. */
const SKILLS = { chat: "chat", complete: "completion", classify: "classification", look: null };
const TABS = Object.keys(SKILLS);
let tab = "chat";

/** The models that can do what a tab is for. */
const able = of => models.filter(model => SKILLS[of] === null || model.capabilities.includes(SKILLS[of]));

/** The model that the reader has chosen for a tab, or the first that can. */
function chosenModel(of = tab) {
  const can = able(of);
  return can.find(model => model.name === settings.models[of]) ?? can[0] ?? null;
}

function drawModels() {
  const names = able(tab).map(model => model.name);
  byId("model").replaceChildren(...names.map(name => new Option(name, name)));
  byId("model").value = chosenModel()?.name ?? "";
  byId("model").hidden = names.length === 0;
  showFields();
}

function showTab(next) {
  tab = next;
  for (const name of TABS) {
    const button = byId(`tab-${name}`);
    button.setAttribute("aria-selected", name === tab);
    button.tabIndex = name === tab ? 0 : -1;
    byId(`panel-${name}`).hidden = name !== tab;
  }
  document.body.dataset.tab = tab;
  history.replaceState(null, "", `#${tab}`);
  drawModels();
  redraw.forEach(draw => draw());
}

/** The tab that the address names, or the first for which there is a model. */
function firstTab() {
  const named = location.hash.slice(1);
  return TABS.includes(named) ? named : TABS.find(name => SKILLS[name] && able(name).length) ?? "chat";
}

/** A list of conversations that lies over the page where there is no room beside it. */
const list = {
  narrow: matchMedia("(max-width: 56rem)"),
  get open() { return this.narrow.matches ? document.body.dataset.list === "over" : !settings.listHidden; },
  show(open) {
    if (this.narrow.matches) document.body.dataset.list = open ? "over" : "";
    else {
      settings.listHidden = !open;
      saveSettings();
    }
    this.draw();
    if (this.narrow.matches) (open ? byId("new-chat") : byId("list-open")).focus();
  },
  draw() {
    const over = this.narrow.matches && this.open;
    byId("list").classList.toggle("open", this.open);
    byId("list").hidden = tab !== "chat" || !this.open;
    byId("veil").hidden = !over || tab !== "chat";
    byId("main").inert = document.querySelector(".top").inert = over && tab === "chat";
    byId("list-open").hidden = tab !== "chat";
    byId("list-open").setAttribute("aria-expanded", this.open);
  },
};

addEventListener("hashchange", () => { if (TABS.includes(location.hash.slice(1))) showTab(location.hash.slice(1)); });
for (const name of TABS) byId(`tab-${name}`).addEventListener("click", () => showTab(name));
document.querySelector(".tabs").addEventListener("keydown", event => {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  const next = event.key === "Home" ? 0 : event.key === "End" ? TABS.length - 1
    : step && (TABS.indexOf(tab) + step + TABS.length) % TABS.length;
  if (next === undefined) return;
  event.preventDefault();
  showTab(TABS[next]);
  byId(`tab-${tab}`).focus();
});
byId("model").addEventListener("change", ({ target }) => {
  settings.models[tab] = target.value;
  saveSettings();
  redraw.forEach(draw => draw());
});
byId("list-open").addEventListener("click", () => list.show(!list.open));
byId("list-close").addEventListener("click", () => list.show(false));
byId("veil").addEventListener("click", () => list.show(false));
list.narrow.addEventListener("change", () => { document.body.dataset.list = ""; list.draw(); });
document.querySelector(".skip").addEventListener("click", event => { event.preventDefault(); byId("main").focus(); });

// A click beside a dialog closes it; inside, the target is one of its children.
for (const dialog of document.querySelectorAll("dialog"))
  dialog.addEventListener("click", event => { if (event.target === dialog) dialog.close(""); });

/** Asks before something that cannot be undone. */
function confirmed(question, word) {
  const dialog = byId("confirm");
  byId("confirm-text").textContent = question;
  byId("confirm-yes").textContent = word;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise(resolve => dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true }));
}

/** Whether a key ends the input of a word, as in Chinese, and so means nothing to the page. */
const isComposing = event => event.isComposing || event.keyCode === 229;
const isTyping = element => element?.matches("input:not([type=radio], [type=checkbox], [type=range]), textarea, select");

const shortcuts = {
  "?": { typing: false, do: () => byId("help").showModal() },
  "/": { typing: false, do: () => document.querySelector(`#panel-${tab} textarea:not(#system-text)`)?.focus() },
  "ctrl+shift+o": { typing: true, do: () => { showTab("chat"); chat.begin(); } },
  "ctrl+k": { typing: true, do: () => { showTab("chat"); list.show(true); byId("find").focus(); } },
  ...Object.fromEntries(TABS.map((name, index) => [`alt+${index + 1}`, { typing: true, do: () => showTab(name) }])),
};

document.addEventListener("keydown", event => {
  if (isComposing(event) || event.defaultPrevented || document.querySelector("dialog[open]")) return;
  if (event.key === "Escape") {
    if (byId("main").inert) list.show(false);
    else if (!document.querySelector(":popover-open")) stopShown();
    return;
  }
  const key = event.altKey && event.code.startsWith("Digit") ? event.code.slice(5) : event.key.toLowerCase();
  // With a sign such as ?, Shift is a part of it on some keyboards and not on others.
  const held = [(event.ctrlKey || event.metaKey) && "ctrl+", event.altKey && "alt+", event.shiftKey && /[a-z]/.test(key) && "shift+"];
  const shortcut = shortcuts[held.filter(Boolean).join("") + key];
  if (!shortcut || (!shortcut.typing && isTyping(document.activeElement))) return;
  event.preventDefault();
  shortcut.do();
});

byId("help-open").addEventListener("click", () => byId("help").showModal());
redraw.push(() => {
  byId("keys").replaceChildren(...words().shortcuts.flatMap(([keys, what]) => [
    make("dt", {}, ...keys.flatMap((key, index) => [index ? " + " : null, make("kbd", { textContent: key })]).filter(Boolean)),
    make("dd", { textContent: what })]));
  list.draw();
});

/** Keeps the end of a growing text in sight until the reader scrolls up, and again when they are back at the end. */
class Follower {
  constructor(scroller, moved = () => {}) {
    Object.assign(this, { scroller, following: true, top: 0 });
    scroller.addEventListener("scroll", () => {
      const { scrollTop } = scroller;
      if (this.distance < 8) this.following = true;
      else if (scrollTop < this.top) this.following = false;
      this.top = scrollTop;
      moved();
    }, { passive: true });
    new ResizeObserver(() => this.follow()).observe(scroller);
  }
  get distance() { return this.scroller.scrollHeight - this.scroller.scrollTop - this.scroller.clientHeight; }
  follow() { if (this.following) this.toEnd(); }
  toEnd() {
    this.following = true;
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.top = this.scroller.scrollTop;
  }
}
