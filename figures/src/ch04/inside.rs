//! A look inside of the small model that repeats letters: what its heads look at, and the logit lens. From the recorded output
//! of the example.

use crate::data::output;
use crate::drawing::Layer;
use crate::parts::{Matrix, PlacedMatrix, Text};
use crate::theme::{CELL_OPACITY, Paint, Role};
use crate::{Drawing, Figure, Point, Style, p, t};

const OUTPUT: &str = include_str!("../../../book/outputs/bonus_inside.txt");
/// Letters of a text before it begins again.
const LETTERS: usize = 8;

/// The lines after the one that begins so.
fn after(start: &str) -> impl Iterator<Item = &'static str> + use<> {
    let start = start.to_string();
    output(OUTPUT).skip_while(move |line| !line.starts_with(&start)).skip(1)
}

/// The text, letter by letter.
fn letters() -> Vec<String> {
    after("block 1, head 1").next().map_or(vec![], |line| line.trim().chars().map(String::from).collect())
}

/// The weights of a head in tenths, one row for each query.
fn tenths(block: usize, head: usize) -> Vec<Vec<u8>> {
    let tenths = |sign: char| match sign {
        '.' => 0,
        '#' => 10,
        digit => digit.to_digit(10).map_or(0, |digit| digit as u8),
    };
    let row = |line: &str| line.split_whitespace().nth(1).map(|signs| signs.chars().map(tenths).collect());
    after(&format!("block {block}, head {head}")).skip(1).map_while(row).collect()
}

pub fn four_heads() -> Figure {
    let letters = letters();
    let mut d = Drawing::new();
    let mut striped = 0;
    for (block, head) in [(1, 1), (1, 2), (2, 1), (2, 2)] {
        let weights = tenths(block, head);
        let corner = p(340.0 * (head - 1) as f64, 350.0 * (block - 1) as f64);
        let placed = map(&mut d, &letters, &weights, corner);
        let name = t(format!("block {block}, head {head}"), format!("块 {block}，头 {head}"));
        Text::new(name).bold().draw_above(&mut d, placed.grid.top().shift(0.0, -26.0));
        striped += usize::from(
            (LETTERS - 1..weights.len()).filter(|&query| weights[query][query + 1 - LETTERS] >= 6).count() >= 5,
        );
    }
    let words = t(
        "row: the token that looks; column: the token that is looked at\nthe stronger the colour, the larger the weight",
        "行：在看的词元；列：被看的词元\n颜色越浓，权重越大",
    );
    Text::note(words).draw(&mut d, p(308.0, 680.0));
    let desc = t(
        format!(
            "Four maps of 15 × 15 attention weights, two heads of block 1 above, two of block 2 below, for the text {}. All four are \
             empty above the diagonal. In the upper half of each map the weights are scattered. From the eighth row on {striped} of the four \
             show the same stripe: in nearly every row the strongest cell is seven columns to the left of the diagonal. In block 1 \
             the stripe is all there is, in block 2 it is paler and has some other weights beside it.",
            letters.concat()
        ),
        format!(
            "四张 15 × 15 的注意力权重图，上面是块 1 的两个头，下面是块 2 的两个头，文本是 {}。四张图的对角线以上都是空的。每张图的上半部分权重散乱；\
             从第八行起，四张中有 {striped} 张出现同一条斜线：几乎每行最浓的格子都在对角线左边第七列。块 1 里只有这条斜线，块 2 里它淡一些，旁边还有别的权重。",
            letters.concat()
        ),
    );
    Figure::new(
        "4-B9",
        t(
            "Four heads, one pattern: look at what came after this letter the last time",
            "四个头，同一个模式：看这个字母上一次出现时后面是什么",
        ),
        desc,
        d,
    )
}

/// A heat map without numbers.
fn map(d: &mut Drawing, letters: &[String], tenths: &[Vec<u8>], corner: Point) -> PlacedMatrix {
    let blank = Matrix::texts(vec![vec![String::new(); letters.len()]; letters.len()]).cell(18.0, 18.0);
    let placed = blank.draw(d, corner);
    for (row, weights) in tenths.iter().enumerate() {
        for (column, tenths) in weights.iter().enumerate() {
            let opacity = CELL_OPACITY.0 + (0.9 - CELL_OPACITY.0) * f64::from(*tenths) / 10.0;
            let cell = placed.cell(row, column).grow(-1.0);
            d.rect(Layer::Main, cell, 2.0, Style::fill(Paint::Strong(Role::Score)).opacity(opacity));
        }
    }
    for (i, letter) in letters.iter().enumerate() {
        Text::new(letter).size_of(13.0).mono().draw(d, placed.row(i).left().shift(-10.0, 0.0));
        Text::new(letter).size_of(13.0).mono().draw(d, placed.column(i).top().shift(0.0, -10.0));
    }
    placed
}

pub fn lens() -> Figure {
    let letters = letters();
    let (at, next) = (&letters[LETTERS - 1..], &letters[..LETTERS]);
    let row = |start: &'static str| -> Vec<String> {
        let line = output(OUTPUT).find(|line| line.starts_with(start)).unwrap_or_default();
        let line = line.trim_start_matches(start).replace('%', "% ");
        // `b 91%` or `j100%`: a letter and a percentage, with or without a space.
        let joined: String = line.split_whitespace().collect();
        joined.split_terminator('%').map(|cell| format!("{} {}%", &cell[..1], &cell[1..])).collect()
    };
    let rows: Vec<Vec<String>> = ["0 blocks", "1 block", "2 blocks"].into_iter().map(row).collect();
    let mut d = Drawing::new();
    let names = [t("before block 1", "块 1 之前"), t("after block 1", "块 1 之后"), t("after block 2", "块 2 之后")];
    let placed = Matrix::texts(rows.clone()).cell(66.0, 38.0).flat().row_labels(names).draw(&mut d, p(0.0, 0.0));
    for (row, cells) in rows.iter().enumerate() {
        for (column, cell) in cells.iter().enumerate() {
            if cell.starts_with(next[column].as_str()) {
                d.rect(
                    Layer::Front,
                    placed.cell(row, column).grow(-1.0),
                    3.0,
                    Style::line(Paint::Strong(Role::Output)).width(2.5),
                );
            }
        }
    }
    for (column, letter) in at.iter().enumerate() {
        Text::new(letter).mono().draw(&mut d, placed.column(column).top().shift(0.0, -14.0));
    }
    for (column, letter) in next.iter().enumerate() {
        Text::new(letter).mono().role(Role::Output).draw(&mut d, placed.column(column).bottom().shift(0.0, 14.0));
    }
    Text::new(t("at the letter", "读到"))
        .size_of(14.0)
        .end()
        .draw(&mut d, placed.grid.at(0.0, 0.0).shift(-10.0, -14.0));
    Text::new(t("comes next", "下一个是"))
        .size_of(14.0)
        .end()
        .role(Role::Output)
        .draw(&mut d, placed.grid.at(0.0, 1.0).shift(-10.0, 14.0));
    let (before, first, second) = (rows[0].join(", "), rows[1].join(", "), rows[2].join(", "));
    let desc = t(
        format!(
            "A table with three rows and eight columns. Each column is a letter that the model has just read: {}. The next letters are {}. \
             Each cell has the likeliest letter and its probability; it is framed where that is the next letter. Before block 1: {before}; none is right. \
             After block 1: {first}; all are right. After block 2: {second}; all are right.",
            at.join(", "),
            next.join(", ")
        ),
        format!(
            "一张三行八列的表。每列是模型刚读到的字母：{}。接下来的字母是 {}。每格写着最可能的字母和它的概率，猜对的格子加了框。\
             块 1 之前：{before}，全错。块 1 之后：{first}，全对。块 2 之后：{second}，全对。",
            at.join("、"),
            next.join("、")
        ),
    );
    Figure::new(
        "4-B10",
        t("The logit lens: the same last steps, after every block", "logit 透镜：在每个块之后都走一遍最后两步"),
        desc,
        d,
    )
}
