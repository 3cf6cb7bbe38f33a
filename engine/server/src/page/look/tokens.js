// The text as tokens. The chosen one is where the prediction is looked at.
(look => {
  "use strict";
  const { element } = look;

  look.tokensPart = context => {
    const { t } = context;
    const list = element("ol", { class: "li-chips" });
    const how = element("span", null, t.tokensHow);
    const count = element("strong");
    const part = look.part(context, "tokens", ["tokens"], list,
      element("p", { class: "li-small" }, count, " ", how),
      element("p", { class: "li-small li-signs", "aria-hidden": "true" }, t.signs.map(([sign, meaning]) => element("span", null, element("b", null, sign), " ", meaning))));
    const roving = look.roving(list);

    return {
      element: part,
      show(answer) {
        const focused = [...list.querySelectorAll("button")].indexOf(document.activeElement);
        const all = answer.tokens.length, chosen = context.state.query;
        list.replaceChildren(...answer.tokens.map((token, i) => element("li", null,
          element("button", {
            type: "button", class: "li-token", title: t.id(token.id), "aria-pressed": String(i === chosen),
            "aria-label": t.tokenLabel(i + 1, all, look.spoken(token, t), token.id), onclick: () => context.choose(i),
          }, look.tokenText(token), element("span", { class: "li-id" }, token.id)))));
        const buttons = list.querySelectorAll("button");
        roving.start(buttons[chosen]);
        if (focused >= 0) buttons[Math.min(focused, all - 1)]?.focus();
        count.textContent = t.count(all);
        how.hidden = !answer.next || !context.show.includes("next");
      },
      choose(position) {
        [...list.querySelectorAll("button")].forEach((button, i) => button.setAttribute("aria-pressed", String(i === position)));
      },
    };
  };
})(window.LookInside);
