/* Markdown as trees of [tag, properties, children]. Nothing here touches the page: `render.js` makes elements of the trees,
   and only of tags that it knows. A text of a model is never HTML. Lists, quotes and emphasis nest up to DEEPEST; beyond, their
   signs are shown, so that no text can exhaust the stack. */
const DEEPEST = 8;
const FENCE = /^( {0,3})(`{3,}|~{3,})([^`]*)$/;
const HEADING = /^ {0,3}(#{1,6})(?:[ \t]+(.*))?$/;
const RULE = /^ {0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$/;
const ITEM = /^( *)([-*+]|\d{1,9}[.)])( +|$)/;
const QUOTE = /^ {0,3}> ?/;
const DIVIDER = /^:?-+:?$/;

const isBlank = line => line.trim() === "";

/** The columns before a line's text, and the line without up to `columns` of them. */
function indentation(line) {
  const text = line.trimStart();
  return [...line.slice(0, line.length - text.length)].reduce((columns, space) => columns + (space === "\t" ? 4 : 1), 0);
}
const dedented = (line, columns) => " ".repeat(Math.max(indentation(line) - columns, 0)) + line.trimStart();

/** A heading without the signs that close it. */
function withoutClosing(text) {
  const open = text.trimEnd();
  let end = open.length;
  while (open[end - 1] === "#") end -= 1;
  return end === 0 || /[ \t]/.test(open[end - 1]) ? open.slice(0, end).trimEnd() : open;
}

/** Where a paragraph ends although no empty line does: at what begins another block. */
function beginsBlock(line) {
  return FENCE.test(line) || HEADING.test(line) || RULE.test(line) || QUOTE.test(line) || ITEM.test(line);
}

/** The blocks of a text, each with the number of the line after it. */
function blocksOf(lines, depth = 0) {
  const blocks = [];
  let at = 0;
  while (at < lines.length) {
    if (isBlank(lines[at])) { at += 1; continue; }
    const [block, after] = nextBlock(lines, at, depth);
    blocks.push({ block, from: at, after });
    at = after;
  }
  return blocks;
}

const insideOf = (lines, depth) => blocksOf(lines, depth).map(({ block }) => block);

function nextBlock(lines, at, depth) {
  const line = lines[at];
  let match;
  if ((match = FENCE.exec(line))) return codeBlock(lines, at, match);
  if ((match = HEADING.exec(line)))
    return [[`h${match[1].length}`, {}, inlinesOf(withoutClosing(match[2] ?? ""))], at + 1];
  if (RULE.test(line)) return [["hr", {}, []], at + 1];
  if (depth < DEEPEST && QUOTE.test(line)) return quoteBlock(lines, at, depth);
  if (depth < DEEPEST && ITEM.test(line)) return listBlock(lines, at, depth);
  if (isTable(lines, at)) return tableBlock(lines, at);
  return paragraphBlock(lines, at);
}

/** Code up to its closing fence; while an answer grows, up to its end. */
function codeBlock(lines, at, [, indent, fence, info]) {
  const closing = new RegExp(`^ {0,3}${fence[0]}{${fence.length},}[ \\t]*$`);
  let after = at + 1;
  while (after < lines.length && !closing.test(lines[after])) after += 1;
  const spaces = new RegExp(`^ {0,${indent.length}}`);
  const code = lines.slice(at + 1, after).map(line => line.replace(spaces, "")).join("\n");
  return [["code-block", { language: info.trim().split(/\s/)[0] }, [code]], Math.min(after + 1, lines.length)];
}

function quoteBlock(lines, at, depth) {
  let after = at;
  while (after < lines.length && QUOTE.test(lines[after])) after += 1;
  const inner = lines.slice(at, after).map(line => line.replace(QUOTE, ""));
  return [["blockquote", {}, insideOf(inner, depth + 1)], after];
}

/** A list. Models indent inner lists by two spaces or by four, whatever the marker's width; both are inside. */
function listBlock(lines, at, depth) {
  const [, indent, marker] = ITEM.exec(lines[at]), kind = marker.at(-1), ordered = kind === "." || kind === ")";
  const isSibling = line => {
    const match = ITEM.exec(line);
    return match && match[2].at(-1) === kind && match[1].length < indent.length + 2 && !RULE.test(line);
  };
  const items = [];
  let after = at, loose = false;
  while (after < lines.length && isSibling(lines[after])) {
    const match = ITEM.exec(lines[after]), spaces = match[3].length > 4 ? 1 : Math.max(match[3].length, 1);
    const inner = match[1].length + match[2].length + spaces;
    const own = [lines[after].slice(inner)];
    let next = after + 1;
    for (; next < lines.length; next += 1) {
      const line = lines[next];
      if (isBlank(line)) {
        const beyond = lines.slice(next, next + 3).find(other => !isBlank(other));
        if (beyond === undefined || indentation(beyond) < match[1].length + 2) break;
        own.push("");
      } else if (indentation(line) >= match[1].length + 2) own.push(dedented(line, inner));
      else if (own.length && !isBlank(own.at(-1)) && !beginsBlock(line)) own.push(line);
      else break;
    }
    // Empty lines between two items make the list airy; those after the last end it.
    let resumed = next;
    while (resumed < lines.length && isBlank(lines[resumed])) resumed += 1;
    if (resumed > next && resumed < lines.length && isSibling(lines[resumed])) { loose = true; next = resumed; }
    items.push(["li", {}, itemContent(own, depth)]);
    after = next;
  }
  const start = Number.parseInt(marker, 10);
  return [[ordered ? "ol" : "ul", { ...(ordered && start !== 1 ? { start } : {}), loose }, items], after];
}

/** What is in an item: its first paragraph without a frame of its own, and a box to tick if it begins with one. */
function itemContent(lines, depth) {
  const box = /^\[([ xX])\] /.exec(lines[0]);
  if (box) lines = [lines[0].slice(4), ...lines.slice(1)];
  const blocks = insideOf(lines, depth + 1);
  const first = blocks[0]?.[0] === "p" ? blocks.shift()[2] : [];
  return [...(box ? [["box", { ticked: box[1] !== " " }, []]] : []), ...first, ...blocks];
}

const cellsOf = line => {
  const cells = [""];
  let code = false;
  const inner = line.trim().replace(/^\|/, "");
  for (let at = 0; at < inner.length; at += 1) {
    if (inner[at] === "\\" && inner[at + 1] === "|") { cells[cells.length - 1] += "|"; at += 1; continue; }
    if (inner[at] === "`") code = !code;
    if (inner[at] === "|" && !code) cells.push("");
    else cells[cells.length - 1] += inner[at];
  }
  if (cells.length > 1 && isBlank(cells.at(-1))) cells.pop();
  return cells.map(cell => cell.trim());
};

function isTable(lines, at) {
  const divider = lines[at + 1];
  if (!divider?.includes("|") || !cellsOf(divider).every(cell => DIVIDER.test(cell))) return false;
  return lines[at].includes("|") && cellsOf(lines[at]).length === cellsOf(divider).length;
}

function tableBlock(lines, at) {
  const sides = cellsOf(lines[at + 1]).map(cell => {
    const [left, right] = [cell.startsWith(":"), cell.endsWith(":")];
    return left && right ? "center" : right ? "right" : "";
  });
  const row = (tag, line) => {
    const cells = cellsOf(line);
    return ["tr", {}, sides.map((side, index) => [tag, { side }, inlinesOf(cells[index] ?? "")])];
  };
  let after = at + 2;
  while (after < lines.length && lines[after].includes("|") && !isBlank(lines[after])) after += 1;
  const body = lines.slice(at + 2, after).map(line => row("td", line));
  return [["table", {}, [["thead", {}, [row("th", lines[at])]], ["tbody", {}, body]]], after];
}

/** Lines up to an empty one or another block. The breaks of lines stay: models mean them. */
function paragraphBlock(lines, at) {
  let after = at + 1;
  while (after < lines.length && !isBlank(lines[after]) && !beginsBlock(lines[after]) && !isTable(lines, after)) after += 1;
  const text = lines.slice(at, after).map(line => line.trim().replace(/\\$/, "")).join("\n");
  return [["p", {}, inlinesOf(text)], after];
}
