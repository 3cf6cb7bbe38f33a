//! Inputs and targets of a batch.

use burn::tensor::Device;
use ch02_text::END_OF_TEXT_ID;
use ch07_instruct::{CollateOptions, Item, custom_collate_draft_1, custom_collate_draft_2, custom_collate_fn};

use super::{Look, cell, rows, written};
use crate::parts::{Arrow, Text};
use crate::theme::Role;
use crate::{Drawing, Figure, Rect, Words, p, rect, t};

const CELL: (f64, f64) = (58.0, 32.0);
const LEFT: f64 = 178.0;
/// Height of three rows and the space below them.
const BLOCK: f64 = 140.0;

/// Draws three rows with a heading on their left, and says where the cells are.
fn version(
    d: &mut Drawing,
    number: usize,
    name: Words,
    rows: &[Vec<i32>],
    look: impl Fn(usize, usize) -> Look,
) -> Rect {
    let grid = rect(LEFT, BLOCK * number as f64, CELL.0 * rows[0].len() as f64, CELL.1 * rows.len() as f64);
    for (row, (ids, place)) in rows.iter().zip(grid.column(rows.len(), 0.0)).enumerate() {
        for (column, (id, place)) in ids.iter().zip(place.row(ids.len(), 0.0)).enumerate() {
            cell(d, place, &written(*id), look(row, column));
        }
    }
    Text::new(name).bold().start().draw(d, p(0.0, grid.center().y));
    grid
}

pub fn three_versions() -> Figure {
    let items: [Item; 3] = [[0, 1, 2, 3, 4].into(), [5, 6].into(), [7, 8, 9].into()];
    let (batch, device) = (items.each_ref(), Device::flex());
    let inputs = rows(custom_collate_draft_1(&batch, END_OF_TEXT_ID, &device));
    let draft = rows(custom_collate_draft_2(&batch, END_OF_TEXT_ID, &device).targets);
    let targets = rows(custom_collate_fn(&batch, &CollateOptions::default(), &device).targets);
    let all = targets.concat().len();
    let ignored = targets.concat().into_iter().filter(|id| *id < 0).count();
    let counted = all - ignored;

    let mut d = Drawing::new();
    let is_padding = |row: usize, column: usize| column >= items[row].ids.len();
    let look = |row, column| if is_padding(row, column) { Look::Padding } else { Look::Token };
    let upper = version(&mut d, 0, t("inputs, padded", "填充后的输入"), &inputs, look);
    let end = |row: usize, column: usize| column + 1 == items[row].ids.len();
    let look = |row: usize, column: usize| match () {
        () if end(row, column) => Look::End,
        () if targets[row][column] < 0 => Look::Nonsense,
        () => Look::Target,
    };
    let middle = version(&mut d, 1, t("targets:\none step later", "目标：\n往后一步"), &draft, look);
    let look = |row: usize, column: usize| match look(row, column) {
        Look::Nonsense => Look::Ignored,
        other => other,
    };
    let name = t("targets: extra\npadding ignored", "目标：忽略\n多余的填充");
    let lower = version(&mut d, 2, name, &targets, look);
    for pair in [upper, middle, lower].windows(2) {
        Arrow::new(pair[0].bottom(), pair[1].top()).draw(&mut d);
    }

    let x = upper.x_end() + 18.0;
    let note = |d: &mut Drawing, at: f64, words: Words, role: Role| {
        Text::new(words).size_of(14.0).role(role).start().draw(d, p(x, at));
    };
    note(&mut d, upper.center().y, t("hatched:\npadding", "斜线：填充"), Role::Plain);
    let words = t(
        format!("all {all} count;\ndashed: {ignored} times\nan end after\nthe end"),
        format!("{all} 个全部计入；\n虚线：有 {ignored} 个\n“结尾后的结尾”"),
    );
    note(&mut d, middle.center().y, words, Role::Alert);
    let words = t(
        format!("{counted} count,\n{ignored} are ignored;\nthick: learn to stop"),
        format!("计入 {counted} 个，\n忽略 {ignored} 个；\n粗框：学会停下"),
    );
    note(&mut d, lower.center().y, words, Role::Output);
    let desc = t(
        format!(
            "Three tables of three rows and five columns, one below the other. Inputs: 0 1 2 3 4; 5 6 and three times 50256; 7 8 \
             9 and twice 50256; the padding is hatched. Targets, one step later: 1 2 3 4 50256; 6 and four times 50256; 8 9 and \
             three times 50256. In each row the first 50256 has a thick frame, the {ignored} others have a dashed red one: an \
             end after the end; all {all} count. Targets with extra padding ignored: the framed ones stay, the {ignored} others \
             are −100, struck out; {counted} count. From the framed ones the model learns to stop."
        ),
        format!(
            "上下排列的三张表，各三行五列。输入：0 1 2 3 4；5 6 加三个 50256；7 8 9 加两个 50256；填充画了斜线。目标，往后一步：\
             1 2 3 4 50256；6 加四个 50256；8 9 加三个 50256。每行第一个 50256 是粗框，其余 {ignored} 个是红色虚线框，是结尾之后的结尾；\
             {all} 个全部计入。忽略多余填充的目标：粗框的留下，其余 {ignored} 个变成 −100，划掉了；计入 {counted} 个。模型从粗框的那些学会停下。"
        ),
    );
    let title = t(
        "The same three rows: padded inputs, targets, and targets with the padding ignored",
        "同样的三行：填充后的输入、目标，以及忽略了填充的目标",
    );
    Figure::new("7-04", title, desc, d)
}
