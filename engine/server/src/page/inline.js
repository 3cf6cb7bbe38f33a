/* What stands in a line of Markdown: code, emphasis, links. One walk collects pieces; runs of * _ and ~ wait in it until they
   are paired, as CommonMark pairs them. A sign next to Chinese punctuation may open and close as well. */
const ESCAPABLE = "\\`*_{}[]()#+-.!|~<>\"'$%&,/:;=?@^";
const ADDRESS = /^https?:\/\/[^\s<>"`*，。；：！？、（）【】《》“”]+/i;
const TARGET = /^\(<?((?:[^\s<>()]|\([^\s<>()]*\))*)>?(?: +(?:"[^"]*"|'[^']*'))?\)/;
/** In characters; a link that is longer is shown as it is written. */
const LONGEST_ADDRESS = 2000;
/** Runs of signs that wait for their partner, which also bounds how deep emphasis nests. */
const MOST_WAITING = 16;
const WORD = /[\p{L}\p{N}_]/u;

/** An address that a link may have: http or https, and nothing else. */
function safeAddress(text) {
  try {
    const address = new URL(text);
    return address.protocol === "http:" || address.protocol === "https:" ? address.href : null;
  } catch {
    return null;
  }
}

function inlinesOf(text, depth = 0) {
  return new Inlines(text, depth).read();
}

class Inlines {
  constructor(text, depth) {
    Object.assign(this, { text, depth, at: 0, pieces: [], plain: "", noCode: new Set() });
  }

  read() {
    const { text } = this;
    while (this.at < text.length) {
      const sign = text[this.at];
      if (sign === "\\" && ESCAPABLE.includes(text[this.at + 1] ?? " ")) {
        this.plain += text[this.at + 1];
        this.at += 2;
      } else if (sign === "`") this.code();
      else if (sign === "*" || sign === "_" || sign === "~") this.run(sign);
      else if (sign === "[" || (sign === "!" && text[this.at + 1] === "[")) this.link(sign === "!" ? 1 : 0);
      else if (sign === "<" || sign === "h" || sign === "H") this.address(sign === "<" ? 1 : 0);
      else if (sign === "\n") this.put(["br", {}, []], 1);
      else {
        this.plain += sign;
        this.at += 1;
      }
    }
    this.flush();
    return paired(this.pieces);
  }

  flush() {
    if (this.plain) this.pieces.push(this.plain);
    this.plain = "";
  }

  put(piece, length) {
    this.flush();
    this.pieces.push(piece);
    this.at += length;
  }

  asText(length) {
    this.plain += this.text.slice(this.at, this.at + length);
    this.at += length;
  }

  code() {
    const [ticks] = /^`+/.exec(this.text.slice(this.at, this.at + 64)), { length } = ticks;
    // What was not found once is not there later either.
    if (this.noCode.has(length)) return this.asText(length);
    let end = this.at + length;
    for (;;) {
      end = this.text.indexOf(ticks, end);
      if (end < 0) { this.noCode.add(length); return this.asText(length); }
      let after = end + length;
      if (this.text[after] !== "`") break;
      while (this.text[after] === "`") after += 1;
      end = after;
    }
    const inner = this.text.slice(this.at + length, end).replaceAll("\n", " ");
    const padded = inner.startsWith(" ") && inner.endsWith(" ") && !isBlank(inner);
    this.put(["code", {}, [padded ? inner.slice(1, -1) : inner]], end + length - this.at);
  }

  /** A run of signs, with whether it can open and close. */
  run(sign) {
    let after = this.at;
    while (this.text[after] === sign) after += 1;
    const length = after - this.at, before = this.text[this.at - 1] ?? " ", next = this.text[after] ?? " ";
    let opens = !/\s/.test(next), closes = !/\s/.test(before);
    if (sign === "_") [opens, closes] = [opens && !WORD.test(before), closes && !WORD.test(next)];
    if (length > 3 || (sign === "~" && length !== 2)) return this.asText(length);
    this.put({ sign, length, opens, closes }, length);
  }

  /** [text](address) and ![text](address). Images are not loaded: they become links. */
  link(image) {
    const start = this.at + image + 1, close = (this.brackets ??= bracketPairs(this.text)).get(start - 1) ?? -1;
    const target = close < 0 ? null : TARGET.exec(this.text.slice(close + 1, close + 1 + LONGEST_ADDRESS));
    if (!target || this.depth >= DEEPEST) return this.asText(image + 1);
    const words = this.text.slice(start, close), inner = inlinesOf(words, this.depth + 1), href = safeAddress(target[1]);
    const length = close + 1 + target[0].length - this.at;
    if (href) return this.put(["a", { href }, withoutLinks(inner.length ? inner : [target[1]])], length);
    // What may not be followed is shown as it is written.
    this.asText(length);
  }

  /** A bare address, or one in angle brackets. */
  address(bracket) {
    const before = this.text[this.at - 1] ?? " ", found = bracket || !WORD.test(before)
      ? ADDRESS.exec(this.text.slice(this.at + bracket, this.at + bracket + LONGEST_ADDRESS)) : null;
    const end = found && this.text[this.at + 1 + found[0].length];
    if (!found || (bracket && end !== ">")) return this.asText(1);
    let shown = found[0];
    // The sentence's own signs, and a bracket that was opened before the address, are not part of it.
    if (!bracket) while (/[.,:;!?'")\]]$/.test(shown) && !(shown.endsWith(")") && shown.includes("("))) shown = shown.slice(0, -1);
    const href = safeAddress(shown);
    if (!href) return this.asText(1);
    this.put(["a", { href }, [shown]], shown.length + 2 * bracket);
  }
}

/** The place of the bracket that closes each one. */
function bracketPairs(text) {
  const pairs = new Map(), open = [];
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === "[") open.push(at);
    else if (text[at] === "]" && open.length) pairs.set(open.pop(), at);
  }
  return pairs;
}

const withoutLinks = pieces => pieces.flatMap(piece =>
  typeof piece === "string" ? [piece] : piece[0] === "a" ? withoutLinks(piece[2]) : [[piece[0], piece[1], withoutLinks(piece[2])]]);

/** Pairs the runs of signs: what stands between two becomes emphasis. */
function paired(pieces) {
  const done = [], waiting = [];
  for (const piece of pieces) {
    if (typeof piece === "string" || Array.isArray(piece)) { done.push(piece); continue; }
    const run = { ...piece, left: piece.length };
    while (run.left > 0 && run.closes) {
      const index = waiting.findLastIndex(opener => opener.sign === run.sign);
      if (index < 0) break;
      const opener = waiting[index], used = Math.min(opener.left, run.left, 2);
      // Nothing in between can be paired any more.
      waiting.length = index + 1;
      const inner = done.splice(opener.place + 1).map(asWritten);
      opener.left -= used;
      run.left -= used;
      done.push([run.sign === "~" ? "del" : used === 2 ? "strong" : "em", {}, joined(inner)]);
      if (opener.left === 0) { waiting.pop(); done.splice(opener.place, 1); }
    }
    if (run.left === 0) continue;
    run.place = done.length;
    done.push(run);
    if (run.opens && waiting.length < MOST_WAITING) waiting.push(run);
  }
  return joined(done.map(asWritten));
}

const asWritten = piece => (typeof piece === "string" || Array.isArray(piece) ? piece : piece.sign.repeat(piece.left));

function joined(pieces) {
  const all = [];
  for (const piece of pieces) {
    if (typeof piece === "string" && typeof all.at(-1) === "string") all[all.length - 1] += piece;
    else if (piece !== "") all.push(piece);
  }
  return all;
}
