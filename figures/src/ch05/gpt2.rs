//! GPT-2's tensors and the fields of the model.

use shared::GptConfig;

use crate::parts::{Arrow, Group, Side, Text, brace, whole};
use crate::theme::{Paint, Role};
use crate::{Drawing, Figure, Layer, Rect, Style, p, rect, t};

/// Widths of the boxes on both sides, where the right ones begin, and the height of a box with its space.
const LEFT: f64 = 246.0;
const RIGHT: f64 = 228.0;
const RIGHT_BEGINS: f64 = 366.0;
const BOX: f64 = 28.0;
const ROW: f64 = 36.0;

/// A tensor, its shape, and the fields that get it with theirs.
type Line<'a> = (&'a str, &'a [usize], &'a [(&'a str, &'a [usize])]);

pub fn where_tensors_go() -> Figure {
    let config = GptConfig::preset("124M").expect("it is one of the presets");
    let (v, c, w) = (config.vocab_size, config.context_length, config.emb_dim);
    let outside: [Line; 2] =
        [("wte", &[v, w], &[("tok_emb", &[v, w]), ("out_head", &[w, v])]), ("wpe", &[c, w], &[("pos_emb", &[c, w])])];
    let block: [Line; 6] = [
        ("h0/attn/c_attn/w", &[w, 3 * w], &[("w_query", &[w, w]), ("w_key", &[w, w]), ("w_value", &[w, w])]),
        ("h0/attn/c_proj/w", &[w, w], &[("out_proj", &[w, w])]),
        ("h0/mlp/c_fc/w", &[w, 4 * w], &[("ff.expand", &[w, 4 * w])]),
        ("h0/mlp/c_proj/w", &[4 * w, w], &[("ff.contract", &[4 * w, w])]),
        ("h0/ln_1", &[w], &[("norm1", &[w])]),
        ("h0/ln_2", &[w], &[("norm2", &[w])]),
    ];
    let last: [Line; 1] = [("ln_f", &[w], &[("final_norm", &[w])])];
    let mut d = Drawing::new();
    Text::new(t("OpenAI's names", "OpenAI 的名字")).bold().draw(&mut d, p(LEFT / 2.0, -24.0));
    Text::new(t("our fields", "我们的字段")).bold().draw(&mut d, p(RIGHT_BEGINS + RIGHT / 2.0, -24.0));
    let mut y = 0.0;
    outside.iter().for_each(|line| _ = draw_line(&mut d, &mut y, line));
    y += 44.0;
    let places: Vec<Rect> = block.iter().flat_map(|line| draw_line(&mut d, &mut y, line)).collect();
    Group::around(places).title(t("one block of twelve", "十二个块之一")).draw(&mut d);
    y += 24.0;
    last.iter().for_each(|line| _ = draw_line(&mut d, &mut y, line));
    draw_split(&mut d, y + 60.0, w);
    let desc = t(
        "Above, OpenAI's names on the left, our fields on the right, arrows between. wte [50257, 768] goes to tok_emb and, \
         transposed, to out_head [768, 50257]; wpe [1024, 768] to pos_emb. In one block of twelve: h0/attn/c_attn/w [768, \
         2304] is split into w_query, w_key and w_value, [768, 768] each; h0/attn/c_proj/w goes to out_proj, h0/mlp/c_fc/w \
         [768, 3072] to ff.expand, h0/mlp/c_proj/w [3072, 768] to ff.contract, h0/ln_1 and h0/ln_2 to norm1 and norm2. ln_f \
         goes to final_norm. Below, c_attn/w as a wide matrix of 768 rows and 2,304 columns, cut into three squares: \
         queries in columns 1 to 768, keys in 769 to 1,536, values in 1,537 to 2,304.",
        "上半部分左边是 OpenAI 的名字，右边是我们的字段，用箭头相连。wte [50257, 768] 给 tok_emb，转置后又给 out_head [768, 50257]；\
         wpe [1024, 768] 给 pos_emb。十二个块之一里：h0/attn/c_attn/w [768, 2304] 切成 w_query、w_key、w_value，各 [768, 768]；\
         h0/attn/c_proj/w 给 out_proj，h0/mlp/c_fc/w [768, 3072] 给 ff.expand，h0/mlp/c_proj/w [3072, 768] 给 ff.contract，\
         h0/ln_1 和 h0/ln_2 给 norm1 和 norm2。ln_f 给 final_norm。下半部分把 c_attn/w 画成 768 行 2,304 列的宽矩阵，切成三个正方形：\
         查询在第 1 到 768 列，键在第 769 到 1,536 列，值在第 1,537 到 2,304 列。",
    );
    Figure::new("5-12", t("Where GPT-2's tensors go", "GPT-2 的张量各归何处"), desc, d)
}

/// A tensor and its fields, one below the other, with arrows between; returns where they were drawn.
fn draw_line(d: &mut Drawing, y: &mut f64, (name, shape, fields): &Line) -> Vec<Rect> {
    let height = ROW * fields.len() as f64;
    let from = rect(0.0, *y + (height - ROW) / 2.0, LEFT, BOX);
    draw_box(d, from, name, shape);
    let mut places = vec![from];
    for (i, (field, field_shape)) in fields.iter().enumerate() {
        let to = rect(RIGHT_BEGINS, *y + ROW * i as f64, RIGHT, BOX);
        draw_box(d, to, field, field_shape);
        let arrow = Arrow::new(from.right(), to.left());
        if shape.len() == 2 && shape[0] != field_shape[0] {
            arrow.elbow_across(0.5).draw(d);
            let at = to.left().shift(-10.0, 12.0);
            Text::small(t("transposed", "转置")).end().draw(d, at);
        } else {
            arrow.elbow_across(0.5).draw(d);
        }
        places.push(to);
    }
    *y += height;
    places
}

fn draw_box(d: &mut Drawing, place: Rect, name: &str, shape: &[usize]) {
    d.rect(Layer::Main, place, 4.0, Style::role(Role::Weight));
    let inside = place.grow(-8.0);
    Text::small(name).mono().start().draw_in(d, Rect { y: place.y, h: place.h, ..inside });
    let shape = format!("[{}]", shape.iter().map(usize::to_string).collect::<Vec<_>>().join(", "));
    Text::small(shape).mono().muted().end().draw_in(d, Rect { y: place.y, h: place.h, ..inside });
}

/// The matrix of queries, keys and values, and where it is cut.
fn draw_split(d: &mut Drawing, y: f64, width: usize) {
    let side = 150.0;
    let all = rect((RIGHT_BEGINS + RIGHT - 3.0 * side) / 2.0, y, 3.0 * side, side);
    let names = [t("queries", "查询"), t("keys", "键"), t("values", "值")];
    for (i, (part, name)) in all.row(3, 0.0).into_iter().zip(names).enumerate() {
        d.rect(Layer::Main, part, 0.0, Style::role(Role::Weight));
        let middle = part.center();
        Text::new(name).bold().draw(d, middle.shift(0.0, -12.0));
        let columns = format!("{}–{}", whole(i * width + 1), whole((i + 1) * width));
        Text::small(columns).muted().draw(d, middle.shift(0.0, 12.0));
    }
    for x in [all.x + side, all.x + 2.0 * side] {
        let cut = [p(x, all.y - 12.0), p(x, all.y_end() + 12.0)];
        d.line(Layer::Front, &cut, Style::line(Paint::Ink).width(2.0).dash(crate::Dash::Dashed));
    }
    let title = t("h0/attn/c_attn/w, split", "h0/attn/c_attn/w，切开");
    Text::small(title).mono().draw(d, all.top().shift(0.0, -26.0));
    brace(d, all, Side::Left, t(format!("{}\nrows", whole(width)), format!("{} 行", whole(width))));
    let words = t(format!("{} columns", whole(3 * width)), format!("{} 列", whole(3 * width)));
    brace(d, rect(all.x, all.y, all.w, all.h + 10.0), Side::Below, words);
}
