/** What the buttons below a message do. */
const messageJobs = {
  copy: async (it, node, button) => {
    await copyText(node.content);
    showCopied(button);
  },
  edit: (it, node) => { chat.editing = node.id; chat.draw(); },
  cancel: () => { chat.editing = null; chat.draw(); byId("prompt").focus(); },
  save: (it, node, button) => {
    const text = button.closest(".editor").querySelector("textarea").value;
    if (!text.trim() || chat.runs.has(it.id)) return;
    chat.editing = null;
    sendMessage(it, node.parent, text);
    byId("prompt").focus();
  },
  again: (it, node) => { if (!chat.runs.has(it.id)) answerTo(it, it.nodes.get(node.parent)); },
  "go-on": (it, node) => { write(it, node); },
  before: (it, node) => chooseVersion(it, node, -1),
  after: (it, node) => chooseVersion(it, node, 1),
  look: (it, node) => lookAt(node.content),
  delete: (it, node) => {
    const before = JSON.stringify(it);
    chat.stop(it);
    it.remove(node);
    if (it.nodes.size) chat.save(it);
    else conversations.delete(it);
    chat.draw();
    drawList();
    toast(words().messageDeleted, () => putBack(it, Conversation.from(JSON.parse(before))));
  },
};

function chooseVersion(it, node, step) {
  const versions = it.children(node.parent);
  it.choose(versions[versions.indexOf(node) + step] ?? node);
  chat.follower.following = false;
  chat.save(it);
  chat.draw();
}

/** Undoes the removal of messages. */
function putBack(it, before) {
  for (const node of before.nodes.values()) {
    if (it.nodes.has(node.id)) continue;
    it.nodes.set(node.id, node);
    it.removed.delete(node.id);
    it.changed.add(node.id);
  }
  it.choose(it.nodes.get(before.leaf));
  chat.save(it);
  drawIfShown(it);
}

function showCopied(button) {
  const use = button.querySelector("use");
  use.setAttribute("href", "#i-done");
  announce(words().copied);
  setTimeout(() => use.setAttribute("href", "#i-copy"), 1500);
}

byId("messages").addEventListener("click", async event => {
  const button = event.target.closest("button[data-do]"), job = button?.dataset.do;
  if (job === "copy-code") {
    await copyText(button.closest(".code").querySelector("code").textContent);
    return showCopied(button);
  }
  const node = chat.shown.nodes.get(button?.closest("article").dataset.id);
  if (node) messageJobs[job](chat.shown, node, button);
});
byId("messages").addEventListener("keydown", event => {
  const id = event.target.dataset.edits;
  if (!id || isComposing(event)) return;
  if (event.key === "Escape") { event.preventDefault(); messageJobs.cancel(); }
  if (sends(event)) { event.preventDefault(); event.target.closest(".editor").querySelector("[data-do=save]").click(); }
});
byId("messages").addEventListener("input", event => { if (event.target.dataset.edits) grow(event.target); });
