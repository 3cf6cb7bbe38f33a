/* Elements for the trees of `markdown.js`: only these tags, no attribute that the page did not choose, text as text. */
const PLAIN_TAGS = new Set(["p", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "br", "blockquote", "ul", "ol", "li", "table", "thead",
  "tbody", "tr", "th", "td", "code", "em", "strong", "del", "a"]);
/** The Markdown that an element shows, and the line in which each of its blocks begins. */
const shownMarkdown = new WeakMap();

/** Shows a text as Markdown. While a text grows, only its last two blocks are read and drawn again: the beginning of another
    item looks like a paragraph until its marker is complete. */
function showMarkdown(element, text) {
  const known = shownMarkdown.get(element), grown = known?.starts.length > 1 && text.startsWith(known.text);
  const kept = grown ? known.starts.length - 2 : 0, from = grown ? known.starts[kept] : 0;
  const blocks = blocksOf(text.replaceAll("\r", "").split("\n").slice(from));
  morph(element, make("div", {}, ...blocks.map(({ block }) => drawTree(block))), kept);
  shownMarkdown.set(element, { text, starts: [...(known?.starts.slice(0, kept) ?? []), ...blocks.map(block => from + block.from)] });
}

function drawTree(tree) {
  if (typeof tree === "string") return document.createTextNode(tree);
  const [tag, properties, children] = tree;
  if (tag === "code-block") return drawCode(properties.language, children[0]);
  if (tag === "box") return make("input", { type: "checkbox", disabled: true, checked: properties.ticked });
  const element = document.createElement(PLAIN_TAGS.has(tag) ? tag : "span");
  if (tag === "a") Object.assign(element, { href: properties.href, target: "_blank", rel: "noopener noreferrer" });
  if (properties.start !== undefined) element.start = properties.start;
  if (properties.loose) element.className = "loose";
  if (properties.side) element.className = properties.side;
  element.append(...children.map(drawTree));
  if (tag !== "table") return element;
  // A wide table scrolls by itself, with the keyboard too.
  return make("div", { className: "wide-table", tabIndex: 0, role: "region", ariaLabel: children[0][2][0][2].map(plainText).join(", ") }, element);
}

function drawCode(language, code) {
  return make("div", { className: "code" },
    make("div", { className: "code-head" }, make("span", { textContent: language }), copyCodeButton()),
    make("pre", { tabIndex: 0 }, make("code", { textContent: code })));
}

function copyCodeButton() {
  return make("button", { type: "button", className: "quiet", data: { do: "copy-code" } },
    icon("copy"), make("span", { textContent: words().copyCode }));
}

const plainText = tree => (typeof tree === "string" ? tree : tree[2].map(plainText).join(""));
