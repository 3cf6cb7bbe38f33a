//! Where the LoRA layers of a classifier are.

use super::{RANK, Sizes, frozen, numbers, trained};
use crate::parts::{Arrow, Node, Side, Text, brace_of, whole};
use crate::theme::{Paint, Role};
use crate::{Drawing, Figure, Layer, Point, Rect, Style, Words, p, rect, t};

/// Width and height of a box; distance from one to the next; size of a tag.
const BOX: (f64, f64) = (268.0, 36.0);
const STEP: f64 = 65.0;
const TAG: (f64, f64) = (40.0, 24.0);

/// From below: the middle of row `i`.
fn row(i: f64) -> Point {
    p(0.0, -STEP * i)
}

pub fn places() -> Figure {
    let sizes = Sizes::of_the_classifier();
    let [query, expand, contract] = [0, 4, 5].map(|i| sizes.layers[i]);
    let head = sizes.layers[sizes.layers.len() - 1];
    let count = |shape| whole(numbers(shape, RANK));
    let mut d = Drawing::new();

    let embeddings = part(&mut d, row(0.0), t("token and position embeddings", "词元嵌入与位置嵌入"));
    let norm_1 = part(&mut d, row(1.35), t("norm", "归一化"));
    let wide = Rect::around(row(2.35), (3.0 * 122.0 + 2.0 * 12.0, BOX.1));
    let three: Vec<_> = wide.row(3, 12.0);
    for (place, name) in three.iter().zip(["w_query", "w_key", "w_value"]) {
        tagged(&mut d, *place, name.into());
    }
    let attention = Node::new(t("attention", "注意力")).draw(&mut d, Rect::around(row(3.35), BOX));
    let out = tagged(&mut d, Rect::around(row(4.25), BOX), "out_proj".into());
    let sum_1 = Node::sign("+").draw_at(&mut d, row(5.05));
    let norm_2 = part(&mut d, row(6.05), t("norm", "归一化"));
    let arrow = |en: &str, shape: [usize; 2]| {
        let [a, b] = shape.map(whole);
        t(format!("{en}  {a} → {b}"), format!("{en}  {a} → {b}"))
    };
    let expand_at = tagged(&mut d, Rect::around(row(6.95), BOX), arrow("expand", expand));
    let gelu = Node::new("GELU").draw(&mut d, Rect::around(row(7.85), (BOX.0, 32.0)));
    let contract_at = tagged(&mut d, Rect::around(row(8.75), BOX), arrow("contract", contract));
    let sum_2 = Node::sign("+").draw_at(&mut d, row(9.55));
    let last_norm = part(&mut d, row(10.85), t("final norm", "最后的归一化"));
    let head_at = tagged(&mut d, Rect::around(row(11.75), BOX), arrow("out_head", head));
    let logits = Node::new(t("2 logits", "2 个 logits"))
        .role(Role::Output)
        .draw(&mut d, Rect::around(row(12.65), (BOX.0, 36.0)));

    let up = |d: &mut Drawing, from: Rect, to: Rect| Arrow::new(from.top(), to.bottom()).draw(d);
    for (from, to) in [
        (embeddings, norm_1),
        (attention, out),
        (out, sum_1),
        (sum_1, norm_2),
        (norm_2, expand_at),
        (expand_at, gelu),
        (gelu, contract_at),
        (contract_at, sum_2),
        (sum_2, last_norm),
        (last_norm, head_at),
        (head_at, logits),
    ] {
        up(&mut d, from, to);
    }
    for (i, place) in three.iter().enumerate() {
        let x = place.center().x;
        let edge = |of: Rect, y: f64| p(x.clamp(of.x + 14.0, of.x_end() - 14.0), y);
        let from = edge(norm_1, norm_1.y);
        let to = edge(attention, attention.y_end());
        if i == 1 {
            Arrow::new(from, place.bottom()).draw(&mut d);
            Arrow::new(place.top(), to).draw(&mut d);
        } else {
            Arrow::new(from, p(from.x, place.y_end())).draw(&mut d);
            Arrow::new(p(to.x, place.y), to).draw(&mut d);
        }
    }
    // Shortcuts around both halves.
    let left = wide.x - 18.0;
    for (fork, sum) in [(row(0.82), sum_1), (row(5.5), sum_2)] {
        d.circle(Layer::Main, fork, 3.5, Style::fill(Paint::Strong(Role::Plain)));
        let corners = [p(left, fork.y), p(left, sum.center().y)];
        Arrow::new(fork, sum.left()).via(corners).free().draw(&mut d);
    }
    // The frame around a block, and the counts.
    let frame = rect(left - 16.0, row(10.05).y, wide.x_end() + 16.0 - left + 16.0, row(0.6).y - row(10.05).y);
    d.rect(Layer::Back, frame, 12.0, Style::fill(Paint::Soft(Role::Plain)).outlined(Paint::Grid));
    let words = t(format!("block × {}", sizes.blocks), format!("块 × {}", sizes.blocks));
    Text::new(words).bold().end().draw(&mut d, frame.at(1.0, 0.0).shift(-14.0, 20.0));
    let column = frame.x_end() + 16.0;
    let counts = [
        (2.35, format!("3 · {}", count(query))),
        (4.25, count(query)),
        (6.95, count(expand)),
        (8.75, count(contract)),
        (11.75, count(head)),
    ];
    for (i, text) in counts {
        Text::new(text).bold().role(Role::Weight).start().draw(&mut d, p(column, row(i).y));
    }
    let words = t(format!("numbers in A and B,\nrank {RANK}"), format!("A 和 B 里的个数，\n秩 {RANK}"));
    Text::note(words).start().draw(&mut d, p(column, row(12.65).y));
    let per_block = 4 * numbers(query, RANK) + numbers(expand, RANK) + numbers(contract, RANK);
    let total = sizes.trained(RANK);
    assert_eq!(total, sizes.blocks * per_block + numbers(head, RANK), "these are all layers");
    let around = rect(column, frame.y + 8.0, 84.0, frame.h - 16.0);
    let words = format!("4 · {}\n+ 2 · {}\n= {}", count(query), count(expand), whole(per_block));
    brace_of(&mut d, around, Side::Right, Text::new(words).size_of(14.0));
    let layers = sizes.layers.len();
    let sum = format!("{} · {} + {} = {}", sizes.blocks, whole(per_block), count(head), whole(total));
    let words = t(format!("{sum} numbers in {layers} layers"), format!("{sum} 个数，在 {layers} 个层里"));
    let middle = f64::midpoint(frame.x, column + 84.0);
    Text::new(words).bold().role(Role::Weight).draw(&mut d, p(middle, row(-0.85).y));
    let desc = t(
        format!(
            "The classifier from bottom to top. Pale boxes with dashed outlines are frozen; a strong tag A B at the right \
             edge of a box is its LoRA layer. Token and position embeddings, no tag. Then a frame, block times {blocks}: \
             norm, no tag; w_query, w_key and w_value beside each other, each with a tag of {square} numbers; attention; \
             out_proj, {square}; an addition with a shortcut; norm, no tag; expand, 768 to 3,072, {wide}; GELU; contract, \
             3,072 to 768, {wide}; an addition with a shortcut. Above the block the final norm, no tag, and out_head, 768 to \
             2, {head}; two logits come out. A brace sums up the block: 4 · {square} + 2 · {wide} = {per_block}. Below: {sum} \
             numbers in {layers} layers.",
            blocks = sizes.blocks,
            square = count(query),
            wide = count(expand),
            head = count(head),
            per_block = whole(per_block)
        ),
        format!(
            "自下而上的分类器。虚线框的浅色方框是冻结的；方框右端颜色深的小标签 A B 是它的 LoRA 层。词元嵌入与位置嵌入没有标签。接着是\
             一个大框，块 × {blocks}：归一化，没有标签；并排的 w_query、w_key、w_value，各有一个标签，{square} 个数；注意力；out_proj，\
             {square}；加法，带快捷连接；归一化，没有标签；expand，768 到 3,072，{wide}；GELU；contract，3,072 到 768，{wide}；加法，\
             带快捷连接。块的上面是最后的归一化，没有标签；out_head，768 到 2，{head}；最后出来 2 个 logits。花括号给出一个块的合计：\
             4 · {square} + 2 · {wide} = {per_block}。最下面：{sum} 个数，在 {layers} 个层里。",
            blocks = sizes.blocks,
            square = count(query),
            wide = count(expand),
            head = count(head),
            per_block = whole(per_block)
        ),
    );
    let title = t(
        "The seven kinds of places: LoRA layers in a block and at the output",
        "LoRA 层的位置：一个块里六处，输出层一处",
    );
    Figure::new("e-02", title, desc, d)
}

/// A part of the model without a LoRA layer.
fn part(d: &mut Drawing, at: Point, name: Words) -> Rect {
    Node::of(Text::new(name).size_of(14.0)).style(frozen()).draw(d, Rect::around(at, BOX))
}

/// A linear layer with a LoRA layer at its right edge.
fn tagged(d: &mut Drawing, place: Rect, name: Words) -> Rect {
    d.rect(Layer::Main, place, 8.0, frozen());
    let tag = rect(place.x_end() - TAG.0 - 6.0, place.center().y - TAG.1 / 2.0, TAG.0, TAG.1);
    let room = rect(place.x + 4.0, place.y, tag.x - place.x - 6.0, place.h);
    Text::new(name).size_of(14.0).draw_in(d, room);
    d.rect(Layer::Main, tag, 4.0, trained());
    Text::small("A B").bold().draw_in(d, tag);
    place
}
