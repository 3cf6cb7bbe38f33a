/** A text that the model continues: what the reader gave, and what was written, in turns. */
const completion = { parts: [], controller: null, facts: null, stopped: false, follower: new Follower(byId("panel-complete")) };

function drawCompletion() {
  const t = words(), isRunning = completion.controller !== null, model = chosenModel("complete"), { parts, facts } = completion;
  putSentence(byId("complete-missing"), t.missing.complete);
  byId("complete-missing").hidden = Boolean(model) || !models.length;
  byId("complete-send").hidden = isRunning;
  byId("complete-stop").hidden = !isRunning;
  byId("complete-send").disabled = byId("complete-prompt").disabled = !model;
  byId("sheet").hidden = parts.length === 0;
  byId("sheet").classList.toggle("running", isRunning);
  for (const id of ["complete-on", "complete-copy", "complete-look"]) byId(id).disabled = isRunning;
  byId("complete-facts").textContent = facts ? factsText(facts) : "";
}

function failCompletion(text) {
  byId("complete-error").textContent = text;
  byId("complete-error").hidden = !text;
}

const completedText = () => completion.parts.map(part => part.textContent).join("");

/** Adds a part to the sheet. */
function addPart(className, text) {
  const part = make("span", { className, textContent: text });
  byId("written").append(part);
  completion.parts.push(part);
  return part.firstChild ?? part.appendChild(document.createTextNode(""));
}

/** Lets the model continue everything on the sheet. */
async function writeOn() {
  const model = chosenModel("complete")?.name, prompt = completedText(), controller = new AbortController();
  Object.assign(completion, { controller, facts: null });
  failCompletion("");
  const written = addPart("written", "");
  drawCompletion();
  completion.follower.follow();
  try {
    const response = await ask("/api/generate", { model, prompt, raw: true, options: samplingOptions() }, controller.signal);
    for await (const part of answerLines(response)) {
      written.appendData(part.response ?? "");
      completion.follower.follow();
      if (part.done && completion.controller === controller) completion.facts = factsOf(part);
    }
    announce(written.data.slice(0, 500));
  } catch (error) {
    if (error.name !== "AbortError") failCompletion(error.message);
    else if (completion.controller === controller) completion.facts = { reason: "stopped" };
  } finally {
    if (completion.controller === controller) completion.controller = null;
    drawCompletion();
  }
}

function clearCompletion() {
  completion.controller?.abort();
  Object.assign(completion, { parts: [], controller: null, facts: null });
  byId("written").replaceChildren();
  failCompletion("");
}

byId("complete-form").addEventListener("submit", event => {
  event.preventDefault();
  const text = byId("complete-prompt").value;
  if (completion.controller || !chosenModel("complete")) return;
  if (!text.trim()) return failCompletion(words().empty);
  clearCompletion();
  addPart("given", text);
  writeOn();
});
byId("complete-prompt").addEventListener("keydown", event => {
  if (sends(event)) { event.preventDefault(); byId("complete-form").requestSubmit(); }
});
byId("complete-prompt").addEventListener("input", ({ target }) => grow(target));
byId("complete-stop").addEventListener("click", () => { completion.controller?.abort(); byId("complete-prompt").focus(); });
byId("complete-on").addEventListener("click", () => { if (!completion.controller) writeOn(); });
byId("complete-copy").addEventListener("click", async ({ currentTarget }) => {
  await copyText(completedText());
  showCopied(currentTarget);
});
byId("complete-look").addEventListener("click", () => lookAt(completedText(), chosenModel("complete")?.name));
byId("complete-clear").addEventListener("click", () => {
  clearCompletion();
  byId("complete-prompt").value = "";
  grow(byId("complete-prompt"));
  drawCompletion();
  byId("complete-prompt").focus();
});
redraw.push(drawCompletion);
