/** The widgets that look inside a model, mounted when their tab is first shown. */
const inside = { mounted: null, model: null, text: "Every evening the clockmaker" };

function drawLook() {
  const model = chosenModel("look")?.name ?? null;
  if (tab !== "look" || !model) return;
  if (!inside.mounted) {
    const { text } = inside;
    inside.mounted = LookInside.mount(byId("look"), { language, text, model, api: "", book: inside.book, ask });
  } else {
    inside.mounted.setLanguage(language);
    if (inside.model !== model) inside.mounted.setModel(model);
  }
  inside.model = model;
}

/** Looks inside a model at a text of another tab. */
function lookAt(text, model = chosenModel("chat")?.name) {
  inside.text = text;
  settings.models.look = model;
  inside.mounted?.setText(text);
  showTab("look");
  byId("panel-look").scrollTop = 0;
}
redraw.push(drawLook);
