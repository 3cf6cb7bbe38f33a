//! GPT-2's byte pair encoding applies its merges.

use std::collections::HashMap;
use std::ops::Range;

use ch02_text::END_OF_TEXT_ID;

use super::{GPT2, gpt2_ids, gpt2_text};
use crate::parts::{Arrow, Node, Text, visible};
use crate::theme::{Paint, Role};
use crate::{Drawing, Figure, Layer, Rect, Style, p, rect, t};

/// A merge: the id of the new token, and the bytes of its two parts.
struct Merge {
    id: u32,
    left: Range<usize>,
    right: Range<usize>,
}

/// The merges of a word in their order: always the pair whose token was learned first, which has the smallest id.
fn merges(word: &str) -> Vec<Merge> {
    let bytes = |id| (GPT2.decode_bytes(&[id]).expect("the id is one of GPT-2's"), id);
    let ids: HashMap<Vec<u8>, u32> = (0..END_OF_TEXT_ID).map(bytes).collect();
    let mut pieces: Vec<Range<usize>> = (0..word.len()).map(|at| at..at + 1).collect();
    let mut merges = Vec::new();
    let known = |pieces: &[Range<usize>]| {
        let id =
            |(i, pair): (usize, &[Range<usize>])| Some((*ids.get(&word.as_bytes()[pair[0].start..pair[1].end])?, i));
        pieces.windows(2).enumerate().filter_map(id).min()
    };
    while let Some((id, at)) = known(&pieces) {
        let right = pieces.remove(at + 1);
        let left = pieces[at].clone();
        pieces[at] = left.start..right.end;
        merges.push(Merge { id, left, right });
    }
    merges
}

/// Width of a byte, height of a step.
const BYTE: f64 = 58.0;
const STEP: f64 = 52.0;

pub fn merge_tree() -> Figure {
    let word = " tokenizer";
    let merges = merges(word);
    let result = gpt2_ids(word);
    let mut d = Drawing::new();
    let foot = STEP * (merges.len() as f64 + 0.2);
    let place =
        |range: &Range<usize>, y: f64| rect(BYTE * range.start as f64 + 4.0, y, BYTE * range.len() as f64 - 8.0, 34.0);
    let mut drawn: HashMap<Range<usize>, Rect> = HashMap::new();
    for at in 0..word.len() {
        let node = Node::new(visible(&word[at..=at])).role(Role::Token).radius(5.0);
        drawn.insert(at..at + 1, node.draw(&mut d, place(&(at..at + 1), foot)));
    }
    for (i, merge) in merges.iter().enumerate() {
        let y = foot - STEP * (i as f64 + 1.0);
        let whole = merge.left.start..merge.right.end;
        let is_result = result.contains(&merge.id);
        let node = Node::of(Text::new(visible(&gpt2_text(merge.id))).bold()).pad(2.0, 6.0).radius(5.0);
        let node = if is_result { node.role(Role::Output).heavy() } else { node.role(Role::Token) };
        let node = node.draw(&mut d, place(&whole, y));
        for part in [&merge.left, &merge.right] {
            let part = drawn[part];
            let from = p(part.center().x, node.y_end());
            Arrow::new(from, part.top()).plain().draw(&mut d);
        }
        drawn.insert(whole, node);
        let middle = node.center().y;
        let text = Text::small(merge.id.to_string()).bold().role(Role::Score).end().draw(&mut d, p(-16.0, middle));
        let guide = [text.right().shift(6.0, 0.0), p(node.x - 4.0, middle)];
        d.line(Layer::Back, &guide, Style::line(Paint::Grid));
    }
    Text::note(t("new id", "新 ID")).end().draw(&mut d, p(-16.0, foot - STEP * (merges.len() as f64) - 22.0));
    Text::note(t("bytes", "字节")).end().draw(&mut d, p(-16.0, foot + 17.0));
    let first = t("learned first", "先学到");
    let last = t("learned last", "后学到");
    Arrow::new(p(-86.0, foot - 8.0), p(-86.0, foot - STEP * merges.len() as f64 + 4.0)).free().draw(&mut d);
    Text::note(first).upward().start().draw(&mut d, p(-102.0, foot - 8.0));
    Text::note(last).upward().end().draw(&mut d, p(-102.0, foot - STEP * merges.len() as f64 + 4.0));
    let desc = t(
        "A tree over the ten bytes of “␣tokenizer”. From below: ␣t 256, er 263, en 268, ␣to 284, iz 528, ken 3464, izer 7509, \
         ␣token 11241. The smaller the id, the earlier the merge was learnt and the earlier it is applied. Two tokens are \
         left: ␣token, 11241, and izer, 7509.",
        "“␣tokenizer” 的十个字节上的一棵树。从下往上：␣t 256，er 263，en 268，␣to 284，iz 528，ken 3464，izer 7509，␣token 11241。\
         ID 越小，这个合并学得越早，也越先使用。最后剩下两个词元：␣token（11241）和 izer（7509）。",
    );
    let title = t(
        "GPT-2 encodes ␣tokenizer: eight merges, the earliest learned first",
        "GPT-2 编码 ␣tokenizer：八次合并，先学到的先合并",
    );
    Figure::new("2-08", title, desc, d)
}
