//! The memory of Gated DeltaNet over four steps.

use burn::tensor::{Device, Tensor};
use ch04_gpt::bonus::gated_delta_net::remember;

use super::rows;
use crate::parts::{Arrow, Matrix, Text, decimal};
use crate::theme::Role;
use crate::{Drawing, Figure, p, t};

/// Key, value, what is left of the memory, and which share of the difference is added.
type Step = ([f32; 2], [f32; 2], f32, f32);

const STEPS: [Step; 4] = [
    ([1.0, 0.0], [3.0, 1.0], 1.0, 1.0),
    ([0.0, 1.0], [2.0, 2.0], 1.0, 1.0),
    ([1.0, 0.0], [5.0, 0.0], 1.0, 1.0),
    ([0.0, 1.0], [2.0, 2.0], 0.5, 0.5),
];

const QUERY: [f32; 2] = [1.0, 0.0];
/// From one state to the next.
const PITCH: f64 = 168.0;

pub fn memory() -> Figure {
    let device = Device::flex();
    let row = |values: [f32; 2]| Tensor::<1>::from_floats(values, &device).unsqueeze::<4>(); // [1, 1, 1, 2]
    let number = |value: f32| Tensor::<4>::full([1, 1, 1, 1], value, &device);
    let mut state = Tensor::<4>::zeros([1, 1, 2, 2], &device);
    let mut before = vec![vec![0.0; 2]; 2];
    let mut d = Drawing::new();
    let mut right = p(0.0, 0.0);
    let mut told = Vec::new();
    for (i, (key, value, alpha, beta)) in STEPS.into_iter().enumerate() {
        let added = rows((state.clone() + row(key).transpose().matmul(row(value))).flatten(0, 2));
        state = remember(state, row(key), row(value), number(alpha), number(beta));
        let now = rows(state.clone().flatten(0, 2));
        let read = rows(row(QUERY).matmul(state.clone()).flatten(0, 2));
        let cells = now.iter().map(|row| row.iter().map(|value| short(*value)).collect()).collect();
        let mut matrix = Matrix::texts(cells).role(Role::Output).cell(46.0, 40.0).largest(8.0);
        for (r, c) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            if now[r][c] != before[r][c] {
                matrix = matrix.mark_cell(r, c, Role::Output);
            }
        }
        let placed = matrix.draw(&mut d, p(PITCH * i as f64, 0.0));
        let middle = placed.grid.center().x;
        Text::new(t(format!("step {}", i + 1), format!("第 {} 步", i + 1))).bold().draw(&mut d, p(middle, -104.0));
        let written = format!("k = {}\nv = {}\nα = {}, β = {}", pair(&key), pair(&value), short(alpha), short(beta));
        Text::new(written).size_of(14.0).draw(&mut d, p(middle, -60.0));
        Arrow::new(p(middle, -28.0), placed.grid.top()).draw(&mut d);
        if i > 0 {
            Arrow::new(right, placed.grid.left()).draw(&mut d);
        }
        right = placed.grid.right();
        Text::new(pair(&read[0])).size_of(14.0).bold().role(Role::Output).draw(&mut d, p(middle, 108.0));
        if i == 2 {
            let words = t(format!("by adding alone: {}", pair(&added[0])), format!("只相加则是 {}", pair(&added[0])));
            Text::note(words).draw(&mut d, p(middle, 132.0));
        }
        told.push((now.iter().map(|row| pair(row)).collect::<Vec<_>>().join(", "), pair(&read[0])));
        before = now;
    }
    let labels = [t("key (1, 0)", "键 (1, 0)"), t("key (0, 1)", "键 (0, 1)")];
    for (row, words) in labels.into_iter().enumerate() {
        Text::note(words).end().draw(&mut d, p(-10.0, 20.0 + 40.0 * row as f64));
    }
    let reading = t("read with (1, 0)", "用 (1, 0) 读出");
    Text::note(reading).end().draw(&mut d, p(-10.0, 108.0));
    let en: Vec<_> = told
        .iter()
        .enumerate()
        .map(|(i, (state, read))| format!("after step {} it is {state}, and (1, 0) reads {read}", i + 1))
        .collect();
    let zh: Vec<_> = told
        .iter()
        .enumerate()
        .map(|(i, (state, read))| format!("第 {} 步之后是 {state}，用 (1, 0) 读出 {read}", i + 1))
        .collect();
    let desc = t(
        format!(
            "A memory of two rows and two columns after each of four steps, from left to right; changed cells are \
             framed. Step 1 stores (3, 1) under the key (1, 0), step 2 (2, 2) under (0, 1), step 3 (5, 0) under (1, \
             0) again, step 4 fades all to a half and adds half of the difference. Row by row: {}. By adding alone, \
             step 3 would read (8, 1).",
            en.join("; ")
        ),
        format!(
            "一份两行两列的记忆，从左到右是四步之后的样子，变了的格子加了框。第 1 步在键 (1, 0) 下存入 (3, 1)，第 2 \
             步在 (0, 1) 下存入 (2, 2)，第 3 步又在 (1, 0) 下存入 (5, 0)，第 4 步全部淡化到一半，再加上差额的一半。逐\
             行写出：{}。如果只是相加，第 3 步会读出 (8, 1)。",
            zh.join("；")
        ),
    );
    Figure::new("4-B8", t("A memory that overwrites", "会覆盖的记忆"), desc, d)
}

/// A number without needless decimals.
fn short(value: f32) -> String {
    decimal(f64::from(value), usize::from(value.fract() != 0.0))
}

fn pair(values: &[f32]) -> String {
    format!("({}, {})", short(values[0]), short(values[1]))
}
