/* The list of conversations beside the chat. */
let renaming = null;

function drawList() {
  const t = words(), sought = byId("find").value.trim().toLowerCase();
  const shown = conversations.sorted().filter(one => !sought || textOf(one).includes(sought));
  const groups = Map.groupBy ? Map.groupBy(shown, groupOf) : grouped(shown, groupOf);
  byId("conversations").replaceChildren(...[...groups].flatMap(([group, ones]) => [
    make("h3", { textContent: t.groups[group] }), make("ul", {}, ...ones.map(one => make("li", {}, ...rowOf(one)))),
  ]));
  byId("list-note").textContent = !kept.lasting ? t.notKept : kept.full ? t.full
    : shown.length ? "" : sought ? t.noneFound : t.noneYet;
  byId("find").hidden = conversations.all.size < 2 && !sought;
}

function rowOf(one) {
  const t = words();
  if (renaming === one.id)
    return [make("input", { id: "new-title", value: one.title, maxLength: 200, ariaLabel: t.title_, data: { renames: one.id } })];
  const isShown = one.id === chat.shown.id, title = one.title || t.untitled;
  const button = make("button", { type: "button", className: "open", title, data: { open: one.id } }, make("span", { textContent: title }));
  if (isShown) button.setAttribute("aria-current", "true");
  if (chat.runs.has(one.id)) button.append(make("i", { className: "dot", role: "img", ariaLabel: t.running }));
  const more = make("button", { type: "button", className: "icon more", ariaLabel: `${t.actions}: ${title}`, ariaHasPopup: "menu", data: { more: one.id } }, icon("more"));
  return [button, more];
}

const textOf = one => [one.title, ...[...one.nodes.values()].map(node => node.content)].join("\n").toLowerCase();

function groupOf(one) {
  const midnight = new Date().setHours(0, 0, 0, 0), day = 24 * 3600 * 1000;
  if (one.updated >= midnight) return "today";
  if (one.updated >= midnight - day) return "yesterday";
  return one.updated >= midnight - 6 * day ? "week" : "older";
}

/** As `Map.groupBy`, for browsers without it. */
function grouped(items, keyOf) {
  const groups = new Map();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}

/** What the menu of a conversation does. */
const conversationJobs = {
  rename(one) {
    renaming = one.id;
    drawList();
    byId("new-title").select();
  },
  markdown: one => saveFile(`${fileName(one)}.md`, "text/markdown", one.toMarkdown()),
  json: one => saveFile(`${fileName(one)}.json`, "application/json", JSON.stringify(one, null, 2)),
  delete(one) {
    chat.stop(one);
    conversations.delete(one);
    if (one === chat.shown) chat.begin();
    drawList();
    toast(words().deleted(one.title || words().untitled), () => { conversations.restore(one); chat.begin(one); });
  },
};

/** A title as a name that every system takes. */
const fileName = one => one.title.replace(/[^\p{L}\p{N} _-]/gu, "").trim().slice(0, 60) || "conversation";

byId("conversations").addEventListener("click", ({ target }) => {
  const open = target.closest("[data-open]"), more = target.closest("[data-more]");
  if (open) {
    chat.begin(conversations.all.get(open.dataset.open));
    if (list.narrow.matches) list.show(false);
  }
  if (more) showMenu(more);
});
byId("conversations").addEventListener("dblclick", ({ target }) => {
  const one = conversations.all.get(target.closest("[data-open]")?.dataset.open);
  if (one) conversationJobs.rename(one);
});

function showMenu(button) {
  const menu = byId("conversation-menu"), { bottom, top, right } = button.getBoundingClientRect();
  menu.dataset.of = button.dataset.more;
  menu.showPopover();
  const { offsetHeight, offsetWidth } = menu;
  menu.style.top = `${bottom + offsetHeight > innerHeight ? Math.max(top - offsetHeight, 8) : bottom}px`;
  menu.style.left = `${Math.max(right - offsetWidth, 8)}px`;
  menu.querySelector("button").focus();
}

byId("conversation-menu").addEventListener("click", ({ target }) => {
  const one = conversations.all.get(byId("conversation-menu").dataset.of);
  byId("conversation-menu").hidePopover();
  if (one) conversationJobs[target.dataset.do]?.(one);
});
byId("conversation-menu").addEventListener("keydown", event => {
  const items = [...event.currentTarget.children], step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  items[(items.indexOf(document.activeElement) + step + items.length) % items.length].focus();
});

/** Takes the title that is being written; an empty one stands for the first words again. */
function endRenaming(isWanted) {
  const one = conversations.all.get(renaming), field = byId("new-title");
  renaming = null;
  if (one && field && isWanted) {
    one.change("title", field.value.trim() || titleOf([...one.nodes.values()][0]?.content ?? ""));
    conversations.save(one);
  }
  drawList();
}
byId("conversations").addEventListener("keydown", event => {
  if (!event.target.dataset.renames || isComposing(event)) return;
  if (event.key === "Enter") endRenaming(true);
  if (event.key === "Escape") { event.preventDefault(); endRenaming(false); }
});
byId("conversations").addEventListener("focusout", ({ target }) => { if (target.dataset.renames && renaming) endRenaming(true); });

byId("new-chat").addEventListener("click", () => {
  chat.begin();
  if (list.narrow.matches) list.show(false);
  byId("prompt").focus();
});
byId("find").addEventListener("input", drawList);
byId("export-all").addEventListener("click", () =>
  saveFile("conversations.json", "application/json", JSON.stringify({ version: 1, conversations: conversations.sorted() }, null, 2)));
byId("import").addEventListener("click", () => byId("import-file").click());
byId("import-file").addEventListener("change", async ({ target }) => {
  const [file] = target.files;
  if (!file) return;
  const count = conversations.import(await file.text());
  target.value = "";
  toast(count ? words().imported(count) : words().notImported);
  drawList();
});
byId("delete-all").addEventListener("click", async () => {
  if (!(await confirmed(words().deleteAllSure(conversations.all.size), words().deleteAll))) return;
  for (const one of [...conversations.all.values()]) { chat.stop(one); conversations.delete(one); }
  chat.begin();
});
addEventListener("storage", ({ key, newValue }) => {
  const id = conversations.changedElsewhere(key, newValue);
  if (id === null) return;
  if (id === chat.shown.id && newValue === null && !chat.runs.has(id)) chat.begin();
  else if (id === chat.shown.id) chat.draw();
  drawList();
});
redraw.push(() => {
  drawList();
  byId("export-all").disabled = byId("delete-all").disabled = conversations.all.size === 0;
});
