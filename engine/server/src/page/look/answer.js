// Asking the server, and its answer with the numbers unpacked.
(look => {
  "use strict";

  /** Bytes that were written in base64. Numbers of several bytes begin with the lowest, as on the machines that run browsers. */
  function bytes(base64) {
    if (Uint8Array.fromBase64) return Uint8Array.fromBase64(base64).buffer;
    const text = atob(base64), array = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) array[i] = text.charCodeAt(i);
    return array.buffer;
  }

  /** Sends `body` to a path of the server. What the server refuses is an error, as is a server that does not answer. */
  async function send(path, body, signal, t) {
    const request = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body), signal };
    const response = await fetch(path, request).catch(error => {
      throw error.name === "AbortError" ? error : new Error(t.gone);
    });
    if (response.ok) return response;
    const { error } = await response.json().catch(() => ({}));
    throw new Error(error?.message ?? error ?? t.odd);
  }

  /** What the server says to `body`; an error has the reason in words. */
  look.ask = async (context, body, signal) => {
    const response = await (context.ask ?? send)(`${context.api}/api/look`, body, signal, context.t);
    const answer = await response.json().catch(error => {
      throw error.name === "AbortError" ? error : new Error(context.t.odd);
    });
    return unpacked(answer);
  };

  function unpacked(answer) {
    const { tokens, layers, heads, next, attention } = answer;
    look.findPieces(tokens);
    const count = tokens.length, map = count * count;
    const result = { ...answer, attention: null, ranked: null };
    if (attention) {
      const weights = new Uint16Array(bytes(attention));
      const of = (layer, head) => weights.subarray((layer * heads + head) * map, (layer * heads + head + 1) * map);
      result.attention = { layers, heads, count, of, causal: isCausal(weights, count) };
    }
    if (next) result.ranked = look.ranked(new Float32Array(bytes(next.logits)));
    return result;
  }

  /** Whether no token looks at a later one. */
  function isCausal(weights, count) {
    for (let row = 0; row < weights.length; row += count) {
      const query = (row / count) % count;
      for (let key = query + 1; key < count; key++) if (weights[row + key] > 0) return false;
    }
    return true;
  }
})(window.LookInside);
