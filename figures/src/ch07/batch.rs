//! From entries to a batch.

use burn::tensor::Device;
use ch02_text::END_OF_TEXT_ID;
use ch07_instruct::{
    CollateOptions, InstructionDataset, Item, PromptFormat, custom_collate_draft_2, custom_collate_fn,
};

use super::{Look, SHELF, SUM, TASKS, cell, rows, visible_breaks, written};
use crate::ch02::GPT2;
use crate::parts::Text;
use crate::theme::{Paint, Role};
use crate::{Drawing, Figure, Layer, Style, Words, p, rect, t};

/// Where the rows begin; size of a cell, and the width of the gap between the first and the last ids.
const LEFT: f64 = 172.0;
const CELL: (f64, f64) = (54.0, 30.0);
const GAP: f64 = 28.0;
/// How many ids are shown at the beginning and at the end, and the height of a block with the space below it.
const SHOWN: (usize, usize) = (3, 5);
const BLOCK: f64 = 88.0;

/// Where an id at this position of a row stands, if it is shown.
fn left(position: usize, length: usize) -> Option<f64> {
    let tail = length - SHOWN.1;
    if position < SHOWN.0 {
        Some(LEFT + CELL.0 * position as f64)
    } else if position >= tail {
        Some(LEFT + CELL.0 * (SHOWN.0 + position - tail) as f64 + GAP)
    } else {
        None
    }
}

const RIGHT: f64 = LEFT + CELL.0 * (SHOWN.0 + SHOWN.1) as f64 + GAP;

/// Draws two rows of `length` places; the ids of a row begin at place `from`.
fn block(d: &mut Drawing, y: f64, length: usize, from: usize, rows: &[Vec<i32>], look: impl Fn(usize, usize) -> Look) {
    for (row, ids) in rows.iter().enumerate() {
        let y = y + CELL.1 * row as f64;
        for place in 0..length {
            let Some(x) = left(place, length) else { continue };
            let at = rect(x, y, CELL.0, CELL.1);
            match place.checked_sub(from).and_then(|i| ids.get(i)) {
                Some(id) => cell(d, at, &written(*id), look(row, place - from)),
                None => cell(d, at, "", Look::Gone),
            }
        }
        Text::note("…").draw(d, p(LEFT + CELL.0 * SHOWN.0 as f64 + GAP / 2.0, y + CELL.1 / 2.0));
    }
}

/// The number of a step in a circle, and its name.
fn step(d: &mut Drawing, y: f64, number: Option<u32>, name: Words) {
    let middle = p(11.0, y + CELL.1);
    if let Some(number) = number {
        d.circle(Layer::Main, middle, 11.0, Style::fill(Paint::Ink));
        let room = rect(middle.x - 11.0, middle.y - 11.0, 22.0, 22.0);
        Text::small(number.to_string()).bold().paint(Paint::Paper).draw_in(d, room);
    }
    Text::new(name).size_of(14.0).start().draw(d, middle.shift(22.0, 0.0));
}

pub fn five_steps() -> Figure {
    let pair = [SHELF, SUM].map(|i| TASKS[i].clone());
    let format = PromptFormat::Phi3;
    let dataset = InstructionDataset::new(&pair, format, &GPT2);
    let items: Vec<&Item> = dataset.items().iter().collect();
    let ids: Vec<Vec<i32>> = items.iter().map(|item| item.ids.iter().map(|id| *id as i32).collect()).collect();
    let pad = END_OF_TEXT_ID as i32;
    let device = Device::flex();
    let draft = custom_collate_draft_2(&items, END_OF_TEXT_ID, &device);
    let (inputs, all_targets) = (rows(draft.inputs), rows(draft.targets));
    let targets = rows(custom_collate_fn(&items, &CollateOptions::default(), &device).targets);
    let padded: Vec<Vec<i32>> = inputs
        .iter()
        .zip(&all_targets)
        .map(|(input, target)| [&input[..], &target[target.len() - 1..]].concat())
        .collect();
    let length = padded[0].len();

    let mut d = Drawing::new();
    let line = [p(11.0, CELL.1), p(11.0, 5.0 * BLOCK - 16.0 + CELL.1)];
    d.line(Layer::Lines, &line, Style::line(Paint::Strong(Role::Plain)));
    let shape = |d: &mut Drawing, y: f64, columns: usize| {
        Text::new(format!("[{}, {columns}]", padded.len()))
            .size_of(14.0)
            .mono()
            .start()
            .draw(d, p(RIGHT + 12.0, y + CELL.1));
    };

    step(&mut d, 0.0, Some(1), t("text", "文本"));
    for (row, entry) in pair.iter().enumerate() {
        let place = rect(LEFT, CELL.1 * row as f64, RIGHT - LEFT, CELL.1).grow(-1.5);
        d.rect(Layer::Main, place, 4.0, Style::role(Role::Token).width(1.0));
        let text = format.format_input(entry) + &format.format_response(&entry.output);
        let marker = text.find(format.response_marker()).unwrap_or_default();
        let shown = format!("<|user|>{} … {}", visible_breaks("\n"), visible_breaks(&text[marker..]));
        Text::small(shown).mono().start().draw_in(&mut d, rect(place.x + 10.0, place.y, place.w - 20.0, place.h));
    }

    let y = BLOCK;
    step(&mut d, y, Some(2), t("ids", "ID"));
    for (row, ids) in ids.iter().enumerate() {
        let y = y + CELL.1 * row as f64;
        for (place, id) in ids.iter().enumerate() {
            if let Some(x) = left(place, length) {
                cell(&mut d, rect(x, y, CELL.0, CELL.1), &written(*id), Look::Token);
            }
        }
        Text::note("…").draw(&mut d, p(LEFT + CELL.0 * SHOWN.0 as f64 + GAP / 2.0, y + CELL.1 / 2.0));
        let count = t(format!("{} ids", ids.len()), format!("{} 个 ID", ids.len()));
        Text::new(count).size_of(14.0).start().draw(&mut d, p(RIGHT + 12.0, y + CELL.1 / 2.0));
    }

    let look = |row: usize, place: usize| if place < ids[row].len() { Look::Token } else { Look::Padding };
    let y = 2.0 * BLOCK;
    step(&mut d, y, Some(3), t("pad with 50256\nto longest + 1", "用 50256 填充到\n最长的行加一"));
    block(&mut d, y, length, 0, &padded, look);
    shape(&mut d, y, length);

    let y = 3.0 * BLOCK;
    step(&mut d, y, Some(4), t("inputs: all\nbut the last", "输入：去掉\n最后一个"));
    block(&mut d, y, length, 0, &inputs, look);
    shape(&mut d, y, inputs[0].len());
    let y = 4.0 * BLOCK - 16.0;
    step(&mut d, y, None, t("targets: all\nbut the first", "目标：去掉\n第一个"));
    let first_end = |row: usize| all_targets[row].iter().position(|id| *id == pad).unwrap_or(length);
    let of_target = |row: usize, place: usize| {
        if targets[row][place] < 0 {
            Look::Ignored
        } else if place == first_end(row) {
            Look::End
        } else {
            Look::Target
        }
    };
    let before = |row: usize, place: usize| match of_target(row, place) {
        Look::Ignored => Look::Padding,
        other => other,
    };
    block(&mut d, y, length, 1, &all_targets, before);
    shape(&mut d, y, targets[0].len());
    let y = 5.0 * BLOCK - 16.0;
    step(&mut d, y, Some(5), t("targets: extra\npadding → −100", "目标：多余的\n填充 → −100"));
    block(&mut d, y, length, 1, &targets, of_target);
    shape(&mut d, y, targets[0].len());
    let [first, second] = [0, 1].map(|row: usize| {
        let ids = &ids[row];
        let join = |ids: &[i32]| ids.iter().map(i32::to_string).collect::<Vec<_>>().join(" ");
        format!("{} … {}", join(&ids[..3]), join(&ids[ids.len() - 4 + row..]))
    });
    let desc = t(
        format!(
            "Five numbered steps from top to bottom, each with two rows, one for each entry. 1, text: the entries in the Phi-3 \
             format, one ends with “<|assistant|>:↵shelves”, the other with “<|assistant|>:↵4 plus 8 is 12.” 2, ids: {first}, \
             27 ids, and {second}, 26 ids. 3, both rows padded with 50256 to one more than the longest, 28: one padding id in \
             the first row, two in the second, hatched; shape [2, 28]. 4, inputs: all but the last, targets: all but the first; \
             [2, 27] each, drawn so that every id keeps its column. 5, targets: of the padding, the first 50256 in each row \
             stays, in a thick frame; the second one of the second row becomes −100, struck out."
        ),
        format!(
            "从上到下五个编号的步骤，每步两行，一行是一个条目。1 文本：Phi-3 格式的条目，一个以“<|assistant|>:↵shelves”结尾，另一个以\
             “<|assistant|>:↵4 plus 8 is 12.”结尾。2 ID：{first}，共 27 个；{second}，共 26 个。3 两行都用 50256 填充到比最长的行多一个，\
             即 28 个：第一行填充一个，第二行两个，画了斜线；形状 [2, 28]。4 输入去掉最后一个，目标去掉第一个，各是 [2, 27]，\
             每个 ID 都留在原来的列里。5 目标：每行第一个 50256 留下，加了粗框；第二行的第二个变成 −100，划掉了。"
        ),
    );
    Figure::new("7-03", t("Five steps from entries to a batch", "从条目到批次的五步"), desc, d)
}
