//! The whole model: shapes and parameters.

use burn::module::Module;
use burn::tensor::Device;
use ch04_gpt::GptModel;

use super::gpt2_small;
use crate::parts::{Arrow, Node, Side, Text, brace_of, whole};
use crate::theme::{Paint, Role};
use crate::{Drawing, Figure, Layer, Rect, Style, p, rect, t};

/// Right ends of the numbers of a block's parts, and of all numbers.
const INNER: f64 = 296.0;
const TOTAL: f64 = 540.0;

pub fn tower() -> Figure {
    let model = GptModel::new(&gpt2_small(), &Device::flex());
    let block = &model.trf_blocks[0];
    let mut d = Drawing::new();
    let place = |y: f64, h: f64| rect(0.0, y, 196.0, h);
    let logits = Node::new("logits").role(Role::Output).draw(&mut d, place(0.0, 36.0));
    let head = Node::new(t("output layer", "输出层")).role(Role::Weight).draw(&mut d, place(64.0, 38.0));
    let norm = Node::new(t("final norm", "最终归一化")).role(Role::Weight).draw(&mut d, place(130.0, 38.0));
    let frame = place(210.0, 166.0);
    for shift in [12.0, 6.0] {
        d.rect(Layer::Main, frame.shift(shift, -shift), 8.0, Style::role(Role::Weight));
    }
    d.rect(Layer::Main, frame, 8.0, Style::role(Role::Weight));
    let title = Text::new(t("transformer block", "Transformer 块")).bold();
    title.draw_in(&mut d, Rect { y: frame.y + 8.0, h: 24.0, ..frame });
    let inner = rect(14.0, frame.y + 40.0, 168.0, 114.0).column(3, 9.0);
    let norms = block.norm1.num_params() + block.norm2.num_params();
    let parts = [
        (t("feed-forward", "前馈网络"), block.ff.num_params()),
        (t("attention", "注意力"), block.att.num_params()),
        (t("two norms", "两个归一化"), norms),
    ];
    for (place, (name, count)) in inner.iter().zip(parts) {
        let style = Style::fill(Paint::Paper).outlined(Paint::Strong(Role::Weight));
        Node::of(Text::new(name).size_of(14.0)).style(style).pad(6.0, 3.0).draw(&mut d, *place);
        Text::new(whole(count as u64)).size_of(14.0).end().draw(&mut d, p(INNER, place.center().y));
    }
    let position = Node::new(t("+ position embedding", "+ 位置嵌入")).role(Role::Weight);
    let position = position.draw(&mut d, place(404.0, 38.0));
    let token = Node::new(t("token embedding", "词元嵌入")).role(Role::Weight).draw(&mut d, place(470.0, 38.0));
    let ids = Node::new(t("token ids", "词元 ID")).role(Role::Token).draw(&mut d, place(536.0, 36.0));
    let blocks = frame.y - 12.0;
    for (from, to) in [
        (ids.top(), token.bottom()),
        (token.top(), position.bottom()),
        (position.top(), frame.bottom()),
        (p(norm.center().x, blocks), norm.bottom()),
        (norm.top(), head.bottom()),
        (head.top(), logits.bottom()),
    ] {
        Arrow::new(from, to).draw(&mut d);
    }
    let shape = |d: &mut Drawing, y: f64, width: &str| {
        Text::small(width).mono().muted().end().draw(d, p(-14.0, y));
    };
    shape(&mut d, ids.center().y, "[2, 4]");
    for y in [token.center().y, position.center().y, frame.center().y + 14.0, norm.center().y] {
        shape(&mut d, y, "[2, 4, 768]");
    }
    shape(&mut d, head.center().y, "[2, 4, 50257]");
    let count = |d: &mut Drawing, y: f64, count: usize| {
        Text::new(whole(count as u64)).end().draw(d, p(TOTAL, y));
    };
    count(&mut d, head.center().y, model.out_head.num_params());
    count(&mut d, norm.center().y, model.final_norm.num_params());
    count(&mut d, position.center().y, model.pos_emb.num_params());
    count(&mut d, token.center().y, model.tok_emb.num_params());
    let around = rect(INNER - 4.0, inner[0].y + 2.0, 4.0, inner[2].y_end() - inner[0].y - 4.0);
    let each = format!("{} × 12", whole(block.num_params() as u64));
    brace_of(&mut d, around, Side::Right, Text::new(each).size_of(14.0));
    count(&mut d, frame.center().y + 14.0, model.trf_blocks.iter().map(Module::num_params).sum());
    Text::note(t("parameters", "参数个数")).end().draw(&mut d, p(TOTAL, logits.center().y));
    Text::note(t("shapes", "形状")).end().draw(&mut d, p(-14.0, logits.center().y));
    let line = ids.y - 8.0;
    d.line(Layer::Lines, &[p(INNER, line), p(TOTAL, line)], Style::line(Paint::Strong(Role::Plain)));
    let sum = whole(model.num_params() as u64);
    Text::new(t(format!("sum {sum}"), format!("合计 {sum}"))).bold().end().draw(&mut d, p(TOTAL, ids.center().y));
    let desc = t(
        "A tower, read from bottom to top, with shapes on the left and parameters on the right. Token ids, [2, 4]. \
         Token embedding, [2, 4, 768], 38,597,376 parameters. Position embedding, added, 786,432. Twelve transformer \
         blocks of 7,085,568 each, 85,026,816 together; one is opened: attention 2,360,064, feed-forward 4,722,432, \
         two norms 3,072. Final norm 1,536. Output layer, [2, 4, 50257], 38,597,376. On top the logits. The sum is \
         163,009,536. Between the embeddings and the output layer the shape is always [2, 4, 768].",
        "一座塔，从下往上看，左边是形状，右边是参数个数。词元 ID，[2, 4]。词元嵌入，[2, 4, 768]，38,597,376 个参数。\
         加上位置嵌入，786,432。十二个 Transformer 块，每个 7,085,568，共 85,026,816；打开的一个里有注意力 \
         2,360,064、前馈网络 4,722,432、两个归一化 3,072。最终归一化 1,536。输出层，[2, 4, 50257]，38,597,376。顶上是 \
         logits。合计 163,009,536。从嵌入到输出层之间，形状始终是 [2, 4, 768]。",
    );
    let title = t("The GPT model: shapes on the left, parameters on the right", "GPT 模型：左边是形状，右边是参数个数");
    Figure::new("4-11", title, desc, d)
}
