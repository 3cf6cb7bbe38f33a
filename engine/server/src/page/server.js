/** The models that the server has, and the maximum number of tokens in an answer. */
let models = [], maxTokens = null;

const apiKey = {
  get() {
    try {
      return sessionStorage.getItem("llm.key") ?? kept.get("llm.key");
    } catch {
      return kept.get("llm.key");
    }
  },
  /** Kept until the tab is closed, or in the browser if the reader says so. */
  set(key, remember) {
    if (remember) return kept.set("llm.key", key);
    try {
      sessionStorage.setItem("llm.key", key);
    } catch {
      kept.memory.set("llm.key", key);
    }
  },
  forget() {
    kept.remove("llm.key");
    try {
      sessionStorage.removeItem("llm.key");
    } catch { /* Nothing was kept there. */ }
  },
};

/** Asks the server. Without a body it is GET, otherwise POST. A server that wants a key gets one from the reader. */
async function ask(path, body, signal) {
  for (;;) {
    const key = apiKey.get(), headers = { ...(body && { "Content-Type": "application/json" }), ...(key && { Authorization: `Bearer ${key}` }) };
    let response;
    try {
      response = await fetch(path, { method: body ? "POST" : "GET", headers, signal, body: body && JSON.stringify(body) });
    } catch (error) {
      throw error.name === "AbortError" ? error : new Error(words().gone);
    }
    if (response.ok) return response;
    if (response.status !== 401) throw new Error(await reasonOf(response));
    if (!(await askForKey(key))) throw new Error(words().keyMissing);
  }
}

/** What the server says about a request that it refuses: Ollama's form, or OpenAI's. */
async function reasonOf(response) {
  try {
    const { error } = await response.json();
    return String(error.message ?? error);
  } catch {
    return words().unreadable(response.status);
  }
}

let keyAsked = null;

/** Asks the reader for a key, once for all requests that wait for it. Returns whether there is another one than `tried`. */
function askForKey(tried) {
  if (tried !== apiKey.get()) return Promise.resolve(true);
  keyAsked ??= new Promise(resolve => {
    const dialog = byId("key-dialog"), field = byId("key");
    byId("key-wrong").hidden = !tried;
    field.value = "";
    dialog.returnValue = "";
    dialog.addEventListener("close", () => {
      keyAsked = null;
      const key = dialog.returnValue === "use" ? field.value.trim() : "";
      field.value = "";
      if (key) { apiKey.forget(); apiKey.set(key, byId("key-remember").checked); }
      byId("key-section").hidden = !apiKey.get();
      resolve(Boolean(key));
    }, { once: true });
    dialog.showModal();
    field.focus();
  });
  return keyAsked;
}

byId("key-form").addEventListener("submit", event => {
  event.preventDefault();
  byId("key-dialog").close("use");
});
byId("key-cancel").addEventListener("click", () => byId("key-dialog").close(""));
byId("forget-key").addEventListener("click", () => {
  apiKey.forget();
  byId("key-section").hidden = true;
  toast(words().keyForgotten);
});

/** The lines of a streamed answer, each a JSON object. An answer that ends before its last line has broken off. */
async function* answerLines(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    let piece;
    try {
      piece = await reader.read();
    } catch (error) {
      throw error.name === "AbortError" ? error : new Error(words().cutOff);
    }
    if (piece.done) throw new Error(words().cutOff);
    const lines = (rest + piece.value).split("\n");
    rest = lines.pop();
    for (const line of lines.filter(Boolean)) {
      const part = JSON.parse(line);
      if (part.error) throw new Error(part.error);
      yield part;
      if (part.done) return;
    }
  }
}

/** The figures in the last line of an answer. */
function factsOf(part) {
  return {
    reason: part.done_reason, tokens: part.eval_count, seconds: part.total_duration / 1e9,
    rate: part.eval_count / (part.eval_duration / 1e9), turns: part.forgotten_turns ?? 0, left: part.forgotten_tokens ?? 0,
  };
}

/** The figures as a line of text. */
function factsText(facts) {
  const t = words().facts, told = [];
  const number = (value, digits) => value.toLocaleString(language, { maximumFractionDigits: digits });
  if (facts.tokens > 0) told.push(t.tokens(number(facts.tokens), facts.tokens));
  // A rate of a few tokens says more about the clock than about the model.
  if (facts.tokens > 3 && Number.isFinite(facts.rate)) told.push(t.rate(number(facts.rate, facts.rate < 10 ? 1 : 0)));
  if (Number.isFinite(facts.seconds)) told.push(t.seconds(number(facts.seconds, facts.seconds < 1 ? 2 : 1)));
  if (typeof t[facts.reason] === "string") told.push(t[facts.reason]);
  if (facts.turns > 0) told.push(t.turns(facts.turns));
  if (facts.left > 0) told.push(t.left(facts.left));
  return told.join(" · ");
}
