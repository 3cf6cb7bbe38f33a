/* How the messages of a conversation look. Elements stay as long as their message does; what changes is drawn into them. */
const articles = new Map();

/** Draws the path of a conversation. `run` is the answer that is being written, `editing` the id of the message in its editor. */
function drawMessages(path, { versions, run, editing }) {
  const shown = new Set(path.map(node => node.id));
  for (const [id, article] of articles) if (!shown.has(id)) { article.remove(); articles.delete(id); }
  path.forEach((node, index) => {
    const article = articles.get(node.id) ?? newArticle(node);
    if (byId("messages").children[index] !== article) byId("messages").insertBefore(article, byId("messages").children[index] ?? null);
    const isRunning = run?.id === node.id, isLast = index === path.length - 1;
    if (node.role === "user") drawSaid(article, node, editing === node.id);
    else drawAnswer(article, node, isRunning);
    drawFoot(article, node, { versions: versions(node), isRunning, isLast, editing: editing === node.id });
    article.classList.toggle("last", isLast);
  });
}

/** Another language: everything is drawn anew. */
function forgetArticles() {
  articles.clear();
  byId("messages").replaceChildren();
}

function newArticle(node) {
  const word = node.role === "user" ? words().you : words().answer;
  const article = make("article", { className: `message ${node.role}`, ariaLabel: word, data: { id: node.id } },
    make("div", { className: node.role === "user" ? "said" : "markdown" }), make("div", { className: "actions" }));
  articles.set(node.id, article);
  return article;
}

function drawSaid(article, node, isEdited) {
  const said = article.firstChild;
  if (!isEdited) {
    if (said.className !== "said" || said.textContent !== node.content) {
      said.className = "said";
      said.textContent = node.content;
    }
  } else if (said.className !== "editor") {
    said.className = "editor";
    const field = make("textarea", { value: node.content, ariaLabel: words().edit, data: { edits: node.id } });
    said.replaceChildren(field, make("div", { className: "row" }, make("span", { className: "grow" }),
      make("button", { type: "button", textContent: words().cancel, data: { do: "cancel" } }),
      make("button", { type: "button", className: "primary", textContent: words().saveAndAsk, data: { do: "save" } })));
    grow(field);
    field.focus();
    field.setSelectionRange(field.value.length, field.value.length);
  }
}

function drawAnswer(article, node, isRunning) {
  const body = article.firstChild, isEmpty = node.content === "";
  article.classList.toggle("running", isRunning);
  article.ariaBusy = String(isRunning);
  if (!isEmpty) {
    if (body.className !== "markdown") { body.className = "markdown"; body.replaceChildren(); }
    if (shownMarkdown.get(body)?.text !== node.content) showMarkdown(body, node.content);
  } else {
    const state = isRunning ? "waiting" : "nothing soft";
    if (body.className === state) return;
    shownMarkdown.delete(body);
    body.className = state;
    body.replaceChildren(...(isRunning ? [make("span", { className: "dots", role: "img", ariaLabel: words().thinking }, make("i"), make("i"), make("i"))]
      : [words().emptyAnswer]));
  }
}

function drawFoot(article, node, { versions, isRunning, isLast, editing }) {
  const t = words(), foot = article.lastChild, place = versions.indexOf(node) + 1;
  // An answer that grows has the same foot from piece to piece.
  const state = JSON.stringify([place, versions.length, isRunning, isLast, editing, node.facts]);
  if (foot.dataset.state === state) return;
  foot.dataset.state = state;
  const had = foot.contains(document.activeElement) ? document.activeElement.dataset.do : null;
  foot.replaceChildren(...(isRunning || editing ? [] : [
    ...(versions.length < 2 ? [] : [versionButton(t.before, "before", place > 1),
      make("span", { className: "soft versions", textContent: `${place}/${versions.length}`, ariaLabel: t.version(place, versions.length), role: "img" }),
      versionButton(t.after, "after", place < versions.length)]),
    iconButton("copy", t.copy, "copy"),
    ...(node.role === "user" ? [iconButton("edit", t.edit, "edit")] : [
      ...(node.parent === null ? [] : [iconButton("again", t.again, "again")]), iconButton("look", t.lookHere, "look")]),
    iconButton("delete", t.delete, "delete"),
    ...(isLast && node.role === "assistant" && (!node.facts || ["length", "stopped", "broken"].includes(node.facts.reason))
      ? [make("button", { type: "button", className: "quiet", data: { do: "go-on" } }, icon("go-on"), make("span", { textContent: t.goOn }))] : []),
    ...(node.facts ? [make("span", { className: "facts soft", textContent: factsText(node.facts), title: node.model })] : []),
  ]));
  if (had) foot.querySelector(`[data-do="${had}"]`)?.focus();
}

function versionButton(word, job, can) {
  const button = iconButton(job, word, job);
  button.disabled = !can;
  return button;
}
