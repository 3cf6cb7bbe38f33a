//! Which targets count.

use burn::tensor::Device;
use ch02_text::END_OF_TEXT_ID;
use ch07_instruct::{CollateOptions, InstructionDataset, Item, PromptFormat, custom_collate_fn};
use shared::IGNORE_INDEX;

use super::{Look, SHELF, SUM, TASKS, cell, rows};
use crate::ch02::GPT2;
use crate::parts::{Side, Text, brace, visible};
use crate::theme::{Paint, Role};
use crate::{Drawing, Figure, Lang, Layer, Rect, Style, Words, p, rect, t};

const WIDTH: f64 = 24.0;
const HEIGHT: f64 = 62.0;

/// A strip with a tick where a target counts, hatched where it is ignored.
fn strip(d: &mut Drawing, y: f64, words: Words, targets: &[i32]) {
    for (i, target) in targets.iter().enumerate() {
        let place = rect(WIDTH * (i + 1) as f64, y, WIDTH, 28.0);
        if *target == IGNORE_INDEX {
            cell(d, place, "", Look::Padding);
        } else {
            cell(d, place, "", Look::Target);
            let c = place.center();
            let tick = [c.shift(-5.0, 0.5), c.shift(-1.5, 4.5), c.shift(5.5, -4.5)];
            d.line(Layer::Front, &tick, Style::line(Paint::Strong(Role::Output)).width(2.0));
        }
    }
    let counted = targets.iter().filter(|target| **target != IGNORE_INDEX).count();
    let (en, zh, all) = (words.get(Lang::En), words.get(Lang::Zh), targets.len());
    let heading = t(format!("{en}: {counted} of {all}"), format!("{zh}：{all} 个里有 {counted} 个"));
    Text::new(heading).bold().start().draw(d, p(WIDTH, y - 15.0));
}

pub fn one_row() -> Figure {
    let pair = [SHELF, SUM].map(|i| TASKS[i].clone());
    let format = PromptFormat::Phi3;
    let dataset = InstructionDataset::new(&pair, format, &GPT2);
    let items: Vec<&Item> = dataset.items().iter().collect();
    let device = Device::flex();
    let targets = |mask_instruction| {
        let options = CollateOptions { mask_instruction, ..CollateOptions::default() };
        rows(custom_collate_fn(&items, &options, &device).targets).remove(1)
    };
    let (all, masked) = (targets(false), targets(true));
    let item = items[1];
    let prompt = item.prompt_length;
    let answer = GPT2.encode_ordinary(&pair[1].output).len();
    let marker = item.ids.len() - prompt - answer;

    let mut d = Drawing::new();
    let mut ids = item.ids.clone();
    ids.resize(all.len() + 1, END_OF_TEXT_ID);
    for (i, id) in ids.iter().enumerate() {
        let place = rect(WIDTH * i as f64, 0.0, WIDTH, HEIGHT).grow(-1.5);
        let text = match *id {
            END_OF_TEXT_ID => id.to_string(),
            id => visible(&GPT2.decode(&[id]).expect("the id is one of GPT-2's")),
        };
        let role = match i {
            _ if i > item.ids.len() => Role::Mask,
            _ if i == item.ids.len() || i >= prompt + marker => Role::Output,
            _ if i < prompt => Role::Token,
            _ => Role::Plain,
        };
        d.rect(Layer::Main, place, 4.0, Style::role(role).width(if i == item.ids.len() { 2.5 } else { 1.0 }));
        if role == Role::Mask {
            d.rect(Layer::Main, place, 4.0, Style::fill(Paint::Hatch(role)));
        }
        let text = Text::small(text).upward();
        let text = if role == Role::Mask { text.muted() } else { text };
        text.draw_in(&mut d, place);
    }
    let part = |from: usize, count: usize| rect(WIDTH * from as f64, 0.0, WIDTH * count as f64, HEIGHT).grow(-4.0);
    let tokens = |name: (&str, &str), count: usize| {
        t(format!("{}: {count} tokens", name.0), format!("{}：{count} 个词元", name.1))
    };
    brace(&mut d, part(0, prompt), Side::Above, tokens(("prompt", "提示"), prompt));
    brace(&mut d, part(prompt, marker), Side::Above, tokens(("marker", "标记"), marker));
    brace(&mut d, part(prompt + marker, answer), Side::Above, tokens(("answer", "回答"), answer));
    let end = Rect { w: WIDTH - 8.0, ..part(item.ids.len(), 1) };
    brace(&mut d, end, Side::Above, t("end", "结尾"));

    strip(&mut d, 118.0, t("all targets but the extra padding", "除多余的填充外全部计入"), &all);
    strip(&mut d, 196.0, t("the answer only", "只计回答"), &masked);
    let count = |targets: &[i32]| targets.iter().filter(|target| **target != IGNORE_INDEX).count();
    let (many, few, of) = (count(&all), count(&masked), all.len());
    let desc = t(
        format!(
            "A strip of {} narrow cells with the tokens of “What is 4 plus 8?” and its answer in the Phi-3 format: the prompt, \
             {prompt} tokens; the marker with the line breaks around it, {marker}; the answer, {answer}; the end of the text, \
             50256, in a thick frame; and one 50256 as padding, hatched. Below, under each token but the first, whether it \
             counts as a target. If all targets but the extra padding count: a tick under {many} of {of}. If only the answer \
             counts: under {few} of {of}, from the line break after the prompt to the end of the text; the targets in the \
             prompt, {} of them, and the padding are hatched.",
            ids.len(),
            prompt - 1
        ),
        format!(
            "一条 {} 个窄格，是“What is 4 plus 8?”和它的回答写成 Phi-3 格式的词元：提示 {prompt} 个；标记连同前后的换行 {marker} 个；\
             回答 {answer} 个；文本结束词元 50256，粗框；还有一个用作填充的 50256，画了斜线。下面除第一个外，每个词元底下标出它作为目标是否计入。\
             除多余的填充外全部计入：{of} 个里有 {many} 个打勾。只计回答：{of} 个里有 {few} 个，从提示后面的换行到文本结束；\
             提示里的 {} 个目标和填充画了斜线。",
            ids.len(),
            prompt - 1
        ),
    );
    let title = t(
        "What counts in the loss: everything but the extra padding, or the answer only",
        "损失计算哪些目标：除多余填充之外的全部，或者只有回答",
    );
    Figure::new("7-06", title, desc, d)
}
