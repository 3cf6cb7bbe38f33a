const byId = id => document.getElementById(id);

/** An element with properties and children; a child that is null is left out. */
function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "data") Object.assign(element.dataset, value);
    else if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children.filter(child => child !== null));
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

/** One of the symbols at the beginning of the page. */
function icon(name) {
  const svg = document.createElementNS(SVG, "svg"), use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#i-${name}`);
  svg.setAttribute("aria-hidden", "true");
  svg.append(use);
  return svg;
}

/** A button that is only a symbol; its name is a word for those who do not see it. */
function iconButton(name, word, job) {
  return make("button", { type: "button", className: "icon", title: word, ariaLabel: word, data: { do: job } }, icon(name));
}

/** Makes the children of `element` those of `wanted`, and touches only what differs: what the reader has selected, scrolled
    or focused stays as it is while an answer grows. The first `kept` children are left alone. */
function morph(element, wanted, kept = 0) {
  const now = [...element.childNodes].slice(kept), next = [...wanted.childNodes];
  next.forEach((node, index) => {
    const old = now[index];
    if (!old) element.append(node);
    else if (old.nodeName !== node.nodeName || old.className !== node.className) old.replaceWith(node);
    else if (node.nodeType === Node.TEXT_NODE) {
      if (node.data.startsWith(old.data)) old.appendData(node.data.slice(old.data.length));
      else old.data = node.data;
    } else {
      for (const { name, value } of node.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
      for (const { name } of [...old.attributes]) if (!node.hasAttribute(name)) old.removeAttribute(name);
      morph(old, node);
    }
  });
  now.slice(next.length).forEach(node => node.remove());
}

/** Lets a text field grow with its text; CSS sets the limit. */
function grow(field) {
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight + field.offsetHeight - field.clientHeight}px`;
}

/** Copies a text. Browsers give the clipboard to https and localhost only; elsewhere the old way is left. */
async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const field = make("textarea", { value: text, className: "unseen" }), had = document.activeElement;
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
    had?.focus();
  }
}

/** Offers a text as a file. */
function saveFile(name, type, text) {
  const link = make("a", { href: URL.createObjectURL(new Blob([text], { type })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
