/** The conversation that is shown, and the answers that are being written, at most one in each conversation. */
const chat = {
  shown: new Conversation(),
  runs: new Map(),
  failures: new Map(),
  drafts: new Map(),
  editing: null,
  follower: new Follower(byId("panel-chat"), () => { byId("to-end").hidden = chat.follower.distance < 160; }),

  draw() {
    const it = this.shown, path = it.path, run = this.runs.get(it.id), t = words(), model = chosenModel("chat");
    byId("panel-chat").classList.toggle("empty", path.length === 0);
    drawMessages(path, { versions: node => it.children(node.parent), run, editing: this.editing });
    byId("send").hidden = Boolean(run);
    byId("stop").hidden = !run;
    byId("send").disabled = byId("prompt").disabled = !model;
    this.drawWelcome(path.length === 0);
    if (document.activeElement !== byId("system-text")) byId("system-text").value = it.system;
    byId("system-start").textContent = it.system;
    drawFailure(this.failures.get(it.id) ?? (path.at(-1)?.role === "user" && !run ? t.noAnswer : null), path.at(-1)?.role === "user");
    this.follower.follow();
  },

  drawWelcome(isEmpty) {
    const t = words(), model = chosenModel("chat");
    byId("welcome").hidden = !isEmpty;
    const missing = make("p", { className: "missing" });
    if (models.length && !model) putSentence(missing, t.missing.chat);
    byId("welcome").replaceChildren(...(models.length && !model ? [missing] : !model ? [] : [
      make("h2", { textContent: t.welcome }), make("p", { className: "soft", textContent: t.welcomeNote(model.name) }),
      make("p", { className: "soft", textContent: sizesText(model.details) }),
      make("div", { className: "examples" }, ...t.examples.map(text => make("button", { type: "button", textContent: text, data: { example: "" } }))),
    ]));
  },

  /** Shows a conversation; without one, begins a new one. */
  begin(conversation = new Conversation()) {
    this.drafts.set(this.shown.id, byId("prompt").value);
    this.shown = conversation;
    this.editing = null;
    byId("prompt").value = this.drafts.get(conversation.id) ?? "";
    grow(byId("prompt"));
    byId("system").open = false;
    byId("system-text").value = conversation.system;
    this.draw();
    drawList();
    this.follower.toEnd();
    try {
      sessionStorage.setItem("llm.shown", conversation.id);
    } catch { /* The tab begins with a new conversation then. */ }
    if (!list.narrow.matches) byId("prompt").focus();
  },

  save(conversation = this.shown) {
    const wasFull = kept.full;
    conversations.save(conversation);
    if (kept.full && !wasFull) toast(words().full);
    drawList();
  },

  /** Stops the answer that is being written in a conversation. */
  stop(conversation = this.shown) {
    this.runs.get(conversation.id)?.controller.abort();
  },
};

/** How large a model is, as far as the server says. */
function sizesText(details) {
  if (!details?.context_length) return "";
  return words().sizes(details.parameter_size, details.quantization_level, details.context_length.toLocaleString(language));
}

/** What Escape stops: the answer in the tab that is shown. */
function stopShown() {
  if (tab === "chat") chat.stop();
  else if (tab === "complete") completion.controller?.abort();
}

function drawFailure(text, canRetry) {
  let line = byId("failure");
  if (!line) byId("messages").after(line = make("div", { id: "failure", className: "failure", role: "alert" }));
  line.hidden = text === null;
  line.replaceChildren(...(text === null ? [] : [make("span", { textContent: text }),
    ...(canRetry ? [make("button", { type: "button", id: "retry", textContent: words().retry })] : [])]));
}
