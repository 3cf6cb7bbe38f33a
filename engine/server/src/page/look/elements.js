// Small helpers for the page's elements. Nothing that a model or a user wrote is ever read as HTML.
(look => {
  "use strict";

  /** An element with attributes, listeners (`onclick`) and children; false and null leave one out. */
  const element = look.element = (tag, attributes, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes ?? {})) {
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...children.flat(2).filter(child => child !== null && child !== undefined && child !== false));
    return element;
  };

  /** Signs for what would not be seen. */
  const signs = { " ": "·", "\n": "↵", "\r": "␍", "\t": "⇥" };
  const unseen = /[ \n\r\t]|\p{Cc}|\p{Cf}/gu;

  /** Bytes as programs write them. */
  look.hexadecimal = bytes => bytes.match(/../g).map(byte => `0x${byte.toUpperCase()}`).join(" ");

  /** The text of a token as elements, with signs for what would not be seen, and for a part of a character. */
  look.tokenText = ({ text, bytes, piece }) => {
    const whole = (...content) => element("span", { class: "li-text", dir: "auto" }, content);
    const sign = text => element("span", { class: "li-sign" }, text);
    if (piece) return whole(piece.characters, element("sub", null, piece.part));
    if (bytes) return whole(element("span", { class: "li-bytes" }, look.hexadecimal(bytes)));
    if (text === "") return whole(sign("∅"));
    if (/^ +$/.test(text)) return whole("␣".repeat(text.length));
    const pieces = [];
    let end = 0;
    for (const found of text.matchAll(unseen)) {
      pieces.push(text.slice(end, found.index));
      pieces.push(sign(signs[found[0]] ?? "U+" + found[0].codePointAt(0).toString(16).toUpperCase().padStart(4, "0")));
      end = found.index + found[0].length;
    }
    return whole(pieces, text.slice(end));
  };

  /** The text of a token as a screen reader should say it. */
  look.spoken = ({ text, bytes, piece }, t) => {
    const say = t.spoken;
    if (piece) return say.piece(piece.characters, piece.part);
    if (bytes) return say.bytes(look.hexadecimal(bytes));
    if (text === "") return say.nothing;
    const said = text.replace(/^ (?=\S)/, "").replace(/\ufffd+/g, `[${say.part}]`).replace(/\n/g, `[${say.line}]`)
      .replace(/\t/g, `[${say.tab}]`).replace(/\p{Cc}|\p{Cf}/gu, `[${say.control}]`);
    return said.trim() === "" ? `[${say.space}]` : `“${said}”`;
  };

  /** One of the buttons in `container` can be reached with Tab, the others from there with the arrow keys. */
  look.roving = (container, columns = () => 1) => {
    const buttons = () => [...container.querySelectorAll("button")];
    const reach = button => buttons().forEach(other => { other.tabIndex = other === button ? 0 : -1; });
    container.addEventListener("focusin", event => { if (event.target.closest("button")) reach(event.target.closest("button")); });
    container.addEventListener("keydown", event => {
      const all = buttons(), at = all.indexOf(event.target.closest("button"));
      const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns(), ArrowDown: columns(), Home: -at, End: all.length - 1 - at };
      const next = all[at + (steps[event.key] ?? NaN)];
      if (at < 0 || !(event.key in steps) || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      next?.focus();
    });
    return { start(button) { if (button) reach(button); } };
  };

  /** A part of the widgets with its heading, its explanation and where the book has it. */
  look.part = (context, name, pages, ...children) => {
    const { t, uid } = context;
    const links = pages.map(page => {
      const [number, path] = look.pages[page];
      return context.book ? element("a", { href: `${context.book}${t.folder}/${path}` }, t.section(number)) : element("span", null, t.section(number));
    });
    const separated = links.flatMap((link, i) => i ? [" · ", link] : [link]);
    return element("section", { class: `li-part li-${name}`, "aria-labelledby": `${uid}-${name}` },
      element("h3", { id: `${uid}-${name}` }, t[name]),
      element("p", { class: "li-about" }, context.about?.(name) ?? t[name + "About"], " ", element("span", { class: "li-where" }, separated)),
      children);
  };
})(window.LookInside);
