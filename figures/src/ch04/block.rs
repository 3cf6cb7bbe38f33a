//! The transformer block as a road with two detours.

use burn::tensor::{Device, Tensor, s};
use ch04_gpt::TransformerBlock;
use shared::Mode;
use shared::init::{rand, torch_init};
use shared::rng::TorchRng;

use super::shapes::{fork, road};
use super::{gpt2_small, values};
use crate::parts::{Arrow, Node, Text, decimal};
use crate::theme::{Paint, Role};
use crate::{Dash, Drawing, Figure, Layer, Rect, Style, Words, p, rect, t};

/// The first value of the first token of the example: on the road, and what each part adds.
struct Numbers {
    x: f64,
    attention: f64,
    h: f64,
    network: f64,
    y: f64,
}

impl Numbers {
    fn of_the_example() -> Self {
        let (config, device, mut rng) = (gpt2_small(), Device::flex(), TorchRng::new(123));
        let x: Tensor<3> = rand([2, 4, config.emb_dim], &mut rng, &device);
        let block = torch_init(TransformerBlock::new(&config, &device), &mut rng);
        let x = x.slice(s![..1, .., ..]);
        let attention = block.att.forward(block.norm1.forward(x.clone()), &mut Mode::Eval);
        let h = x.clone() + attention.clone();
        let network = block.ff.forward(block.norm2.forward(h.clone()));
        let y = block.forward(x.clone(), &mut Mode::Eval);
        let [x, attention, h, network, y] = [x, attention, h, network, y].map(|x| f64::from(values(x)[0]));
        Self { x, attention, h, network, y }
    }
}

/// Middle of the detours.
const DETOUR: f64 = 216.0;

pub fn block() -> Figure {
    let numbers = Numbers::of_the_example();
    let mut d = Drawing::new();
    let stations = [(0.0, "y", numbers.y), (332.0, "h", numbers.h), (664.0, "x", numbers.x)];
    let [y, h, x] = stations.map(|(y, name, value)| {
        let place = Rect::around(p(0.0, y), (152.0, 46.0));
        Node::of(Text::new(name).bold()).role(Role::Token).heavy().note("[batch, tokens, 768]").draw(&mut d, place);
        Text::new(decimal(value, 4)).role(Role::Token).bold().end().draw(&mut d, place.left().shift(-12.0, 0.0));
        place
    });
    let detours = [
        (x, h, t("multi-head attention", "多头注意力"), t("mixes the tokens", "混合各个词元"), numbers.attention),
        (h, y, t("feed-forward network", "前馈网络"), t("each token alone", "每个词元各自"), numbers.network),
    ];
    for (from, to, part, note, added) in detours {
        let plus = Node::sign("+").draw_at(&mut d, to.bottom().shift(0.0, 44.0));
        let out = from.top().shift(0.0, -20.0);
        road(&mut d, &[from.top(), plus.bottom()], Role::Token, 5.0);
        Arrow::new(plus.top(), to.bottom()).role(Role::Token).width(5.0).draw(&mut d);
        let place = |y: f64, height: f64| Rect::around(p(DETOUR, y), (196.0, height));
        let middle = (plus.center().y + out.y) / 2.0;
        let norm = Node::new(t("layer norm", "层归一化")).role(Role::Weight).draw(&mut d, place(middle + 62.0, 36.0));
        let part = Node::new(part).role(Role::Weight).note(note).draw(&mut d, place(middle - 8.0, 52.0));
        let dropout = Node::new("dropout").draw(&mut d, place(middle - 76.0, 32.0));
        fork(&mut d, out, Role::Token);
        Arrow::new(out, norm.bottom()).via([p(DETOUR, out.y)]).free().draw(&mut d);
        Arrow::new(norm.top(), part.bottom()).draw(&mut d);
        Arrow::new(part.top(), dropout.bottom()).draw(&mut d);
        Arrow::new(dropout.top(), plus.right()).via([p(DETOUR, plus.center().y)]).draw(&mut d);
        let added = Text::small(decimal(added, 4)).bold();
        added.draw_above(&mut d, p(66.0, plus.center().y - 4.0));
    }
    let on_road = t("the road:\none token's vector,\nfirst value", "主路：\n一个词元的向量，\n第一个数");
    Text::note(on_road).end().draw(&mut d, p(-18.0, (h.y_end() + x.y) / 2.0 + 20.0));
    post_norm(&mut d);
    let [first, attention, middle, network, last] =
        [numbers.x, numbers.attention, numbers.h, numbers.network, numbers.y].map(|value| decimal(value, 4));
    let desc = t(
        format!(
            "A straight thick road leads from x at the bottom over h to y at the top; all three have the shape \
             [batch, tokens, 768]. Two detours leave it on the right and come back to a plus sign. The first goes \
             through layer norm, multi-head attention (mixes the tokens) and dropout, the second through layer norm, \
             feed-forward network (each token alone) and dropout. The first value of a token on the road: {first}; \
             attention adds {attention}, which makes {middle}; the feed-forward network adds {network}, which makes \
             {last}. Beside it, small and dashed, the block of 2017: there the norms stand on the road, behind each \
             plus sign."
        ),
        format!(
            "一条笔直的粗线是主路，从底部的 x 经过 h 到顶部的 y，三处的形状都是 [batch, tokens, 768]。两条岔道从右边\
             离开，再回到加号处。第一条经过层归一化、多头注意力（混合各个词元）和 dropout，第二条经过层归一化、前馈网\
             络（每个词元各自）和 dropout。以一个词元的第一个数为例：主路上是 {first}，注意力加上 {attention}，得 \
             {middle}；前馈网络加上 {network}，得 {last}。旁边的小图是 2017 年的块：归一化在主路上，位于每个加号之\
             后。"
        ),
    );
    let title = t(
        "A transformer block: norm before each part, a shortcut around it",
        "Transformer 块：每个部件之前归一化，外面绕一条快捷连接",
    );
    Figure::new("4-10", title, desc, d)
}

/// The block of the first transformer, small: its norms stand on the road.
fn post_norm(d: &mut Drawing) {
    let (x, side) = (398.0, 500.0);
    let frame = rect(348.0, 162.0, 218.0, 362.0);
    d.rect(Layer::Back, frame, 12.0, Style::line(Paint::Strong(Role::Plain)).dash(Dash::Dashed));
    let title = t("2017: post-norm", "2017 年：后置归一化");
    Text::new(title).size_of(14.0).bold().draw(d, frame.top().shift(0.0, 20.0));
    let mut from = p(x, frame.y_end() - 14.0);
    let parts: [Words; 2] = [t("attention", "注意力"), t("feed-forward", "前馈网络")];
    for (i, name) in parts.into_iter().enumerate() {
        let y = frame.y_end() - 62.0 - 146.0 * i as f64;
        let part = Node::of(Text::small(name)).role(Role::Weight).pad(6.0, 4.0);
        let part = part.draw(d, Rect::around(p(side, y), (104.0, 30.0)));
        let plus = Rect::around(p(x, y - 40.0), (24.0, 24.0));
        let plus = Node::of(Text::new("+")).radius(12.0).pad(0.0, 0.0).draw(d, plus);
        let norm = Node::of(Text::small(t("norm", "归一化"))).role(Role::Weight).heavy().pad(6.0, 4.0);
        let norm = norm.draw(d, Rect::around(p(x, y - 78.0), (66.0, 28.0)));
        road(d, &[from, plus.bottom()], Role::Token, 4.0);
        road(d, &[plus.top(), norm.bottom()], Role::Token, 4.0);
        fork(d, p(x, y + 30.0), Role::Token);
        Arrow::new(p(x, y + 30.0), part.bottom()).via([p(side, y + 30.0)]).free().draw(d);
        Arrow::new(part.top(), plus.right()).via([p(side, plus.center().y)]).draw(d);
        from = norm.top();
    }
    Arrow::new(from.shift(0.0, 3.0), p(x, from.y - 26.0)).role(Role::Token).width(4.0).free().draw(d);
}
