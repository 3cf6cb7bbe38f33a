//! What a step of generation computes without and with a cache of keys and values.

use crate::parts::Text;
use crate::theme::{Paint, Role};
use crate::{Dash, Drawing, Figure, Layer, Rect, Style, Words, p, rect, t};

/// Tokens after each of the three steps.
const TOKENS: [usize; 3] = [4, 5, 6];
/// Size of a vector, of a score, and from one step to the next.
const VECTOR: f64 = 24.0;
const SCORE: f64 = 13.0;
const STEP: f64 = 132.0;

/// How a vector or a score is drawn.
#[derive(Clone, Copy)]
enum State {
    Computed,
    Kept,
    Absent,
}

pub fn cache() -> Figure {
    let mut d = Drawing::new();
    let halves = [(0.0, t("without a cache", "没有缓存"), false), (328.0, t("with a cache", "有缓存"), true)];
    let mut sums = Vec::new();
    for (x, name, has_cache) in halves {
        Text::title(name).start().draw(&mut d, p(x, -46.0));
        let mut computed = Vec::new();
        for (i, tokens) in TOKENS.into_iter().enumerate() {
            let first_new = if has_cache && i > 0 { TOKENS[i - 1] } else { 0 };
            step(&mut d, p(x, STEP * i as f64), tokens, first_new);
            computed.push(tokens - first_new);
        }
        let sum: usize = computed.iter().sum();
        let terms = computed.iter().map(usize::to_string).collect::<Vec<_>>().join(" + ");
        let words = t(format!("tokens computed: {terms} = {sum}"), format!("算过的词元：{terms} = {sum}"));
        Text::new(words).bold().start().draw(&mut d, p(x, STEP * 3.0 - 18.0));
        sums.push(sum);
    }
    for (i, words) in [t("step 1", "第 1 步"), t("step 2", "第 2 步"), t("step 3", "第 3 步")].into_iter().enumerate()
    {
        Text::new(words).size_of(14.0).end().draw(&mut d, p(-40.0, STEP * i as f64 + 1.5 * VECTOR));
    }
    let mut x = 0.0;
    let legend = [
        (State::Computed, t("computed now", "现在计算")),
        (State::Kept, t("kept in the cache", "缓存里留着")),
        (State::Absent, t("not needed any more", "不再需要")),
    ];
    for (state, words) in legend {
        let sample = rect(x, STEP * 3.0 + 14.0, 22.0, 22.0);
        vector(&mut d, sample, state);
        x = Text::note(words).start().draw(&mut d, sample.right().shift(8.0, 0.0)).x_end() + 28.0;
    }
    let desc = t(
        format!(
            "Three steps, one below the other: a prompt of 4 tokens, then 5, then 6. Each token has a query Q, a key \
             K and a value V as three boxes in a column; beside them the scores, one row per query. Left, without a \
             cache, all columns are computed at every step, and the scores are whole triangles: 4 + 5 + 6 = {} \
             tokens. Right, with a cache, step 1 is the same; in steps 2 and 3 only the last column is computed; the \
             earlier keys and values are kept, pale, the earlier queries are not there, and there is only one row of \
             scores: 4 + 1 + 1 = {} tokens.",
            sums[0], sums[1]
        ),
        format!(
            "自上而下三步：提示 4 个词元，然后 5 个，再 6 个。每个词元有查询 Q、键 K、值 V，画成一列三个方格；旁边是\
             分数，每个查询一行。左边没有缓存，每一步都要算所有的列，分数是完整的三角形：4 + 5 + 6 = {} 个词元。右边\
             有缓存，第 1 步相同；第 2、3 步只算最后一列，先前的键和值留着，颜色很淡，先前的查询不在了，分数也只有一\
             行：4 + 1 + 1 = {} 个词元。",
            sums[0], sums[1]
        ),
    );
    let title = t("What a step computes, and what it finds in the cache", "每一步要算什么，缓存里有什么");
    Figure::new("4-B3", title, desc, d)
}

/// Queries, keys and values of all tokens, and the scores; columns before the first new one are in the cache.
fn step(d: &mut Drawing, at: crate::Point, tokens: usize, first_new: usize) {
    let rows: [Words; 3] = ["Q", "K", "V"].map(Into::into);
    for (row, name) in rows.into_iter().enumerate() {
        let y = at.y + VECTOR * row as f64;
        Text::small(name).bold().end().draw(d, p(at.x - 7.0, y + VECTOR / 2.0));
        for token in 0..tokens {
            let state = match (token >= first_new, row) {
                (true, _) => State::Computed,
                (false, 0) => State::Absent,
                (false, _) => State::Kept,
            };
            vector(d, rect(at.x + VECTOR * token as f64, y, VECTOR, VECTOR), state);
        }
    }
    for token in 0..tokens {
        let x = at.x + VECTOR * (token as f64 + 0.5);
        Text::note((token + 1).to_string()).size_of(12.0).draw(d, p(x, at.y - 10.0));
    }
    let grid = rect(at.x + 6.0 * VECTOR + 22.0, at.y - 4.0, SCORE * tokens as f64, SCORE * tokens as f64);
    Text::note(t("scores", "分数")).size_of(12.0).start().draw(d, p(grid.x, at.y - 14.0));
    for (query, cells) in grid.column(tokens, 0.0).iter().enumerate() {
        for (key, cell) in cells.row(tokens, 0.0).iter().enumerate() {
            if key <= query && query >= first_new {
                let style = Style::fill(Paint::Strong(Role::Score)).opacity(0.6);
                d.rect(Layer::Main, cell.grow(-1.0), 2.0, style);
            } else if key <= query {
                let style = Style::line(Paint::Strong(Role::Mask)).width(1.0).dash(Dash::Dotted);
                d.rect(Layer::Main, cell.grow(-1.5), 2.0, style);
            }
        }
    }
}

fn vector(d: &mut Drawing, place: Rect, state: State) {
    let style = match state {
        State::Computed => Style::fill(Paint::Strong(Role::Token)).opacity(0.55).outlined(Paint::Strong(Role::Token)),
        State::Kept => Style::role(Role::Token).width(1.0),
        State::Absent => Style::line(Paint::Strong(Role::Mask)).width(1.0).dash(Dash::Dotted),
    };
    d.rect(Layer::Main, place.grow(-2.0), 3.0, style);
}
