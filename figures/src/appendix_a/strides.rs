//! A matrix, its transpose, and the memory of both.

use burn::tensor::{Device, Tensor};

use super::values;
use crate::parts::{Arrow, Matrix, Text, decimal};
use crate::theme::{Paint, Role};
use crate::{Drawing, Figure, Layer, Point, Rect, Style, Words, p, rect, t};

/// Width and height of a cell of the memory, and of a matrix.
const CELL: (f64, f64) = (62.0, 56.0);
const SMALL_CELL: (f64, f64) = (38.0, 34.0);
/// The upper edges of the memory and of the matrices below it.
const MEMORY: f64 = 156.0;
const BELOW: f64 = 310.0;
/// Where the reshaped matrix begins.
const OTHER: f64 = 300.0;

/// A way of reading the memory: a shape and its strides.
struct View {
    name: Words,
    rows: Vec<Vec<f32>>,
    strides: (usize, usize),
    /// Row and column of the number that is looked for.
    at: (usize, usize),
}

impl View {
    /// The view of a matrix of two dimensions; the last number is looked for.
    fn new(name: Words, tensor: Tensor<2>, strides: (usize, usize)) -> Self {
        let [rows, columns] = tensor.dims();
        let numbers = values(tensor).chunks(columns).map(<[f32]>::to_vec).collect();
        Self { name, rows: numbers, strides, at: (rows - 1, columns - 1) }
    }

    /// The number that is looked for, and its place in the memory.
    fn wanted(&self) -> (f32, usize) {
        let ((row, column), (s0, s1)) = (self.at, self.strides);
        (self.rows[row][column], row * s0 + column * s1)
    }

    /// The matrix with a description on its right.
    fn draw(&self, d: &mut Drawing, corner: Point) {
        let numbers = |n: usize| (0..n).map(|i| i.to_string()).collect::<Vec<_>>();
        let (rows, columns) = (self.rows.len(), self.rows[0].len());
        let placed = Matrix::numbers(&self.rows, 0)
            .flat()
            .role(Role::Token)
            .cell(SMALL_CELL.0, SMALL_CELL.1)
            .row_labels(numbers(rows))
            .column_labels(numbers(columns))
            .mark_cell(self.at.0, self.at.1, Role::Token)
            .draw(d, corner);
        let ((row, column), (s0, s1)) = (self.at, self.strides);
        let (wanted, place) = self.wanted();
        let at = placed.grid.at(1.0, 0.0).shift(20.0, 2.0);
        Text::new(&self.name).bold().start().draw(d, at);
        let shape = t(format!("shape [{rows}, {columns}]"), format!("形状 [{rows}, {columns}]"));
        let strides = t(format!("strides ({s0}, {s1})"), format!("步幅 ({s0}, {s1})"));
        let sum = format!("{wanted}: {row} · {s0} + {column} · {s1} = {place}");
        let sum = t(sum.clone(), sum.replace(": ", "："));
        for (i, words) in [shape, strides, sum].into_iter().enumerate() {
            Text::new(words).size_of(14.0).start().draw(d, at.shift(0.0, 25.0 + 22.0 * i as f64));
        }
    }

    /// The steps from place 0 to the wanted number, above or below the memory: first those to the next row, solid, then
    /// those to the next column, dashed.
    fn walk(&self, d: &mut Drawing, cells: &[Rect], is_above: bool) {
        let ((rows, columns), (s0, s1)) = (self.at, self.strides);
        let names = [("next row", "下一行"), ("next column", "下一列")];
        let mut place = 0;
        for ((count, stride), (en, zh)) in [(rows, s0), (columns, s1)].into_iter().zip(names) {
            let first = place;
            for _ in 0..count {
                let (from, to) = (cells[place], cells[place + stride]);
                let (from, to, bend) = if is_above {
                    (from.top(), to.top(), 10.0 + 5.0 * stride as f64)
                } else {
                    (from.bottom(), to.bottom(), -10.0 - 5.0 * stride as f64)
                };
                let arrow = Arrow::new(from.shift(6.0, 0.0), to.shift(-6.0, 0.0)).curved(bend).width(2.0);
                if en == names[1].0 { arrow.dashed() } else { arrow }.draw(d);
                place += stride;
            }
            let x = (cells[first].center().x + cells[place].center().x) / 2.0;
            let y = if is_above { MEMORY - 40.0 } else { MEMORY + CELL.1 + 40.0 };
            Text::small(t(format!("{en}: {stride} further"), format!("{zh}：前进 {stride}"))).draw(d, p(x, y));
        }
    }
}

pub fn two_walks() -> Figure {
    let device = Device::flex();
    let matrix = Tensor::<2>::from_floats([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], &device);
    let memory = values(matrix.clone());
    let upper = View::new("t".into(), matrix.clone(), (3, 1));
    let lower = View::new(t("its transpose", "它的转置"), matrix.clone().transpose(), (1, 3));
    let other = View::new(t("reshaped: another matrix", "变形：另一个矩阵"), matrix.reshape([3, 2]), (2, 1));

    let mut d = Drawing::new();
    let strip = rect(0.0, MEMORY, CELL.0 * memory.len() as f64, CELL.1);
    let cells = strip.row(memory.len(), 0.0);
    for (offset, (cell, value)) in cells.iter().zip(&memory).enumerate() {
        d.rect(Layer::Main, cell.grow(-1.0), 3.0, Style::fill(Paint::Soft(Role::Token)));
        if (*value, offset) == upper.wanted() {
            d.rect(Layer::Front, *cell, 4.0, Style::line(Paint::Strong(Role::Token)).width(2.5));
        }
        let number = Text::new(decimal(f64::from(*value), 0)).bold();
        number.draw_in(&mut d, rect(cell.x, cell.y + 6.0, cell.w, 24.0));
        Text::note(offset.to_string()).draw_in(&mut d, rect(cell.x, cell.y + 31.0, cell.w, 18.0));
    }
    Text::new(t("memory", "内存")).size_of(14.0).bold().end().draw(&mut d, p(-14.0, MEMORY + 18.0));
    Text::note(t("offset", "偏移")).end().draw(&mut d, p(-14.0, MEMORY + 40.0));
    upper.draw(&mut d, p(0.0, 0.0));
    upper.walk(&mut d, &cells, true);
    lower.draw(&mut d, p(0.0, BELOW));
    lower.walk(&mut d, &cells, false);
    other.draw(&mut d, p(OTHER, BELOW));

    let desc = t(
        "In the middle a strip of memory with the numbers 1 to 6 at the offsets 0 to 5. Above it the matrix t with the \
         rows 1 2 3 and 4 5 6: shape [2, 3], strides (3, 1). Arrows over the strip: a solid one from offset 0 to 3, next \
         row, 3 further; then two dashed ones to 4 and 5, next column, 1 further. So the number 6, in row 1 and column 2, \
         lies at 1 · 3 + 2 · 1 = 5. Below the strip the transpose with the rows 1 4, 2 5, 3 6: shape [3, 2], strides \
         (1, 3). Its solid arrows go from 0 to 1 to 2, next row, 1 further, and its dashed one to 5, next column, 3 \
         further: 2 · 1 + 1 · 3 = 5, the same cell. Beside it t reshaped, with the rows 1 2, 3 4, 5 6: also [3, 2], but \
         with the strides (2, 1), another matrix.",
        "中间是一条内存，偏移 0 到 5 处放着 1 到 6。上面是矩阵 t，两行是 1 2 3 和 4 5 6：形状 [2, 3]，步幅 (3, 1)。内存上方\
         的箭头：一个实线箭头从偏移 0 到 3，下一行，前进 3；接着两个虚线箭头到 4、到 5，下一列，前进 1。所以第 1 行第 2 列的 6 \
         在 1 · 3 + 2 · 1 = 5 处。内存下面是它的转置，三行是 1 4、2 5、3 6：形状 [3, 2]，步幅 (1, 3)。它的实线箭头从 0 到 1 再到 \
         2，下一行，前进 1；虚线箭头到 5，下一列，前进 3：2 · 1 + 1 · 3 = 5，是同一个格子。旁边是 t 变形的结果，三行是 1 2、\
         3 4、5 6：形状也是 [3, 2]，步幅却是 (2, 1)，是另一个矩阵。",
    );
    let title = t("One row of numbers in memory, two ways to walk through it", "内存里的一行数，两种走法");
    Figure::new("a-02", title, desc, d)
}
