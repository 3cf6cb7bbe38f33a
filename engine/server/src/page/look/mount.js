// Puts the widgets into a page, asks the server when the text changes, and keeps what the reader has chosen.
(look => {
  "use strict";
  const { element } = look;

  /** Milliseconds after the last keystroke until the server is asked. */
  const PAUSE = 350;
  const PARTS = { tokens: "tokensPart", classifier: "classifierPart", next: "nextPart", attention: "attentionPart", lens: "lensPart" };
  let mounted = 0;

  /**
   * Fills `target` with the widgets.
   *
   * `show`: which parts, of "tokens", "next", "attention", "lens" and "classifier"; those that a model lacks are left out.
   * `ask(path, body, signal)`: sends a request instead of `fetch`, and gives its response. `book`: where the book is, if it is
   * served. `models`: names to choose from; without them `model` is asked, or the server's first.
   */
  look.mount = (target, { language = "en", text = null, model = null, models = [], show = Object.keys(PARTS), api = "", book = null, ask = null } = {}) => {
    const root = element("div", { class: "look-inside" });
    const state = {
      settings: look.plainSettings(), many: false, layer: 0, head: 0, query: 0, key: 0, history: [],
      /** What is asked for: a text, or the ids of its tokens after one was taken. */
      source: { text: "" },
      position: null, answer: null, model: model ?? models[0] ?? null, text: text ?? "",
    };
    const context = { state, show, api, book, ask, root, uid: `li-${++mounted}`, t: look.words[language], scale, choose, take, undo };
    let parts = [], field = null, status = null, problem = null, running = null, timer = null, colours = null;

    /** The scale of colours, made once for each theme. */
    function scale() {
      colours ??= look.scale(root);
      return colours;
    }

    /** Everything in the current language. */
    function build() {
      const { t } = context;
      field = element("textarea", { id: `${context.uid}-text`, rows: 2, spellcheck: "false", placeholder: t.example, oninput: typed });
      field.value = state.text;
      status = element("p", { class: "li-status", role: "status" });
      problem = element("p", { class: "li-error", role: "alert", hidden: true });
      const choice = models.length < 2 ? null : element("label", { class: "li-model" }, t.model, " ",
        element("select", { onchange: event => setModel(event.target.value) }, models.map(name => element("option", { selected: name === state.model }, name))));
      parts = Object.keys(PARTS).filter(name => show.includes(name)).map(name => look[PARTS[name]](context));
      for (const part of parts) part.element.hidden = true;
      root.replaceChildren(
        element("div", { class: "li-input" }, element("label", { for: `${context.uid}-text` }, t.text), choice, status, element("div", { class: "li-box" }, field)), problem,
        ...parts.map(part => part.element));
      root.lang = t.locale;
      tell();
      if (state.answer) present();
    }

    function tell(said = "") {
      const { t } = context, skipped = state.answer?.skipped;
      status.textContent = running ? t.computing : state.text === "" ? t.empty : said || (skipped ? t.skipped(skipped) : "");
      root.toggleAttribute("data-busy", running !== null);
      root.setAttribute("aria-busy", String(running !== null));
    }

    function fail(reason) {
      problem.textContent = reason;
      problem.hidden = !reason;
    }

    function present() {
      for (const part of parts) {
        part.element.hidden = false;
        part.show(state.answer);
      }
    }

    function typed() {
      state.text = field.value;
      state.source = { text: field.value };
      state.position = null;
      state.history = [];
      clearTimeout(timer);
      timer = setTimeout(run, PAUSE);
    }

    /** Asks for the current source. An older question is given up. */
    async function run(said) {
      clearTimeout(timer);
      running?.abort();
      running = null;
      fail("");
      if (state.text === "") {
        state.answer = null;
        for (const part of parts) part.element.hidden = true;
        return tell();
      }
      const mine = running = new AbortController();
      tell();
      try {
        const body = { ...state.source };
        if (state.model) body.model = state.model;
        if (state.position !== null) body.position = state.position;
        // The weights stay the same wherever the prediction is looked at.
        const kept = state.source === state.answer?.source ? state.answer.attention : null;
        if (kept || !show.includes("attention")) body.attention = false;
        const answer = await look.ask(context, body, mine.signal);
        if (mine !== running) return;
        if (answer.ranked && !Number.isFinite(answer.ranked.sorted[0])) throw new Error(context.t.notFinite);
        answer.attention ??= kept;
        answer.source = state.source;
        state.answer = answer;
        state.query = answer.position ?? answer.tokens.length - 1;
        if (state.source.ids) field.value = state.text = answer.text;
        running = null;
        present();
        tell(typeof said === "string" ? said : "");
      } catch (error) {
        if (error.name === "AbortError" || mine !== running) return;
        running = null;
        fail(error.message);
        tell();
      }
    }

    const ids = () => state.answer.tokens.map(token => token.id);

    /** Looks at the token with this index: its row of the weights, and what comes after it. */
    function choose(position) {
      state.position = position;
      for (const part of parts) part.choose?.(position);
      if (!state.answer.next) return;
      if (!state.source.ids && state.answer.skipped) state.source = state.answer.source = { ids: ids() };
      run();
    }

    /** Continues the text with a token after the chosen one. */
    function take(token) {
      const before = { source: state.source, position: state.position, text: state.text };
      state.history.push(before);
      state.source = { ids: [...ids().slice(0, state.answer.position + 1), token.id] };
      state.position = null;
      run(token.text === undefined ? "" : context.t.taken(look.spoken(token, context.t)));
    }

    function undo() {
      Object.assign(state, state.history.pop());
      field.value = state.text;
      run();
    }

    function setText(text) {
      field.value = text;
      typed();
      run();
    }

    function setModel(name) {
      if (state.model === name) return;
      state.model = name;
      if (state.source.ids) typed();
      state.answer = null;
      state.history = [];
      run();
    }

    // Keys that the widgets use are not for the page around them.
    root.addEventListener("keydown", event => { if (!event.ctrlKey && !event.metaKey && !event.altKey) event.stopPropagation(); });
    const repaint = () => { colours = null; if (state.answer) present(); };
    const dark = matchMedia("(prefers-color-scheme: dark)"), theme = new MutationObserver(repaint);
    dark.addEventListener("change", repaint);
    theme.observe(document.documentElement, { attributes: true, attributeFilter: ["class", "style", "data-scheme"] });

    target.append(root);
    build();
    if (text !== null) setText(text);

    return {
      setLanguage(next) {
        if (context.t === look.words[next]) return;
        context.t = look.words[next];
        build();
      },
      setText,
      setModel,
      destroy() {
        clearTimeout(timer);
        running?.abort();
        running = null;
        theme.disconnect();
        dark.removeEventListener("change", repaint);
        root.remove();
      },
    };
  };
})(window.LookInside);
