//! Messages of equal length.

use std::collections::BTreeMap;

use burn::tensor::Device;
use ch06_classify::{
    EMBEDDED_MESSAGES, Label, Length, Message, PAD_TOKEN_ID, SpamDataset, SpamLoaders, Split, read_messages,
};
use shared::Batches;
use shared::rng::TorchRng;

use super::{HAM, SPAM};
use crate::ch02::GPT2;
use crate::drawing::number;
use crate::parts::{Arrow, Matrix, Text, whole};
use crate::theme::{Paint, Role};
use crate::{Drawing, Figure, Layer, Style, p, rect, t};

const MESSAGES: [(Label, &str); 3] =
    [(Label::Ham, "See you at eight"), (Label::Spam, "Win a free prize now, reply YES"), (Label::Ham, "ok")];
const CELL: (f64, f64) = (56.0, 34.0);

pub fn three_messages() -> Figure {
    let messages = MESSAGES.map(|(label, text)| Message { label, text: text.to_string() });
    let rows = |length| -> Vec<Vec<u32>> {
        let dataset = SpamDataset::new(&messages, &*GPT2, length);
        (0..dataset.len()).map(|i| dataset.get(i).0.to_vec()).collect()
    };
    let (ragged, padded) = (rows(Length::Unpadded(1024)), rows(Length::Longest));
    let columns = padded[0].len();
    let mut d = Drawing::new();
    for (i, (ids, message)) in ragged.iter().zip(&messages).enumerate() {
        let texts = vec![ids.iter().map(u32::to_string).collect()];
        let matrix = Matrix::texts(texts).role(Role::Token).flat().cell(CELL.0, CELL.1);
        let placed = matrix.draw(&mut d, p(0.0, 46.0 * i as f64));
        let text = message.text.replace(", reply", ",\nreply");
        let room = rect(-206.0, placed.grid.y - 4.0, 190.0, placed.grid.h + 8.0);
        Text::new(&text).size_of(14.0).end().draw_in(&mut d, room);
    }
    let texts = padded.iter().map(|row| row.iter().map(u32::to_string).collect()).collect();
    let matrix = Matrix::texts(texts).role(Role::Token).flat().cell(CELL.0, CELL.1);
    let matrix = matrix.masked(|row, column| padded[row][column] == PAD_TOKEN_ID);
    let matrix = matrix.mark_column(columns - 1, Role::Output);
    let placed = matrix.draw(&mut d, p(0.0, 216.0));
    let down = placed.grid.center().x;
    Arrow::new(p(down, 46.0 * 2.0 + CELL.1 + 6.0), p(down, placed.grid.y))
        .right(t("fill up with 50256", "用 50256 填充"))
        .free()
        .draw(&mut d);
    let rows = padded.len();
    Text::new(format!("[{rows}, {columns}]")).mono().end().draw(&mut d, placed.grid.left().shift(-16.0, 0.0));
    let last = padded.iter().filter(|row| row[columns - 1] == PAD_TOKEN_ID).count();
    let words = t(
        format!("the position that is classified:\nin {last} of {rows} rows it is padding"),
        format!("用来分类的位置：\n{rows} 行中有 {last} 行是填充"),
    );
    let words = Text::small(words).role(Role::Output).bold().end();
    words.draw_below(&mut d, p(placed.grid.x_end(), placed.grid.y_end() + 8.0));
    let listed: Vec<_> =
        ragged.iter().map(|row| row.iter().map(u32::to_string).collect::<Vec<_>>().join(" ")).collect();
    let desc = t(
        format!(
            "Three messages with their token ids, rows of different length: “See you at eight”, {}; “Win a free prize now, \
             reply YES”, {}; “ok”, {}. An arrow, fill up with 50256, leads to a matrix of {rows} rows and {columns} columns: \
             behind the ids of the first and third message stand hatched cells with 50256. A frame around the last column: \
             the position that is classified; in {last} of {rows} rows it is padding.",
            listed[0], listed[1], listed[2]
        ),
        format!(
            "三条消息和它们的词元 ID，各行长短不一：“See you at eight”是 {}；“Win a free prize now, reply YES”是 {}；“ok”是 {}。\
             箭头（用 50256 填充）指向一个 {rows} 行 {columns} 列的矩阵：第一条和第三条消息的 ID 后面是画了斜线的 50256。\
             最后一列加了框：用来分类的位置，{rows} 行中有 {last} 行是填充。",
            listed[0], listed[1], listed[2]
        ),
    );
    Figure::new("6-05", t("Three messages become a rectangle", "三条消息变成一个矩形"), desc, d)
}

/// Size of a cell of the map.
const DOT: (f64, f64) = (8.0, 20.0);
const ROW: f64 = 27.0;

pub fn one_batch() -> Figure {
    let messages = read_messages(EMBEDDED_MESSAGES).expect("the embedded messages are well-formed");
    let split = Split::of_collection(&messages).expect("there are enough of both kinds");
    let loaders = SpamLoaders::new(&split, &*GPT2, Length::Longest, 8, 1024).expect("they fit GPT-2");
    let device = Device::flex();
    let batch = loaders.train.iter(&mut TorchRng::new(123), &device).next().expect("there is a batch");
    let [count, columns] = batch.inputs.dims();
    let ids: Vec<u32> = batch.inputs.into_data().iter().collect();
    let labels: Vec<u32> = batch.labels.into_data().iter().collect();
    let lengths: Vec<usize> =
        ids.chunks(columns).map(|row| row.iter().filter(|id| **id != PAD_TOKEN_ID).count()).collect();
    let padding = count * columns - lengths.iter().sum::<usize>();

    let mut d = Drawing::new();
    let width = DOT.0 * columns as f64;
    let longest = lengths.iter().copied().max().unwrap_or(0) as f64;
    Text::small(t("tokens", "词元")).bold().end().draw(&mut d, p(-12.0, -18.0));
    Text::small(t("the message", "消息")).start().role(Role::Token).bold().draw(&mut d, p(0.0, -18.0));
    let padding_begins = DOT.0 * (longest + 1.0);
    Text::small(t("padding", "填充")).start().bold().muted().draw(&mut d, p(padding_begins, -18.0));
    Text::small(t("label", "标签")).bold().start().draw(&mut d, p(width + 14.0, -18.0));
    for (i, (length, label)) in lengths.iter().zip(&labels).enumerate() {
        let y = ROW * i as f64;
        let message = rect(0.0, y, DOT.0 * *length as f64, DOT.1);
        let rest = rect(message.x_end(), y, width - message.w, DOT.1);
        d.rect(Layer::Main, message, 0.0, Style::fill(Paint::Strong(Role::Token)).opacity(0.75));
        d.rect(Layer::Main, rest, 0.0, Style::fill(Paint::Soft(Role::Mask)));
        d.rect(Layer::Main, rest, 0.0, Style::fill(Paint::Hatch(Role::Mask)));
        let cuts = (0..=columns).map(|column| {
            let x = number(DOT.0 * column as f64);
            format!("M{x} {}V{}", number(y), number(y + DOT.1))
        });
        let lines = Style::line(Paint::Paper).width(1.5);
        d.path(Layer::Main, cuts.collect(), rect(0.0, y, width, DOT.1), lines);
        Text::small(length.to_string()).end().draw(&mut d, p(-12.0, y + DOT.1 / 2.0));
        let (name, role) = if *label == 0 { ("0 ham", HAM) } else { ("1 spam", SPAM) };
        Text::small(name).bold().role(role).start().draw(&mut d, p(width + 14.0, y + DOT.1 / 2.0));
    }
    let all = count * columns;
    let words = t(format!("{padding} of {all} positions are padding"), format!("{all} 个位置中有 {padding} 个是填充"));
    Text::new(words).bold().draw(&mut d, p(width / 2.0, ROW * count as f64 + 16.0));
    let mut tally: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (length, label) in lengths.iter().zip(&labels) {
        tally.entry(if *label == 0 { "ham" } else { "spam" }).or_default().push(length.to_string());
    }
    let desc = t(
        format!(
            "A map of {count} rows and {columns} columns of small cells, one row for each message of a batch. Cells of tokens \
             are filled and stand on the left, cells of padding are hatched and fill all the rest. Tokens of the ham \
             messages: {}; of the spam messages: {}. Together {padding} of {} positions are padding.",
            tally["ham"].join(", "),
            tally["spam"].join(", "),
            whole(all)
        ),
        format!(
            "一张 {count} 行 {columns} 列的小格图，一行是批次里的一条消息。词元的格子涂满，在左边；填充的格子画斜线，占据其余全部。\
             ham 消息的词元数：{}；spam 消息的词元数：{}。{} 个位置中共有 {padding} 个是填充。",
            tally["ham"].join("、"),
            tally["spam"].join("、"),
            whole(all)
        ),
    );
    let title = t("A batch of eight messages: most of it is padding", "一个批次，八条消息：大部分是填充");
    Figure::new("6-06", title, desc, d)
}
