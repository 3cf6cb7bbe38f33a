// Which character an incomplete token belongs to. A Chinese character is often several tokens, none of which can be read
// alone; the server gives their bytes.
(look => {
  "use strict";

  const bytesOf = token => token.bytes ? token.bytes.match(/../g).map(byte => parseInt(byte, 16)) : [...new TextEncoder().encode(token.text)];
  /** Whether a byte continues a character that began before it. */
  const goesOn = byte => (byte & 0xc0) === 0x80;

  /** Gives each incomplete token of a text its `piece`: the characters that its bytes are of, and which part of them it is. */
  look.findPieces = tokens => {
    if (!tokens.some(token => token.bytes)) return;
    const bytes = Uint8Array.from(tokens.flatMap(bytesOf)), decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    let from = 0, character = -1, part = 0;
    for (const token of tokens) {
      const to = from + bytesOf(token).length;
      let start = from, end = to;
      while (start > 0 && goesOn(bytes[start])) start--;
      while (end < bytes.length && goesOn(bytes[end])) end++;
      part = start === character ? part + 1 : 1;
      if (token.bytes) token.piece = { characters: decoder.decode(bytes.subarray(start, end)), part };
      character = to - 1;
      while (character > 0 && goesOn(bytes[character])) character--;
      from = to;
    }
  };
})(window.LookInside);
