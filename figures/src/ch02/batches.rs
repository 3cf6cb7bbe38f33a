//! A batch.

use ch02_text::GptDataset;

use super::{STORY, gpt2_ids};
use crate::parts::{Arrow, Matrix, PlacedMatrix, Side, brace};
use crate::theme::Role;
use crate::{Drawing, Figure, p, t};

const WINDOWS: usize = 8;
const LENGTH: usize = 4;

pub fn batch() -> Figure {
    let dataset = GptDataset::from_ids(gpt2_ids(STORY), LENGTH, LENGTH).expect("the text is long enough");
    let windows: Vec<_> = (0..WINDOWS).map(|i| dataset.get(i)).collect();
    let texts = |ids: &[u32]| ids.iter().map(u32::to_string).collect::<Vec<_>>();
    let inputs = windows.iter().map(|window| texts(window.0)).collect();
    let targets = windows.iter().map(|window| texts(window.1)).collect();

    let mut d = Drawing::new();
    let inputs = draw(&mut d, inputs, Role::Token, t("inputs", "输入"), 0.0);
    let targets = draw(&mut d, targets, Role::Output, t("targets", "目标"), 340.0);
    let (from, to) = (inputs.cell(0, 1).top(), targets.cell(0, 1).top());
    Arrow::new(from, to)
        .via([p(from.x, from.y - 22.0), p(to.x, to.y - 22.0)])
        .role(Role::Output)
        .above(t("next token", "下一个词元"))
        .draw(&mut d);
    brace(&mut d, inputs.grid, Side::Left, t("batch:\n8 windows", "批次：\n8 个窗口"));
    for placed in [&inputs, &targets] {
        brace(&mut d, placed.grid, Side::Below, t("4 tokens", "4 个词元"));
    }
    let desc = t(
        "Two matrices of ids with 8 rows and 4 columns, inputs and targets; each row is a window of the story. Each target \
         is the input's next token: the first row of the inputs is 40, 367, 2885, 1464, that of the targets 367, 2885, 1464, \
         1807. An arrow leads from the second input, 367, to its target, 2885.",
        "两个 8 行 4 列的 ID 矩阵，输入与目标；每行是小说的一个窗口。每个目标是对应输入的下一个词元：输入的第一行是 40、367、2885、1464，\
         目标的第一行是 367、2885、1464、1807。箭头从第二个输入 367 指向它的目标 2885。",
    );
    let title = t("A batch: windows as rows, targets one token further", "批次：每行一个窗口，目标向后移一个词元");
    Figure::new("2-12", title, desc, d)
}

fn draw(d: &mut Drawing, ids: Vec<Vec<String>>, role: Role, title: crate::Words, x: f64) -> PlacedMatrix {
    let matrix = Matrix::texts(ids).flat().role(role).cell(62.0, 32.0).mark_cell(0, 1, role);
    let placed = matrix.draw(d, p(x, 0.0));
    crate::parts::Text::new(title).bold().draw_above(d, placed.grid.top().shift(0.0, -46.0));
    placed
}
