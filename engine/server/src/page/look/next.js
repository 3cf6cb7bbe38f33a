// The probabilities of the next token, and how temperature, top-k and top-p change them.
(look => {
  "use strict";
  const { element } = look;

  const FEW = 12, MANY = 20;
  /** Where the slider of top-k stops, before all tokens, which is 0. */
  const TOP_K = [1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 30, 40, 50, 75, 100, 200, 500, 1000, 5000];
  /** The model's own probabilities. */
  const PLAIN = { temperature: 1, topK: 0, topP: 1 };
  look.plainSettings = () => ({ ...PLAIN });

  look.nextPart = context => {
    const { t, state, uid } = context, settings = state.settings;
    const percent = share => look.percent(share, t.locale);
    let answer = null, distribution = null, plain = null, stops = [...TOP_K, 0];

    const decimal = number => number.toLocaleString(t.locale, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
    const sliders = {
      temperature: slider("temperature", { min: 0, max: 2, step: 0.05 }, value => value, value => value, decimal),
      topK: slider("topK", { min: 0, max: TOP_K.length, step: 1 }, place => stops[place], k => stops.indexOf(k),
        k => k === 0 ? t.everything : k.toLocaleString(t.locale)),
      topP: slider("topP", { min: 0, max: 1, step: 0.01 }, value => value, value => value, decimal),
    };

    /** A slider for one of the settings. */
    function slider(name, range, valueOf, placeOf, say) {
      const output = element("output", { for: `${uid}-${name}` });
      const input = element("input", { type: "range", id: `${uid}-${name}`, class: `li-slider-${name}`, ...range, "aria-describedby": `${uid}-${name}-how` });
      const label = element("div", { class: "li-slider" },
        element("label", { for: `${uid}-${name}` }, t[name]), output, input,
        element("span", { class: "li-small", id: `${uid}-${name}-how` }, t[name + "How"]));
      const tell = () => {
        output.textContent = say(settings[name]);
        input.setAttribute("aria-valuetext", say(settings[name]));
      };
      input.addEventListener("input", () => { settings[name] = valueOf(Number(input.value)); tell(); update(); });
      const show = () => { input.value = placeOf(settings[name]); tell(); };
      show();
      return { label, input, show };
    }

    const after = element("p", { class: "li-after" });
    const bars = element("ol", { class: "li-bars" });
    const rest = element("div", { class: "li-bar li-rest" });
    const left = element("p", { class: "li-small", role: "status" });
    const undo = element("button", { type: "button", class: "li-undo", onclick: () => context.undo() }, t.undo);
    const draw = element("button", { type: "button", class: "li-draw", onclick: () => take(distribution.draw(Math.random())) }, t.draw);
    const more = element("button", { type: "button", "aria-expanded": "false", onclick: () => { state.many = !state.many; build(); } });
    const reset = element("button", { type: "button", class: "li-reset", onclick() {
      Object.assign(settings, PLAIN);
      for (const each of Object.values(sliders)) each.show();
      update();
    } }, t.reset);
    const part = look.part(context, "next", ["next"],
      element("div", { class: "li-sliders" }, Object.values(sliders).map(each => each.label)), after, bars, rest, left,
      element("p", { class: "li-actions" }, draw, undo, more, reset),
      element("p", { class: "li-small" }, t.takeHow, " ", element("span", { class: "li-mark-legend", "aria-hidden": "true" }), " ", t.mark));
    look.roving(bars);

    function take(rank) {
      const known = answer.next.top[rank];
      context.take(known ?? { id: look.idOfRank(answer.ranked, rank) });
    }

    /** A row for every token that is shown. */
    function build() {
      const count = Math.min(state.many ? MANY : FEW, answer.next.top.length);
      const reused = [...bars.children].slice(0, count);
      while (reused.length < count) {
        const rank = reused.length;
        reused.push(element("li", null, element("button", { type: "button", class: "li-bar", onclick: () => take(rank), tabindex: rank ? -1 : 0 },
          element("span", { class: "li-word" }), track(), element("span", { class: "li-share" }), element("span", { class: "li-id" }))));
      }
      bars.replaceChildren(...reused);
      reused.forEach((row, rank) => {
        const token = answer.next.top[rank], button = row.firstChild;
        button.querySelector(".li-word").replaceChildren(look.tokenText(token));
        button.querySelector(".li-id").textContent = token.id;
        button.dataset.id = token.id;
      });
      rest.replaceChildren(element("span", { class: "li-word" }, t.rest(Math.max(answer.vocab_size - count, 0))), track(), element("span", { class: "li-share" }));
      rest.hidden = answer.vocab_size <= count;
      more.textContent = state.many ? t.fewer : t.more;
      more.setAttribute("aria-expanded", String(Boolean(state.many)));
      more.hidden = answer.next.top.length <= FEW;
      update();
    }
    const track = () => element("span", { class: "li-track", "aria-hidden": "true" }, element("i", { class: "li-fill" }), element("i", { class: "li-mark" }));

    /** Moves the bars to the settings. */
    function update() {
      if (!answer) return;
      distribution = look.probabilities(answer.ranked.sorted, settings);
      const { kept, probability, before } = distribution;
      // The likeliest token fills the width, at the settings or without them.
      const full = Math.max(probability(0), plain.probability(0));
      const rows = [...bars.children].map(row => row.firstChild);
      let shown = 0, own = 0;
      rows.forEach((button, rank) => {
        const share = probability(rank), token = answer.next.top[rank], isCut = rank >= kept;
        shown += share;
        own += plain.probability(rank);
        paint(button, share, isCut ? before(rank) : share, plain.probability(rank), full, isCut);
        const said = look.spoken(token, t);
        button.setAttribute("aria-label", isCut ? t.cutOff(said, token.id) : t.take(said, token.id, percent(share)));
      });
      const others = Math.max(1 - shown, 0), isCut = kept <= rows.length;
      paint(rest, isCut ? 0 : others, isCut ? 0 : others, Math.max(1 - own, 0), full, isCut);
      left.textContent = t.left(kept, answer.vocab_size);
    }

    function paint(row, share, width, mark, full, isCut) {
      row.classList.toggle("li-cut", isCut);
      row.style.setProperty("--li-share", share);
      row.style.setProperty("--li-width", Math.min(width / full, 1));
      row.style.setProperty("--li-own", Math.min(mark / full, 1));
      row.querySelector(".li-share").textContent = isCut ? t.cut : percent(share);
    }

    /** The end of the text that the prediction continues. */
    function textBefore() {
      const { text, tokens, position } = answer;
      // Before an earlier token, characters of several tokens cannot be put together.
      const all = position === tokens.length - 1 ? text : tokens.slice(0, position + 1).map(token => token.text).join("").replace(/\ufffd+/g, "\ufffd");
      const signs = [...all.replace(/\n/g, "↵")];
      return signs.length > 48 ? `…${signs.slice(-48).join("")}` : signs.join("");
    }

    return {
      element: part,
      show(answered) {
        part.hidden = !answered.next;
        if (part.hidden) return;
        answer = answered;
        stops = [...TOP_K.filter(k => k < answer.vocab_size), 0];
        if (!stops.includes(settings.topK)) settings.topK = 0;
        sliders.topK.input.max = stops.length - 1;
        sliders.topK.show();
        plain = look.probabilities(answer.ranked.sorted, PLAIN);
        after.replaceChildren(element("span", { class: "li-small" }, t.after), " ", textBefore(), element("span", { class: "li-gap", "aria-hidden": "true" }));
        undo.disabled = !state.history.length;
        build();
      },
    };
  };
})(window.LookInside);
