//! Near-duplicates in a data set (bonus): entries that say the same in almost the same words teach nothing new, and make a
//! model look better than it is if one of them is in the training part and the other in the test part.
//!
//! A text becomes a long vector with the counts of its runs of one, two and three characters (n-grams). N-grams that occur
//! in most texts have a low weight (TF-IDF). Two texts are similar if the angle between their vectors is small.

use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Two similar texts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    /// Index of the earlier one.
    pub first: usize,
    /// Index of the later one.
    pub second: usize,
    /// Cosine of the angle between their vectors, from 0 to 1.
    pub similarity: f64,
}

/// All pairs of `texts` whose similarity is above `threshold`, in the order of their indices. Texts of fewer than two
/// characters are left out.
///
/// The value of the n-gram t in a text is `count(t) · (ln((1 + n) / (1 + df(t))) + 1)`, with n texts of which df(t) contain
/// t; each vector is then divided by its length.
pub fn find_near_duplicates(texts: &[&str], threshold: f64) -> Vec<Pair> {
    // Empty texts have no vector, so each vector is stored with the index of its text.
    let cleaned = texts.iter().map(|text| clean(text)).enumerate();
    let documents: Vec<(usize, BTreeMap<String, f64>)> =
        cleaned.filter(|(_, text)| !text.trim().is_empty()).map(|(place, text)| (place, n_grams(&text))).collect();
    let vectors = tf_idf(&documents);

    let long_enough = |place: usize| texts[place].chars().nth(1).is_some();
    let mut pairs = Vec::new();
    for (i, (first, a)) in vectors.iter().enumerate() {
        for (second, b) in &vectors[i + 1..] {
            let similarity = dot(a, b);
            if similarity > threshold && long_enough(*first) && long_enough(*second) {
                pairs.push(Pair { first: *first, second: *second, similarity });
            }
        }
    }
    pairs
}

/// The indices that remain if the second text of every pair is removed.
pub fn without_seconds(len: usize, pairs: &[Pair]) -> Vec<usize> {
    let gone: BTreeSet<usize> = pairs.iter().map(|pair| pair.second).collect();
    (0..len).filter(|place| !gone.contains(place)).collect()
}

/// Lowercase, only letters, digits, underscores and whitespace; a run of whitespace becomes one space.
fn clean(text: &str) -> String {
    let lower = text.to_lowercase();
    let kept: Vec<char> = lower.chars().filter(|c| c.is_alphanumeric() || *c == '_' || c.is_whitespace()).collect();
    let mut out = String::new();
    for (i, &c) in kept.iter().enumerate() {
        let before = i.checked_sub(1).is_some_and(|i| kept[i].is_whitespace());
        let after = kept.get(i + 1).is_some_and(|c| c.is_whitespace());
        match c.is_whitespace() {
            true if before => {}
            true if after => out.push(' '),
            _ => out.push(c),
        }
    }
    out
}

/// How often each run of one, two or three characters occurs.
fn n_grams(text: &str) -> BTreeMap<String, f64> {
    let characters: Vec<char> = text.chars().collect();
    let mut counts = BTreeMap::new();
    for n in 1..=3 {
        for piece in characters.windows(n) {
            *counts.entry(piece.iter().collect()).or_insert(0.0) += 1.0;
        }
    }
    counts
}

/// A vector with few values that are not 0: their indices, ascending, and the values.
type SparseVector = Vec<(usize, f64)>;

fn tf_idf(documents: &[(usize, BTreeMap<String, f64>)]) -> Vec<(usize, SparseVector)> {
    let mut columns: HashMap<&str, (usize, f64)> = HashMap::new();
    for piece in documents.iter().flat_map(|(_, counts)| counts.keys()) {
        let column = columns.len();
        columns.entry(piece).or_insert((column, 0.0)).1 += 1.0;
    }
    let n = documents.len() as f64;
    let vector = |counts: &BTreeMap<String, f64>| {
        let weighted = counts.iter().map(|(piece, count)| {
            let (column, documents_with) = columns[piece.as_str()];
            (column, count * (((1.0 + n) / (1.0 + documents_with)).ln() + 1.0))
        });
        let mut vector: SparseVector = weighted.collect();
        vector.sort_unstable_by_key(|(column, _)| *column);
        let length = vector.iter().map(|(_, value)| value * value).sum::<f64>().sqrt();
        vector.iter_mut().for_each(|(_, value)| *value /= length);
        vector
    };
    documents.iter().map(|(place, counts)| (*place, vector(counts))).collect()
}

fn dot(a: &SparseVector, b: &SparseVector) -> f64 {
    let (mut i, mut j, mut sum) = (0, 0, 0.0);
    while let (Some(&(left, x)), Some(&(right, y))) = (a.get(i), b.get(j)) {
        if left == right {
            sum += x * y;
        }
        i += usize::from(left <= right);
        j += usize::from(right <= left);
    }
    sum
}
