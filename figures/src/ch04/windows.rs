//! A window in the causal mask.

use burn::tensor::Device;
use ch04_gpt::bonus::sliding_window::{uses_window, window_mask};

use crate::parts::Text;
use crate::theme::{Paint, Role};
use crate::{Drawing, Figure, Layer, Rect, Style, Words, p, rect, t};

const TOKENS: usize = 8;
const WINDOW: usize = 3;
const CELL: f64 = 28.0;

#[derive(Clone, Copy, PartialEq)]
enum Cell {
    Visible,
    Future,
    TooFar,
}

pub fn windows() -> Figure {
    let mut d = Drawing::new();
    let panels =
        [(0.0, t("causal", "因果掩码"), None), (300.0, t("with a window of 3", "加上宽 3 的窗口"), Some(WINDOW))];
    let mut counts = Vec::new();
    for (x, name, window) in panels {
        let hidden: Vec<bool> = window_mask(TOKENS, TOKENS, window, &Device::flex()).into_data().iter().collect();
        let grid = rect(x, 0.0, CELL * TOKENS as f64, CELL * TOKENS as f64);
        Text::new(name).bold().draw(&mut d, grid.top().shift(0.0, -48.0));
        let mut visible = 0;
        for (query, cells) in grid.column(TOKENS, 0.0).iter().enumerate() {
            Text::note((query + 1).to_string()).end().draw(&mut d, cells.left().shift(-8.0, 0.0));
            Text::note((query + 1).to_string()).draw(&mut d, grid.row(TOKENS, 0.0)[query].top().shift(0.0, -11.0));
            for (key, cell) in cells.row(TOKENS, 0.0).iter().enumerate() {
                let state = match (hidden[query * TOKENS + key], key > query) {
                    (false, _) => Cell::Visible,
                    (true, true) => Cell::Future,
                    (true, false) => Cell::TooFar,
                };
                visible += usize::from(state == Cell::Visible);
                draw_cell(&mut d, *cell, state);
            }
        }
        let words = t(format!("{visible} visible"), format!("看得见 {visible} 格"));
        Text::new(words).size_of(14.0).bold().draw_below(&mut d, grid.bottom().shift(0.0, 8.0));
        counts.push(visible);
    }
    Text::note(t("key", "键")).end().draw(&mut d, p(-8.0, -28.0));
    Text::note(t("query", "查询")).upward().draw(&mut d, p(-34.0, CELL * 4.0));
    let y = CELL * 8.0 + 54.0;
    let mut x = 0.0;
    let legend: [(Cell, Words); 3] = [
        (Cell::Visible, t("visible", "看得见")),
        (Cell::Future, t("hidden: the future", "遮住：未来")),
        (Cell::TooFar, t("hidden: too far back", "遮住：太远")),
    ];
    for (state, words) in legend {
        let sample = rect(x, y, CELL, CELL);
        draw_cell(&mut d, sample, state);
        x = Text::small(words).start().draw(&mut d, sample.right().shift(7.0, 0.0)).x_end() + 26.0;
    }
    let y = y + 70.0;
    let layers: String = (0..12).map(|layer| if uses_window(layer, 5) { 'W' } else { 'F' }).collect();
    let title = t(
        "12 layers: five with a window (W), then one with full attention (F)",
        "12 层：五层用窗口（W），一层用完整的注意力（F）",
    );
    Text::small(title).start().draw(&mut d, p(0.0, y));
    for (layer, kind) in layers.chars().enumerate() {
        let place = rect(44.0 * layer as f64, y + 18.0, 36.0, 32.0);
        let is_full = kind == 'F';
        let style = Style::role(Role::Weight).width(if is_full { 2.5 } else { 1.2 });
        let style = if is_full {
            Style::fill(Paint::Strong(Role::Weight)).opacity(0.35).outlined(Paint::Strong(Role::Weight)).width(2.5)
        } else {
            style
        };
        d.rect(Layer::Main, place, 5.0, style);
        let text = Text::new(kind.to_string()).size_of(14.0);
        if is_full { text.bold() } else { text }.draw_in(&mut d, place);
    }
    let desc = t(
        format!(
            "Two tables of 8 × 8 cells, queries as rows, keys as columns. Left, the causal mask: each query sees \
             itself and all earlier keys, {} cells; the future above the diagonal is hatched. Right, with a window \
             of 3: each query sees itself and the two keys before it, {} cells; keys further back are hidden too and \
             marked with a cross. Below, a row of 12 layers: {layers}, that is five with a window, then one with \
             full attention, twice.",
            counts[0], counts[1]
        ),
        format!(
            "两张 8 × 8 的表，查询是行，键是列。左边是因果掩码：每个查询看得见自己和前面所有的键，共 {} 格；对角线以\
             上的未来画了斜线。右边加了宽 3 的窗口：每个查询只看得见自己和前面两个键，共 {} 格；更早的键也被遮住，打\
             了叉。下方一排 12 层：{layers}，即五层用窗口、一层用完整的注意力，重复两遍。",
            counts[0], counts[1]
        ),
    );
    Figure::new("4-B6", t("A window in the causal mask", "因果掩码里的窗口"), desc, d)
}

fn draw_cell(d: &mut Drawing, place: Rect, state: Cell) {
    let inside = place.grow(-1.5);
    match state {
        Cell::Visible => d.rect(Layer::Main, inside, 3.0, Style::fill(Paint::Strong(Role::Score)).opacity(0.5)),
        Cell::Future => {
            d.rect(Layer::Main, inside, 3.0, Style::fill(Paint::Soft(Role::Mask)));
            d.rect(Layer::Main, inside, 3.0, Style::fill(Paint::Hatch(Role::Mask)));
        }
        Cell::TooFar => {
            d.rect(Layer::Main, inside, 3.0, Style::fill(Paint::Soft(Role::Alert)));
            let cross = inside.grow(-7.0);
            let line = Style::line(Paint::Strong(Role::Alert));
            d.line(Layer::Main, &[cross.at(0.0, 0.0), cross.at(1.0, 1.0)], line);
            d.line(Layer::Main, &[cross.at(1.0, 0.0), cross.at(0.0, 1.0)], line);
        }
    }
}
