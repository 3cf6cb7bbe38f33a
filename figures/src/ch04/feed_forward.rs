//! The feed-forward network.

use burn::module::Module;
use burn::tensor::Device;
use ch04_gpt::FeedForward;

use super::gpt2_small;
use super::shapes::funnel;
use crate::parts::{Arrow, Node, Text, whole};
use crate::theme::{Paint, Role};
use crate::{Drawing, Figure, Layer, Rect, Style, p, rect, t};

/// Pixels per value of a vector.
const SCALE: f64 = 0.15;
const BAR: f64 = 24.0;

pub fn feed_forward() -> Figure {
    let config = gpt2_small();
    let network = FeedForward::new(&config, &Device::flex());
    let (width, hidden) = (config.emb_dim, 4 * config.emb_dim);
    let mut d = Drawing::new();
    let bar = |d: &mut Drawing, y: f64, width: usize, role: Role| {
        let place = rect(-SCALE * width as f64 / 2.0, y, SCALE * width as f64, BAR);
        d.rect(Layer::Main, place, 4.0, Style::role(role));
        Text::small(whole(width as u64)).draw_in(d, place);
        let shape = format!("[2, 3, {width}]");
        Text::small(shape).mono().muted().start().draw(d, p(SCALE * hidden as f64 / 2.0 + 16.0, place.center().y));
        place
    };
    let x = bar(&mut d, 0.0, width, Role::Token);
    let wide = bar(&mut d, 128.0, hidden, Role::Token);
    let bent = bar(&mut d, 258.0, hidden, Role::Token);
    let y = bar(&mut d, 386.0, width, Role::Output);
    for (upper, lower, layer, product) in [
        (
            x,
            wide,
            &network.expand,
            format!("{} × {} + {}", whole(width as u64), whole(hidden as u64), whole(hidden as u64)),
        ),
        (
            bent,
            y,
            &network.contract,
            format!("{} × {} + {}", whole(hidden as u64), whole(width as u64), whole(width as u64)),
        ),
    ] {
        let (from, to) = (upper.shift(0.0, 6.0), lower.shift(0.0, -6.0));
        let place = funnel(&mut d, from, to, Style::role(Role::Weight));
        let middle = place.center();
        let count = whole(layer.num_params() as u64);
        Text::new(t(format!("{count} parameters"), format!("{count} 个参数")))
            .size_of(14.0)
            .bold()
            .draw(&mut d, middle.shift(0.0, -10.0));
        Text::small(product).draw(&mut d, middle.shift(0.0, 10.0));
    }
    let gelu = Node::new("GELU").note(t("on every value alone", "对每个数单独计算"));
    let gelu = gelu.draw_at(&mut d, p(0.0, (wide.y_end() + bent.y) / 2.0));
    for share in [0.08, 0.22, 0.78, 0.92] {
        Arrow::new(wide.at(share, 1.0), bent.at(share, 0.0)).draw(&mut d);
    }
    Arrow::new(wide.bottom(), gelu.top()).draw(&mut d);
    Arrow::new(gelu.bottom(), bent.top()).draw(&mut d);
    Text::new(t("one token", "一个词元")).size_of(14.0).end().draw(&mut d, x.left().shift(-14.0, 0.0));
    Text::new(t("as wide as before", "与原来一样宽")).size_of(14.0).end().draw(&mut d, y.left().shift(-14.0, 0.0));
    all_tokens(&mut d, 464.0);
    let count = whole(network.num_params() as u64);
    let desc = t(
        format!(
            "From top to bottom the vector of one token as a bar of width 768. A first weight, drawn as a funnel \
             that opens, with 768 × 3,072 + 3,072 = 2,362,368 parameters, makes it 3,072 wide, four times as wide. \
             GELU is applied to every value alone; the width stays. A second weight, a funnel that closes, with \
             3,072 × 768 + 768 = 2,360,064 parameters, makes it 768 wide again; together {count}. Shapes for two \
             texts of three tokens: [2, 3, 768], [2, 3, 3072], [2, 3, 3072], [2, 3, 768]. Below, six small copies, \
             one for each token of the two texts: the same weights, no line between them."
        ),
        format!(
            "从上到下：一个词元的向量画成宽 768 的长条。第一组权重画成张开的漏斗，有 768 × 3,072 + 3,072 = 2,362,368 \
             个参数，把它加宽到 3,072，正好四倍。GELU 对每个数单独计算，宽度不变。第二组权重画成收拢的漏斗，有 3,072 \
             × 768 + 768 = 2,360,064 个参数，把它收窄回 768；合计 {count} 个参数。两段文本、各三个词元时，形状依次是 \
             [2, 3, 768]、[2, 3, 3072]、[2, 3, 3072]、[2, 3, 768]。下方六个小图，两段文本的每个词元一个：权重相同，彼\
             此没有连线。"
        ),
    );
    let title = t(
        "The feed-forward network widens each vector, bends it, and narrows it again",
        "前馈网络先把每个向量加宽，再弯折，最后收窄",
    );
    Figure::new("4-07", title, desc, d)
}

/// The network once more for each token, small.
fn all_tokens(d: &mut Drawing, y: f64) {
    let step = 66.0;
    let texts = [t("text 1", "文本 1"), t("text 2", "文本 2")];
    for (text, name) in texts.into_iter().enumerate() {
        let left = -230.0 + 260.0 * text as f64;
        for token in 0..3 {
            let x = left + step * (token as f64 + 0.5);
            let is_shown = text == 0 && token == 0;
            let style = Style::role(Role::Weight).width(1.0);
            let strong = Style::fill(Paint::Strong(Role::Weight)).outlined(Paint::Strong(Role::Weight)).opacity(0.5);
            let style = if is_shown { strong } else { style };
            let bar = |y: f64, w: f64| Rect::around(p(x, y), (w, 5.0));
            funnel(d, bar(y, 14.0), bar(y + 26.0, 52.0), style);
            funnel(d, bar(y + 30.0, 52.0), bar(y + 56.0, 14.0), style);
            for (y, w, role) in [(y, 14.0, Role::Token), (y + 28.0, 52.0, Role::Token), (y + 56.0, 14.0, Role::Output)]
            {
                d.rect(Layer::Main, bar(y, w), 1.0, Style::fill(Paint::Strong(role)));
            }
        }
        Text::note(name).draw_below(d, p(left + 1.5 * step, y + 66.0));
    }
    Text::note(t("the same weights\nfor every token", "所有词元\n用同样的权重")).start().draw(d, p(246.0, y + 28.0));
}
