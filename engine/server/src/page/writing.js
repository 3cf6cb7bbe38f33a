/* Answers while they are written. */

/** Sends a message below another one, and asks for the answer. */
function sendMessage(conversation, parent, text) {
  const message = conversation.add(parent, "user", text);
  chat.follower.following = true;
  return answerTo(conversation, message);
}

/** Asks for an answer to a message, beside those that there are. */
function answerTo(conversation, message) {
  return write(conversation, conversation.add(message.id, "assistant", "", chosenModel("chat")?.name));
}

/** Lets the model write an answer, or write on in it. */
async function write(conversation, node) {
  const { id } = conversation, controller = new AbortController(), model = chosenModel("chat")?.name;
  if (chat.runs.has(id)) return;
  chat.runs.set(id, { id: node.id, controller });
  chat.failures.delete(id);
  chat.save(conversation);
  node.facts = null;
  drawIfShown(conversation);
  let saved = Date.now(), reason = "broken";
  try {
    const before = conversation.path.filter(({ content }) => content !== "").map(({ role, content }) => ({ role, content }));
    const messages = [...(conversation.system ? [{ role: "system", content: conversation.system }] : []), ...before.slice(-4000)];
    const response = await ask("/api/chat", { model, messages, options: samplingOptions() }, controller.signal);
    for await (const part of answerLines(response)) {
      node.content += part.message?.content ?? "";
      if (part.done) node.facts = factsOf(part);
      conversation.touch(node);
      drawSoon(conversation);
      if (Date.now() - saved > 1000) { saved = Date.now(); conversations.save(conversation); }
    }
    if (conversation === chat.shown) announce(`${words().answered} ${node.content.slice(0, 500)}`);
  } catch (error) {
    if (error.name === "AbortError") reason = "stopped";
    else chat.failures.set(id, error.message);
  } finally {
    chat.runs.delete(id);
    if (!node.facts && node.content) { node.facts = { reason }; conversation.touch(node); }
    // Without a word there is no answer; its place is taken by another version, or by a way to ask again.
    if (!node.facts && conversation.nodes.has(node.id)) conversation.remove(node);
    if (conversations.all.has(id)) chat.save(conversation);
    drawIfShown(conversation);
  }
}

let drawing = 0;

/** Draws with the next picture of the screen, however many pieces come until then. */
function drawSoon(conversation) {
  if (drawing || conversation !== chat.shown) return;
  drawing = requestAnimationFrame(() => {
    drawing = 0;
    const { shown } = chat, node = shown.nodes.get(chat.runs.get(shown.id)?.id), article = articles.get(node?.id);
    if (!article) return;
    drawAnswer(article, node, true);
    chat.follower.follow();
  });
}

function drawIfShown(conversation) {
  if (conversation === chat.shown) chat.draw();
}

// An answer that is being written when the page is left is kept as far as it came.
addEventListener("pagehide", () => {
  for (const conversation of conversations.all.values()) if (chat.runs.has(conversation.id)) conversations.save(conversation);
});
