/** Sampling and choices of the reader, which the browser remembers. A field that is not set takes what suits the model. */
const settings = { sampling: {}, models: {}, scheme: "auto", tab: null, ...kept.json("llm.settings", {}) };

/** Limits of the fields: least, greatest on the slider, greatest at all, step; and what holds where the server says nothing. */
const SAMPLING_FIELDS = {
  temperature: { min: 0, slider: 2, max: 100, step: 0.05, otherwise: 0.8 },
  top_k: { min: 0, slider: 100, max: 1_000_000, step: 1, otherwise: 40 },
  top_p: { min: 0, slider: 1, max: 1, step: 0.01, otherwise: 1 },
  min_p: { min: 0, slider: 1, max: 1, step: 0.01, otherwise: 0 },
  repeat_penalty: { min: 0.5, slider: 2, max: 10, step: 0.05, otherwise: 1 },
  num_predict: { min: 1, max: 1_000_000, step: 1, otherwise: 128 },
  seed: { min: 0, max: Number.MAX_SAFE_INTEGER, step: 1 },
};

function saveSettings() {
  kept.set("llm.settings", JSON.stringify(settings));
}

/** What a request says about sampling: only what the reader has set. */
function samplingOptions() {
  return { ...settings.sampling };
}

/** What is kept may have been written by anyone. */
function cleanSettings() {
  const isObject = value => value !== null && typeof value === "object" && !Array.isArray(value);
  const given = isObject(settings.sampling) ? settings.sampling : {};
  settings.sampling = Object.fromEntries(Object.entries(SAMPLING_FIELDS)
    .filter(([name, { min, max }]) => Number.isFinite(given[name]) && given[name] >= min && given[name] <= max)
    .map(([name]) => [name, given[name]]));
  if (!isObject(settings.models)) settings.models = {};
  if (!["auto", "light", "dark"].includes(settings.scheme)) settings.scheme = "auto";
}

/** The value that the chosen model suggests; null for none. */
function suggestedValue(name) {
  return chosenModel()?.defaults?.[name] ?? SAMPLING_FIELDS[name].otherwise ?? null;
}

/** A row for each field: name, number, slider, and a word on what it does. */
function drawFields() {
  const t = words();
  byId("suggested").textContent = t.byModel;
  const rows = Object.entries(SAMPLING_FIELDS).map(([name, limits]) => {
    const [title, note] = t.fields[name], id = `field-${name}`, max = name === "num_predict" ? maxTokens ?? limits.max : limits.max;
    const number = make("input", { id, type: "number", min: limits.min, max, step: name === "seed" ? 1 : "any", inputMode: "decimal",
      data: { field: name }, "aria-describedby": `${id}-note` });
    const slider = limits.slider === undefined ? null
      : make("input", { type: "range", min: limits.min, max: limits.slider, step: limits.step, ariaLabel: title, data: { slider: name } });
    const back = make("button", { type: "button", className: "icon", title: t.toDefault, ariaLabel: `${title}: ${t.toDefault}`, data: { back: name } }, icon("again"));
    return make("div", { className: "field" }, make("label", { htmlFor: id, textContent: title }), number, back, slider,
      make("p", { id: `${id}-note`, className: "soft", textContent: note }));
  });
  byId("fields").replaceChildren(...rows);
  showFields();
}

/** Puts the values into the fields. */
function showFields() {
  for (const name of Object.keys(SAMPLING_FIELDS)) {
    const number = byId(`field-${name}`), slider = document.querySelector(`[data-slider="${name}"]`);
    const own = settings.sampling[name], suggested = suggestedValue(name);
    if (document.activeElement !== number) number.value = own ?? "";
    number.placeholder = suggested ?? words().random;
    if (slider) slider.value = own ?? suggested;
    document.querySelector(`[data-back="${name}"]`).disabled = own === undefined;
  }
  const count = Object.keys(settings.sampling).length;
  byId("reset").disabled = count === 0;
  byId("settings-open").classList.toggle("changed", count > 0);
}

function setSampling(name, value) {
  if (value === null) delete settings.sampling[name];
  else settings.sampling[name] = value;
  saveSettings();
  showFields();
}

function readField({ target }) {
  const { field, slider } = target.dataset;
  if (slider) setSampling(slider, Number(target.value));
  else if (field && target.value === "" && !target.validity.badInput) setSampling(field, null);
  else if (field && target.validity.valid) setSampling(field, Number(target.value));
}
byId("fields").addEventListener("input", readField);
byId("fields").addEventListener("change", readField);
byId("fields").addEventListener("click", ({ target }) => {
  const name = target.closest("[data-back]")?.dataset.back;
  if (name) setSampling(name, null);
});
byId("fields").addEventListener("focusout", showFields);
byId("reset").addEventListener("click", () => {
  settings.sampling = {};
  saveSettings();
  showFields();
});

function showScheme() {
  document.documentElement.style.colorScheme = settings.scheme === "auto" ? "" : settings.scheme;
  document.documentElement.dataset.scheme = settings.scheme;
  document.querySelector(`[name="scheme"][value="${settings.scheme}"]`).checked = true;
}
byId("scheme").addEventListener("change", ({ target }) => {
  settings.scheme = target.value;
  saveSettings();
  showScheme();
});
byId("settings-open").addEventListener("click", () => {
  byId("key-section").hidden = !apiKey.get();
  byId("settings").showModal();
});
redraw.push(drawFields);
