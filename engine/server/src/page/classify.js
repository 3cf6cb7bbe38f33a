/** What the classifier has said, the newest first. */
const verdicts = [];

function drawVerdicts() {
  const t = words(), model = chosenModel("classify");
  putSentence(byId("classify-missing"), t.missing.classify);
  byId("classify-missing").hidden = Boolean(model) || !models.length;
  byId("classify-send").disabled = byId("classify-text").disabled = !model;
  byId("verdicts").replaceChildren(...verdicts.map(drawVerdict));
}

function drawVerdict({ text, verdict, model }) {
  const t = words(), share = new Intl.NumberFormat(language, { style: "percent", minimumFractionDigits: 1 });
  const bars = Object.entries(verdict.probabilities).map(([label, probability]) => {
    const bar = make("i");
    bar.style.width = `${100 * probability}%`;
    return make("div", { className: label === verdict.label ? "bar chosen" : "bar" },
      make("span", { textContent: t.labels[label] ?? label }), make("div", { ariaHidden: "true" }, bar), make("span", { textContent: share.format(probability) }));
  });
  return make("article", { className: "card verdict" }, make("p", { className: "said", textContent: text }), ...bars,
    verdict.truncated ? make("p", { className: "soft", textContent: t.cut }) : null,
    make("div", { className: "actions" }, make("button", { type: "button", className: "quiet", onclick: () => lookAt(text, model) },
      icon("look"), make("span", { textContent: t.lookHere }))));
}

byId("classify-form").addEventListener("submit", async event => {
  event.preventDefault();
  const field = byId("classify-text"), text = field.value, model = chosenModel("classify")?.name, button = byId("classify-send");
  const fail = reason => { byId("classify-error").textContent = reason; byId("classify-error").hidden = !reason; };
  if (!model || button.disabled) return;
  if (!text.trim()) return fail(words().empty);
  fail("");
  button.disabled = true;
  try {
    const verdict = await (await ask("/api/classify", { model, text })).json();
    verdicts.unshift({ text, verdict, model });
    // Whoever has written on in the meantime keeps that.
    if (field.value === text) field.value = "";
    grow(field);
  } catch (error) {
    fail(error.message);
  } finally {
    drawVerdicts();
  }
});
byId("classify-text").addEventListener("keydown", event => {
  if (sends(event)) { event.preventDefault(); byId("classify-form").requestSubmit(); }
});
byId("classify-text").addEventListener("input", ({ target }) => grow(target));
byId("classify-clear").addEventListener("click", () => {
  verdicts.length = 0;
  byId("classify-text").value = "";
  byId("classify-error").hidden = true;
  grow(byId("classify-text"));
  drawVerdicts();
  byId("classify-text").focus();
});
redraw.push(drawVerdicts);
