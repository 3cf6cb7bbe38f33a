// How the server chooses the next token, as engine/fast/src/token_filter.rs does it: of all tokens the `topK` likeliest, of
// these as many as it takes to exceed `topP`, and one draw among what is left.
(look => {
  "use strict";

  /** Below this temperature the likeliest token is certain. */
  const GREEDY_BELOW = 1e-30;
  /** `e^x` of it adds nothing to 1 in 64 bits. */
  const NEVER_DRAWN = -50;

  /** Logits, and the same from the largest to the smallest. Tokens are counted in this order: the likeliest has rank 0. */
  look.ranked = logits => ({ logits, sorted: Float32Array.from(logits).sort().reverse() });

  /**
   * The probabilities at a temperature. `topK` 0 is all tokens.
   * Result: `possible` tokens that have any, `kept` tokens that can be drawn, their `probability(rank)`, and `before(rank)`,
   * what it would be if nothing were cut off.
   */
  look.probabilities = (sorted, { temperature, topK, topP }) => {
    const weights = [];
    if (temperature < GREEDY_BELOW) {
      weights.push(1);
    } else {
      for (const logit of sorted) {
        const exponent = (logit - sorted[0]) / temperature;
        if (!(exponent >= NEVER_DRAWN)) break;
        weights.push(Math.exp(exponent));
      }
    }
    const sum = count => { let sum = 0; for (let i = 0; i < count; i++) sum += weights[i]; return sum; };
    const possible = weights.length;
    let kept = topK > 0 ? Math.min(topK, possible) : possible;
    if (topP < 1) {
      const enough = topP * sum(kept), best = kept;
      let share = 0;
      for (kept = 0; kept < best && share <= enough; kept++) share += weights[kept];
      kept = Math.max(kept, 1);
    }
    const all = sum(possible), left = sum(kept);
    return {
      possible,
      kept,
      probability: rank => rank < kept ? weights[rank] / left : 0,
      before: rank => rank < possible ? weights[rank] / all : 0,
      /** The rank that a random number from 0 to 1 draws. */
      draw(random) {
        let rest = random * left;
        for (let rank = 0; rank < kept; rank++) if ((rest -= weights[rank]) < 0) return rank;
        return kept - 1;
      },
    };
  };

  /** The id of the token with this rank; of equal logits the smaller id comes first. */
  look.idOfRank = ({ logits, sorted }, rank) => {
    const logit = sorted[rank];
    let id = -1;
    for (let nth = rank - sorted.indexOf(logit); nth >= 0; nth--) id = logits.indexOf(logit, id + 1);
    return id;
  };
})(window.LookInside);
