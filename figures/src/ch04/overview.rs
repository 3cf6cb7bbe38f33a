//! Where the chapter stands in the book, and what it builds.

use super::shapes::{fork, part};
use crate::parts::{Arrow, Group, Node, RoadMap, Text};
use crate::theme::{Paint, Role};
use crate::{Dash, Drawing, Figure, Layer, Rect, Style, p, rect, t};

pub fn road_map() -> Figure {
    let mut d = Drawing::new();
    RoadMap::at_chapter(4).draw(&mut d, p(0.0, 0.0));
    let desc = t(
        "The nine steps of the book in three stages. Build the model: 1 text to numbers and 2 attention, done; 3 the \
         GPT model, this chapter, marked. Pretrain it: 4 loss, 5 training loop, 6 writing text, 7 loading weights. \
         Fine-tune it: 8 a classifier, 9 an assistant. Steps 4 to 9 are still to come.",
        "全书分三个阶段，共九步。搭建模型：1 从文本到数字，2 注意力，都已完成；3 GPT 模型，本章，已标出。预训练：4 损\
         失，5 训练循环，6 生成文本，7 加载权重。微调：8 分类器，9 助手。第 4 到第 9 步还在后面。",
    );
    Figure::new("4-01", t("Where we are: the model itself", "我们在这里：模型本身"), desc, d)
}

/// Middle of the tower.
const MIDDLE: f64 = 150.0;

pub fn parts() -> Figure {
    let mut d = Drawing::new();
    let logits = Node::new("logits").role(Role::Output).draw(&mut d, Rect::around(p(MIDDLE, 18.0), (120.0, 36.0)));
    let wide = |y, h| Rect::around(p(MIDDLE, y), (204.0, h));
    let head = part(&mut d, wide(122.0, 40.0), t("output layer", "输出层"), "4.1", false);
    let norm = part(&mut d, wide(188.0, 40.0), t("final layer norm", "最终层归一化"), "4.2", true);
    let block = wide(272.0, 52.0);
    let behind = Style::fill(Paint::Paper).outlined(Paint::Strong(Role::Weight)).dash(Dash::Dashed);
    for shift in [12.0, 6.0] {
        d.rect(Layer::Main, block.shift(shift, -shift), 8.0, behind);
    }
    part(&mut d, block, t("transformer block", "Transformer 块"), "4.5", true);
    Text::new("× 12").bold().end().draw(&mut d, block.left().shift(-8.0, 0.0));
    let tables =
        [(-2.0, t("token\nembedding", "词元\n嵌入"), "2.7"), (188.0, t("position\nembedding", "位置\n嵌入"), "2.8")];
    let [token, position] = tables.map(|(x, name, section)| {
        Node::of(Text::new(name).size_of(14.0))
            .role(Role::Weight)
            .note(section)
            .draw(&mut d, rect(x, 344.0, 114.0, 74.0))
    });
    let plus = Node::sign("+").draw_at(&mut d, p(MIDDLE, token.center().y));
    let model = Group::around([head, norm, block.grow(12.0), token, position]);
    let model = model.title(t("GPT model, 4.6", "GPT 模型，4.6")).draw(&mut d);
    let ids = Rect::around(p(token.center().x, model.y_end() + 42.0), (114.0, 36.0));
    let ids = Node::new(t("token ids", "词元 ID")).role(Role::Token).draw(&mut d, ids);
    Arrow::new(ids.top(), token.bottom()).draw(&mut d);
    Arrow::new(token.right(), plus.left()).draw(&mut d);
    Arrow::new(position.left(), plus.right()).draw(&mut d);
    Arrow::new(plus.top(), block.bottom()).draw(&mut d);
    Arrow::new(block.top().shift(0.0, -12.0), norm.bottom()).draw(&mut d);
    Arrow::new(norm.top(), head.bottom()).draw(&mut d);
    Arrow::new(head.top(), logits.bottom()).draw(&mut d);
    let left = model.x - 26.0;
    Arrow::new(logits.left(), ids.left())
        .via([p(left, logits.center().y), p(left, ids.center().y)])
        .dashed()
        .draw(&mut d);
    let again = t("one token after\nanother, 4.7", "一个词元接\n一个词元，4.7");
    Text::note(again).draw_above(&mut d, p((left + logits.x) / 2.0, logits.center().y - 6.0));

    let opened = inside(&mut d);
    let lens = Style::line(Paint::Strong(Role::Mask)).dash(Dash::Dotted);
    for (from, to) in [
        (block.at(1.0, 0.0).shift(12.0, -12.0), opened.at(0.0, 0.0).shift(0.0, 16.0)),
        (block.at(1.0, 1.0), opened.at(0.0, 1.0).shift(0.0, -56.0)),
    ] {
        d.line(Layer::Lines, &[from, to], lens);
    }
    let sample = rect(opened.x, ids.center().y - 11.0, 34.0, 22.0);
    d.rect(Layer::Main, sample, 5.0, behind);
    Text::note(t("in 4.1 an empty placeholder", "在 4.1 节只是空的占位"))
        .start()
        .draw(&mut d, sample.right().shift(10.0, 0.0));
    let desc = t(
        "A tower, read from bottom to top. Token ids go into the token embedding (section 2.7); the position \
         embedding (2.8) is added; then come twelve transformer blocks (4.5), the final layer norm (4.2) and the \
         output layer (4.1), which gives the logits. All of it is the GPT model (4.6). A dashed arrow leads from the \
         logits back to the ids: one token after another (4.7). On the right one block is opened: layer norm (4.2), \
         attention (3.6) and an addition, then layer norm, feed-forward network with GELU (4.3) and an addition; \
         shortcuts (4.4) lead around both halves. Blocks and final norm are dashed, because in 4.1 they are empty \
         placeholders.",
        "一座塔，从下往上看。词元 ID 进入词元嵌入（2.7 节），加上位置嵌入（2.8），然后是十二个 Transformer 块\
         （4.5）、最终层归一化（4.2）和输出层（4.1），得到 logits。这些合起来是 GPT 模型（4.6）。一条虚线箭头从 \
         logits 回到 ID：一个词元接一个词元（4.7）。右边打开了一个块：层归一化（4.2）、注意力（3.6）、相加，再是层归\
         一化、带 GELU 的前馈网络（4.3）、相加；两半外面各绕一条快捷连接（4.4）。块和最终层归一化画成虚线，因为它们在 \
         4.1 节只是空的占位。",
    );
    let title = t("The parts of the model, and the section that builds each", "模型的各个部件，以及构建它们的小节");
    Figure::new("4-02", title, desc, d)
}

/// One block, opened.
fn inside(d: &mut Drawing) -> Rect {
    let x = 488.0;
    let place = |y| Rect::around(p(x, y), (196.0, 38.0));
    let norm_1 = part(d, place(368.0), t("layer norm", "层归一化"), "4.2", false);
    let attention = part(d, place(304.0), t("attention", "注意力"), "3.6", false);
    let plus_1 = Node::sign("+").draw_at(d, p(x, 245.0));
    let norm_2 = part(d, place(162.0), t("layer norm", "层归一化"), "4.2", false);
    let network = part(d, place(98.0), t("feed-forward, GELU", "前馈网络，GELU"), "4.3", false);
    let plus_2 = Node::sign("+").draw_at(d, p(x, 39.0));
    let frame = rect(norm_1.x, plus_2.y - 4.0, 274.0, norm_1.y_end() + 34.0 - plus_2.y);
    let frame = Group::around([frame]).title(t("one block", "一个块")).draw(d);
    let side = norm_1.x_end() + 18.0;
    for (from, norm, part, plus) in
        [(frame.y_end() + 22.0, norm_1, attention, plus_1), (plus_1.y, norm_2, network, plus_2)]
    {
        let leave = norm.bottom().shift(0.0, 24.0);
        fork(d, leave, Role::Token);
        Arrow::new(p(x, from), norm.bottom()).free().draw(d);
        Arrow::new(norm.top(), part.bottom()).draw(d);
        Arrow::new(part.top(), plus.bottom()).draw(d);
        let corners = [p(side, leave.y), p(side, plus.center().y)];
        Arrow::new(leave, plus.right()).via(corners).free().role(Role::Token).draw(d);
        let shortcut = Text::note(t("shortcut\n4.4", "快捷连接\n4.4"));
        shortcut.start().draw(d, p(side + 8.0, (norm.y + part.y_end()) / 2.0));
    }
    Arrow::new(plus_2.top(), p(x, frame.y - 22.0)).free().draw(d);
    frame
}
