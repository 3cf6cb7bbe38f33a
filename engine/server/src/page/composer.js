/* The field below the conversation, and what else a reader presses there. */

/** Enter sends; Shift and Enter begin a new line, and on a screen keyboard, which has no such keys together, Enter does. */
const sends = event => event.key === "Enter" && !event.shiftKey && !isComposing(event) && !matchMedia("(hover: none) and (pointer: coarse)").matches;

byId("prompt").addEventListener("keydown", event => {
  if (sends(event)) { event.preventDefault(); byId("form").requestSubmit(); }
  const last = chat.shown.path.findLast(node => node.role === "user");
  if (event.key === "ArrowUp" && event.target.value === "" && last && !chat.runs.has(chat.shown.id)) {
    event.preventDefault();
    messageJobs.edit(chat.shown, last);
  }
});
byId("prompt").addEventListener("input", ({ target }) => grow(target));
byId("form").addEventListener("submit", event => {
  event.preventDefault();
  const text = byId("prompt").value, it = chat.shown;
  if (!text.trim() || chat.runs.has(it.id) || !chosenModel("chat")) return;
  byId("prompt").value = "";
  grow(byId("prompt"));
  sendMessage(it, it.leaf, text);
});
byId("stop").addEventListener("click", () => { chat.stop(); byId("prompt").focus(); });
byId("to-end").addEventListener("click", () => chat.follower.toEnd());
byId("welcome").addEventListener("click", ({ target }) => {
  if (target.dataset.example === undefined) return;
  byId("prompt").value = target.textContent;
  grow(byId("prompt"));
  byId("prompt").focus();
});
byId("thread").addEventListener("click", ({ target }) => {
  if (target.id !== "retry") return;
  const last = chat.shown.nodes.get(chat.shown.leaf);
  if (last?.role === "user") answerTo(chat.shown, last);
});
byId("system-text").addEventListener("input", ({ target }) => {
  chat.shown.change("system", target.value);
  byId("system-start").textContent = target.value;
  // A conversation is kept from its first message on.
  if (chat.shown.nodes.size) chat.save();
});
redraw.push(() => { forgetArticles(); chat.draw(); });
