// What a classifier decided, and what each token contributed to it.
(look => {
  "use strict";
  const { element } = look;

  look.classifierPart = context => {
    const { t } = context;
    const classes = element("ol", { class: "li-bars li-classes" }), list = element("ol", { class: "li-row li-contributions" });
    const towards = element("span", { class: "li-towards" }), against = element("span", { class: "li-against" });
    const beyond = element("p", { class: "li-small" });
    const part = look.part(context, "classifier", ["classifier", "gradient"], classes, list,
      element("p", { class: "li-legend li-ways" }, towards, against), beyond);

    return {
      element: part,
      show(answer) {
        part.hidden = !answer.classes;
        if (part.hidden) return;
        const signed = value => `${value < 0 ? "−" : "+"}${look.short(Math.abs(value), t.locale)}`;
        const name = label => t.classes[label] ?? label;
        const chosen = answer.classes.reduce((best, each) => each.probability > best.probability ? each : best);
        classes.replaceChildren(...answer.classes.map(each => {
          const row = element("li", { class: `li-bar${each === chosen ? " li-chosen" : ""}` }, element("span", { class: "li-word" }, name(each.label)),
            element("span", { class: "li-track", "aria-hidden": "true" }, element("i", { class: "li-fill" })),
            element("span", { class: "li-share" }, look.percent(each.probability, t.locale)));
          row.style.setProperty("--li-share", each.probability);
          row.style.setProperty("--li-width", each.probability);
          return row;
        }));
        const largest = Math.max(...answer.contributions.map(Math.abs), Number.MIN_VALUE);
        list.replaceChildren(...answer.tokens.map((token, i) => {
          const value = answer.contributions[i] ?? 0, strength = Math.abs(value) / largest;
          const item = element("li", { class: value < 0 ? "li-minus" : "li-plus", title: t.id(token.id) }, look.tokenText(token), element("span", { class: "li-share" }, signed(value)));
          item.style.setProperty("--li-strength", `${Math.round(65 * strength)}%`);
          return item;
        }));
        towards.textContent = `+ ${t.towards(name(chosen.label))}`;
        against.textContent = `− ${t.against(name(chosen.label))}`;
        beyond.textContent = [
          answer.padding && t.padding(answer.padding.tokens, signed(answer.padding.contribution)),
          answer.truncated && t.truncated(answer.truncated),
        ].filter(Boolean).join(" ");
      },
    };
  };

  /** A number with two digits that count. */
  look.short = (number, locale) => number.toLocaleString(locale, number >= 0.1 || number === 0
    ? { minimumFractionDigits: 2, maximumFractionDigits: 2 } : { maximumSignificantDigits: 2 });
})(window.LookInside);
