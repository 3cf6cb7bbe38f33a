// What the output head would predict after every layer.
(look => {
  "use strict";
  const { element } = look;

  look.lensPart = context => {
    const { t } = context;
    const body = element("tbody");
    const table = element("table", { class: "li-table" },
      element("caption", null, t.lensHow),
      element("thead", null, element("tr", null, element("th", { scope: "col" }, t.layer), t.lensRank.map(rank => element("th", { scope: "col" }, rank)))), body);
    const part = look.part(context, "lens", ["lens"], table);

    return {
      element: part,
      show(answer) {
        part.hidden = !answer.lens;
        if (part.hidden) return;
        const scale = context.scale(), last = answer.lens.length - 1, winner = answer.lens[last].top[0]?.id;
        body.replaceChildren(...answer.lens.map(({ layer, top }, i) => element("tr", null,
          element("th", { scope: "row" }, layer === 0 ? t.embedding : layer, i === last ? element("span", { class: "li-small" }, " ", t.lensLast) : null),
          top.map(token => {
            const cell = element("td", { class: token.id === winner ? "li-winner" : null, title: t.id(token.id), "data-id": token.id },
              look.tokenText(token), element("span", { class: "li-share" }, look.percent(token.probability, t.locale)));
            scale.fill(cell, token.probability);
            return cell;
          }))));
      },
    };
  };
})(window.LookInside);
