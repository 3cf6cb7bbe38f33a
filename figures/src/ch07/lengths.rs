//! How long the texts are, and what padding costs.

use std::ops::Range;

use ch07_instruct::{CollateOptions, InstructionDataset, InstructionLoader, PromptFormat, partition};
use shared::rng::TorchRng;

use super::TASKS;
use crate::ch02::GPT2;
use crate::parts::{Text, decimal, whole};
use crate::theme::{Paint, Role};
use crate::{Dash, Drawing, Figure, Lang, Layer, Style, p, rect, t};

const BATCH: usize = 8;
const BIN: usize = 5;
const AXIS: Range<usize> = 20..75;

/// Pixels for a token and for a text.
const ACROSS: f64 = 9.6;
const UP: f64 = 0.68;
/// The upper edge of the first panel, and the lower edge of the second one.
const TOP: f64 = -108.0;
const FOOT: f64 = 164.0;

/// The texts of the training part in one format.
fn dataset(format: PromptFormat) -> InstructionDataset {
    InstructionDataset::new(partition(&TASKS).train, format, &GPT2)
}

fn lengths(dataset: &InstructionDataset) -> Vec<usize> {
    dataset.items().iter().map(|item| item.ids.len()).collect()
}

fn at(tokens: f64) -> f64 {
    (tokens - AXIS.start as f64) * ACROSS
}

/// A histogram over a line at height `y`; says how many texts each bin has.
fn histogram(d: &mut Drawing, y: f64, name: &str, lengths: &[usize], hatched: bool) -> Vec<(usize, usize)> {
    let end = at(AXIS.end as f64);
    d.line(Layer::Lines, &[p(0.0, y), p(end, y)], Style::line(Paint::Strong(Role::Plain)));
    let mut bins = Vec::new();
    for from in AXIS.step_by(BIN) {
        let count = lengths.iter().filter(|length| (from..from + BIN).contains(length)).count();
        if count == 0 {
            continue;
        }
        let height = UP * count as f64;
        let bar = rect(at(from as f64), y - height, ACROSS * BIN as f64, height);
        let bar = rect(bar.x + 1.5, bar.y, bar.w - 3.0, bar.h);
        let style = if hatched {
            Style::fill(Paint::Hatch(Role::Token))
        } else {
            Style::fill(Paint::Strong(Role::Token)).opacity(0.45)
        };
        d.rect(Layer::Main, bar, 2.0, style);
        d.rect(Layer::Main, bar, 2.0, Style::line(Paint::Strong(Role::Token)).width(1.2));
        Text::small(count.to_string()).draw_above(d, bar.top().shift(0.0, -2.0));
        bins.push((from, count));
    }
    let tokens: usize = lengths.iter().sum();
    let mean = decimal(tokens as f64 / lengths.len() as f64, 1);
    Text::new(name).bold().end().draw(d, p(-16.0, y - 62.0));
    let words =
        t(format!("{} tokens,\nmean {mean}", whole(tokens)), format!("{} 个词元，\n平均 {mean}", whole(tokens)));
    Text::note(words).end().draw(d, p(-16.0, y - 32.0));
    bins
}

pub fn both_formats() -> Figure {
    let mut d = Drawing::new();
    let datasets = [PromptFormat::Alpaca, PromptFormat::Phi3].map(dataset);
    let [alpaca, phi3] = datasets.each_ref().map(lengths);
    let bins_alpaca = histogram(&mut d, 0.0, "Alpaca", &alpaca, false);
    let bins_phi3 = histogram(&mut d, FOOT, "Phi-3", &phi3, true);
    for tokens in AXIS.step_by(10) {
        let x = at(tokens as f64);
        let line = [p(x, TOP), p(x, FOOT)];
        d.line(Layer::Back, &line, Style::line(Paint::Grid).width(1.0));
        Text::note(tokens.to_string()).draw_below(&mut d, p(x, FOOT + 5.0));
    }
    let middle = at((AXIS.start + AXIS.end) as f64 / 2.0);
    Text::small(t("tokens of a text", "一段文本的词元数")).draw_below(&mut d, p(middle, FOOT + 24.0));

    let [dataset, _] = datasets;
    let loader = InstructionLoader::train(dataset, BATCH, CollateOptions::default()).expect("there are full batches");
    let batches = loader.order().batches(&mut TorchRng::new(123));
    let rows: usize = batches.iter().map(Vec::len).sum();
    let used: usize = batches.iter().flatten().map(|i| alpaca[*i]).sum();
    let longest = |batch: &Vec<usize>| batch.iter().map(|i| alpaca[*i]).max().unwrap_or(0);
    let own: usize = batches.iter().map(|batch| batch.len() * longest(batch)).sum();
    let one = rows * alpaca.iter().max().copied().unwrap_or(0);
    let y = FOOT + 86.0;
    let heading = t(
        format!("Alpaca, {} batches of {BATCH}: positions with a token, and padding (hatched)", batches.len()),
        format!("Alpaca，{} 个批次，每批 {BATCH} 段：有词元的位置，以及填充（斜线）", batches.len()),
    );
    Text::new(heading).size_of(14.0).bold().start().draw(&mut d, p(-104.0, y));
    let scale = at(AXIS.end as f64) / one as f64;
    let mut told = Vec::new();
    let names = [t("each to its\nown longest", "每批按自己\n最长的"), t("all to one\nlength", "全部\n一样长")];
    for (i, (positions, name)) in [own, one].into_iter().zip(names).enumerate() {
        let all = rect(0.0, y + 22.0 + 50.0 * i as f64, positions as f64 * scale, 36.0);
        let tokens = rect(all.x, all.y, used as f64 * scale, all.h);
        let padding = rect(tokens.x_end(), all.y, all.w - tokens.w, all.h);
        d.rect(Layer::Main, tokens, 2.0, Style::fill(Paint::Strong(Role::Token)).opacity(0.45));
        d.rect(Layer::Main, tokens, 2.0, Style::line(Paint::Strong(Role::Token)).width(1.2));
        d.rect(Layer::Main, padding, 2.0, Style::fill(Paint::Hatch(Role::Mask)));
        d.rect(Layer::Main, padding, 2.0, Style::line(Paint::Strong(Role::Mask)).dash(Dash::Dashed));
        Text::new(name).size_of(13.0).end().draw(&mut d, all.left().shift(-16.0, 0.0));
        Text::new(whole(used)).size_of(14.0).draw_in(&mut d, tokens);
        let share = decimal(100.0 * (1.0 - used as f64 / positions as f64), 1);
        Text::new(format!("{share} %")).size_of(14.0).bold().halo().draw(&mut d, padding.center());
        Text::new(whole(positions)).size_of(14.0).start().draw(&mut d, all.right().shift(8.0, 0.0));
        told.push((whole(positions), share));
    }
    let list = |bins: &[(usize, usize)], lang: Lang| -> String {
        let (between, comma) = if lang == Lang::En { (" to ", ", ") } else { ("–", "，") };
        let one = |(from, count): &(usize, usize)| format!("{from}{between}{}: {count}", from + BIN - 1);
        bins.iter().map(one).collect::<Vec<_>>().join(comma)
    };
    let words = |lang| (list(&bins_alpaca, lang), list(&bins_phi3, lang));
    let ((alpaca_en, phi3_en), (alpaca_zh, phi3_zh)) = (words(Lang::En), words(Lang::Zh));
    let (count, sums) = (alpaca.len(), [&alpaca, &phi3].map(|lengths| whole(lengths.iter().sum::<usize>())));
    let [(own, own_share), (one, one_share)] = [told[0].clone(), told[1].clone()];
    let desc = t(
        format!(
            "Two histograms one above the other with the same axis, tokens of a text, in bins of five, for {count} texts. \
             Alpaca, {} tokens together: {alpaca_en}. Phi-3, {} tokens: {phi3_en}; the whole heap lies about 20 tokens further \
             left. Below, two bars for batches of {BATCH} in the Alpaca format, each with {} positions that hold a token and a \
             hatched rest of padding. Each batch padded to its own longest: {own} positions, {own_share} % padding. All to one \
             length: {one} positions, {one_share} % padding.",
            sums[0],
            sums[1],
            whole(used)
        ),
        format!(
            "上下两张直方图，横轴相同，是一段文本的词元数，每五个一格，共 {count} 段文本。Alpaca，合计 {} 个词元：{alpaca_zh}。Phi-3，合计 {} \
             个词元：{phi3_zh}；整堆都往左移了约 20 个词元。下面两根横条是 Alpaca 格式、每批 {BATCH} 段时的位置数，都有 {} 个位置放着词元，\
             其余画斜线的是填充。每批按自己最长的填充：{own} 个位置，{own_share} % 是填充。全部一样长：{one} 个位置，{one_share} % 是填充。",
            sums[0],
            sums[1],
            whole(used)
        ),
    );
    let title = t(
        "How long the 340 training texts of the small tasks are, in both formats",
        "小任务的 340 段训练文本有多长（两种格式）",
    );
    Figure::new("7-07", title, desc, d)
}

#[cfg(test)]
mod tests {
    use super::{PromptFormat, dataset};

    /// The title says how many.
    #[test]
    fn there_are_340_texts() {
        assert_eq!(dataset(PromptFormat::Phi3).items().len(), 340);
    }
}
