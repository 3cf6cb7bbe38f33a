// The attention weights: all heads small, one of them large with its words, and one token's weights as numbers.
(look => {
  "use strict";
  const { element } = look;

  /** Size of a pair of tokens in the large map, in pixels. */
  const SMALLEST = 14, LARGEST = 38;

  look.attentionPart = context => {
    const { t, state } = context;
    const percent = share => look.percent(share, t.locale);
    let answer = null, maps = null, pointed = null, scale = null;

    const overview = element("div", { class: "li-overview", role: "group", "aria-label": t.overview });
    const layerStepper = stepper("layer", t.layerOf, () => maps.layers), headStepper = stepper("head", t.headOf, () => maps.heads);
    const canvas = element("canvas", { "aria-hidden": "true" });
    const marks = ["row", "column", "pair"].map(name => element("i", { class: `li-at-${name}`, "aria-hidden": "true" }));
    const plane = element("div", { class: "li-plane", tabindex: 0, role: "application", onkeydown: move,
      onpointermove: event => event.pointerType === "mouse" && point(placeOf(event)), onpointerleave: () => point(null),
      onclick: event => choosePair(placeOf(event)) },
    canvas, element("i", { class: "li-lines", "aria-hidden": "true" }), marks);
    const queries = element("ol", { class: "li-queries", "aria-hidden": "true" }), keys = element("ol", { class: "li-keys", "aria-hidden": "true" });
    const map = element("div", { class: "li-map" }, element("span", { class: "li-corner" }), keys, queries, plane);
    const frame = element("div", { class: "li-frame" }, map);
    const readout = element("p", { class: "li-readout", "aria-live": "polite" });
    const rowTitle = element("h4"), row = element("ol", { class: "li-row" }), sum = element("span", { class: "li-sum" });
    const legend = element("div");
    const columns = element("div", { class: "li-columns" },
      element("div", { class: "li-heads" }, element("h4", null, t.overview), element("p", { class: "li-small" }, t.overviewHow), overview),
      element("div", { class: "li-head" }, element("div", { class: "li-steppers" }, layerStepper.element, headStepper.element),
        element("p", { class: "li-small" }, t.axes), frame, readout, legend));
    const part = look.part(context, "attention", ["attention", "heads"], columns,
      element("div", { class: "li-looks" }, element("p", { class: "li-line" }, rowTitle, " ", sum), row));
    look.roving(overview, () => maps.heads);
    new ResizeObserver(() => { if (maps) { fit(); reveal(); } }).observe(frame);

    /** Two buttons and the number between them. */
    function stepper(name, say, all) {
      const output = element("output", { "aria-live": "polite" });
      const button = (sign, label, step) => element("button", { type: "button", class: `li-${name}-${step < 0 ? "down" : "up"}`, "aria-label": label,
        onclick: () => { state[name] = (state[name] + step + all()) % all(); chooseStrongest(); paint(); } }, sign);
      return {
        element: element("div", { class: "li-stepper", role: "group", "aria-label": t[name] },
          button("‹", t.previous(t[name]), -1), output, button("›", t.following(t[name]), 1)),
        show: () => { output.textContent = say(state[name] + 1, all()); },
      };
    }

    /** The pair of tokens at the pointer. */
    function placeOf(event) {
      const box = plane.getBoundingClientRect(), count = maps.count;
      const at = share => Math.min(Math.max(Math.floor(share * count), 0), count - 1);
      return { query: at((event.clientY - box.top) / box.height), key: at((event.clientX - box.left) / box.width) };
    }

    function point(place) {
      pointed = place;
      readPair();
    }

    function choosePair(pair) {
      Object.assign(state, pair);
      pointed = null;
      readPair();
    }

    function chooseQuery(query) {
      state.query = query;
      chooseStrongest();
      choosePair({});
    }

    function move(event) {
      const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
      const step = steps[event.key];
      if (!step || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      const within = (value, from, to) => Math.min(Math.max(value, from), to);
      const query = within(state.query + step[0], 0, maps.count - 1);
      choosePair({ query, key: within(state.key + step[1], 0, maps.causal ? query : maps.count - 1) });
      reveal();
    }

    const weights = () => maps.of(state.layer, state.head);
    /** Chooses the key that the chosen query looks at most. */
    function chooseStrongest() {
      const row = weights().subarray(state.query * maps.count, (state.query + 1) * maps.count);
      state.key = row.indexOf(row.reduce((largest, weight) => Math.max(largest, weight), 0));
    }

    const word = i => look.tokenText(answer.tokens[i]);

    /** What is written of the pair at the pointer, or of the chosen one. */
    function readPair() {
      const { query, key } = pointed ?? state;
      map.style.setProperty("--li-query", query);
      map.style.setProperty("--li-key", key);
      [...queries.children].forEach((label, i) => label.classList.toggle("li-on", i === query));
      [...keys.children].forEach((label, i) => label.classList.toggle("li-on", i === key));
      const share = weights()[query * maps.count + key] / 65535;
      readout.replaceChildren(...maps.causal && key > query ? [t.hidden] : t.looks(word(query), word(key), percent(share)));
      if (row.dataset.query !== String(query)) readRow(query);
    }

    /** The words of the text, each with the weight that `query` gives it. */
    function readRow(query) {
      const from = query * maps.count, visible = maps.causal ? query + 1 : maps.count;
      const shares = Array.from(weights().subarray(from, from + visible), weight => weight / 65535);
      row.dataset.query = query;
      rowTitle.replaceChildren(...t.rowTitle(word(query)));
      const total = shares.reduce((sum, share) => sum + share, 0);
      // Each weight was rounded to 16 bits.
      sum.textContent = t.sum(percent(total)) + (total < 0.99 ? ` (${t.unseen(percent(1 - total))})` : "");
      row.replaceChildren(...answer.tokens.map((token, i) => {
        const item = element("li", { class: i === query ? "li-on" : i < visible ? null : "li-later" }, look.tokenText(token),
          i < visible ? element("span", { class: "li-share" }, percent(shares[i])) : null);
        if (i < visible) scale.fill(item, shares[i]);
        return item;
      }));
    }

    /** As large as fits beside the words, but never too small for them. */
    function fit() {
      const width = text => [...text].reduce((sum, sign) => sum + (sign.charCodeAt(0) > 0x2e80 ? 2 : 1), 0);
      const longest = Math.min(Math.max(...answer.tokens.map(token => width(token.piece?.characters ?? token.text))) + 1, frame.clientWidth < 420 ? 8 : 13);
      map.style.setProperty("--li-label", `${longest}ch`);
      map.style.setProperty("--li-count", maps.count);
      const room = frame.clientWidth - queries.offsetWidth - 4;
      map.style.setProperty("--li-size", `${Math.min(Math.max(Math.floor(room / maps.count), SMALLEST), LARGEST)}px`);
    }

    /** Scrolls the large map, and nothing else, to the chosen pair. */
    function reveal() {
      const size = plane.offsetWidth / maps.count;
      const into = (start, room, at) => Math.max(Math.min(start, at), at + 2 * size - room);
      frame.scrollTop = into(frame.scrollTop, frame.clientHeight - keys.offsetHeight, state.query * size);
      frame.scrollLeft = into(frame.scrollLeft, frame.clientWidth - queries.offsetWidth, state.key * size);
    }

    /** A small map for every head. */
    function buildOverview() {
      const { layers, heads, count } = maps;
      overview.style.setProperty("--li-heads", heads);
      overview.classList.toggle("li-fine", count > 32);
      if (overview.dataset.shape !== `${layers}x${heads}`) {
        overview.dataset.shape = `${layers}x${heads}`;
        const corner = element("span", { "aria-hidden": "true" }), numbers = n => Array.from({ length: n }, (_, i) => i);
        const label = n => element("span", { class: "li-number", "aria-hidden": "true" }, n + 1);
        overview.replaceChildren(corner, ...numbers(heads).map(label), ...numbers(layers).flatMap(layer => [label(layer),
          ...numbers(heads).map(head => element("button", { type: "button", "aria-label": t.cell(layer + 1, head + 1), tabindex: -1,
            title: t.cell(layer + 1, head + 1), onclick: () => { Object.assign(state, { layer, head }); chooseStrongest(); paint(); } }, element("canvas")))]));
      }
      [...overview.querySelectorAll("canvas")].forEach((small, i) =>
        look.paintMap(small, scale, maps.of(Math.floor(i / heads), i % heads), count, maps.causal));
    }

    /** The chosen head. */
    function paint() {
      const { layer, head } = state, { heads, count } = maps;
      [...overview.querySelectorAll("button")].forEach((button, i) => {
        const isChosen = i === layer * heads + head;
        button.setAttribute("aria-pressed", String(isChosen));
        button.tabIndex = isChosen ? 0 : -1;
      });
      layerStepper.show();
      headStepper.show();
      plane.setAttribute("aria-label", t.mapLabel(layer + 1, head + 1));
      look.paintMap(canvas, scale, weights(), count, maps.causal);
      row.dataset.query = "";
      readPair();
    }

    function show(answered) {
      part.hidden = !answered.attention;
      if (part.hidden) return;
      answer = answered;
      maps = answer.attention;
      scale = context.scale();
      pointed = null;
      state.layer = Math.min(state.layer, maps.layers - 1);
      state.head = Math.min(state.head, maps.heads - 1);
      chooseStrongest();
      part.querySelector(".li-about").firstChild.textContent = maps.causal ? t.attentionAbout : t.attentionBoth;
      queries.replaceChildren(...answer.tokens.map((_, i) => element("li", { onclick: () => chooseQuery(i) }, word(i))));
      keys.replaceChildren(...answer.tokens.map((_, i) => element("li", null, element("span", null, word(i)))));
      legend.replaceChildren(look.scaleLegend(context, maps.causal));
      columns.classList.toggle("li-long", maps.count > 36);
      buildOverview();
      fit();
      paint();
      reveal();
    }

    return { element: part, show, choose: query => { if (maps) chooseQuery(query); } };
  };
})(window.LookInside);
