//! Counting and merging pairs of neighbours: all that byte pair encoding does.
//!
//! Training merges the most frequent pair into a new token, again and again. Encoding applies the merges that were
//! learnt. A merge learnt earlier has the smaller id, so that the id is also its rank.

use std::collections::HashMap;

/// Two neighbouring ids.
pub type Pair = (u32, u32);

/// What was learnt: the new id for each pair.
pub type Merges = HashMap<Pair, u32>;

/// The most frequent pair of neighbours, the first one in `ids` if several are equal; `None` if there is no pair. Pairs
/// may overlap: `a a a` has `a a` twice.
pub fn find_freq_pair(ids: &[u32]) -> Option<Pair> {
    most_frequent(&count_pairs([(ids, 1)]))
}

/// How often each pair occurs in some sequences, each of which counts as many times as the number beside it says. Pairs
/// come in the order in which they occur first.
pub fn count_pairs<'a>(sequences: impl IntoIterator<Item = (&'a [u32], usize)>) -> Vec<(Pair, usize)> {
    let mut counts = Vec::new();
    let mut places: HashMap<Pair, usize> = HashMap::new();
    for (ids, times) in sequences {
        for (&left, &right) in ids.iter().zip(ids.iter().skip(1)) {
            let place = *places.entry((left, right)).or_insert_with(|| {
                counts.push(((left, right), 0));
                counts.len() - 1
            });
            counts[place].1 += times;
        }
    }
    counts
}

/// The pair with the highest count, the first of several.
pub fn most_frequent(counts: &[(Pair, usize)]) -> Option<Pair> {
    // Of equal entries `max_by_key` takes the last.
    counts.iter().rev().max_by_key(|(_, count)| *count).map(|&(pair, _)| pair)
}

/// Replaces a pair by `new_id` wherever it occurs, from left to right: of `a a a` only the first two are replaced.
pub fn replace_pair(ids: &[u32], pair: Pair, new_id: u32) -> Vec<u32> {
    merge_pass(ids, |left, right| ((left, right) == pair).then_some(new_id))
}

/// One pass from left to right; `merge` says which pairs become which id.
fn merge_pass(ids: &[u32], merge: impl Fn(u32, u32) -> Option<u32>) -> Vec<u32> {
    let mut merged = Vec::with_capacity(ids.len());
    let mut rest = ids;
    while let [first, tail @ ..] = rest {
        if let [second, after @ ..] = tail
            && let Some(new_id) = merge(*first, *second)
        {
            merged.push(new_id);
            rest = after;
        } else {
            merged.push(*first);
            rest = tail;
        }
    }
    merged
}

/// Merges every known pair that a pass from left to right meets, until a pass changes nothing.
///
/// Simple, but not the order of training: a pair that was learnt late can take a token away from one that was learnt
/// early, and the text gets more tokens than it needs.
pub fn merge_left_to_right(mut ids: Vec<u32>, merges: &Merges) -> Vec<u32> {
    loop {
        let merged = merge_pass(&ids, |left, right| merges.get(&(left, right)).copied());
        if merged.len() == ids.len() {
            return ids;
        }
        ids = merged;
    }
}

/// Merges the pair that was learnt first, everywhere, until no known pair is left: the order of training, as GPT-2 does
/// it.
pub fn merge_by_rank(ids: Vec<u32>, merges: &Merges) -> Vec<u32> {
    merge_before(ids, merges, u32::MAX)
}

/// The same with the merges alone whose new id is below `end`: what training had made of the ids when it came to that one.
pub(super) fn merge_before(mut ids: Vec<u32>, merges: &Merges, end: u32) -> Vec<u32> {
    let best = |ids: &[u32]| {
        let known = ids.iter().zip(ids.iter().skip(1)).filter_map(|(&left, &right)| {
            let pair = (left, right);
            merges.get(&pair).filter(|&&new_id| new_id < end).map(|&new_id| (new_id, pair))
        });
        known.min()
    };
    while let Some((new_id, pair)) = best(&ids) {
        ids = replace_pair(&ids, pair, new_id);
    }
    ids
}
