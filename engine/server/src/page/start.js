/** Asks which models there are, and shows the page as the reader left it. */
async function start() {
  cleanSettings();
  showScheme();
  conversations.open();
  speak();
  try {
    const tags = await (await ask("/api/tags")).json();
    ({ models } = tags);
    maxTokens = tags.max_tokens ?? null;
    inside.book = tags.book ? "/book/" : null;
    byId("book").hidden = !tags.book;
  } catch (error) {
    chat.failures.set(chat.shown.id, error.message);
  }
  drawFields();
  showTab(firstTab());
  let last = null;
  try {
    last = sessionStorage.getItem("llm.shown");
  } catch { /* Nothing is kept. */ }
  chat.begin(conversations.all.get(last) ?? chat.shown);
}
start();
