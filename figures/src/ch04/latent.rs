//! Latent attention: one short vector is kept.

use burn::tensor::Device;
use ch04_gpt::bonus::MultiHeadLatentAttention;
use ch04_gpt::bonus::MultiHeadLatentAttentionConfig;
use ch04_gpt::bonus::cache_memory::{self, CacheShape};

use super::shapes::funnel;
use crate::parts::{Arrow, Text, whole};
use crate::theme::{Paint, Role};
use crate::{Dash, Drawing, Figure, Layer, Rect, Style, p, rect, t};

/// Pixels per number.
const SCALE: f64 = 0.24;
const BAR: f64 = 26.0;

pub fn latent() -> Figure {
    let (width, heads) = (768, 12);
    let config = MultiHeadLatentAttentionConfig::new(width, width, heads);
    let module = MultiHeadLatentAttention::new(&config, &Device::flex());
    let short = module.w_down.weight.lazy_shape()[1];
    let shape = CacheShape {
        batch: 1,
        tokens: 1,
        layers: 1,
        n_heads: heads as u64,
        head_dim: (width / heads) as u64,
        bytes_per_value: 1,
    };
    let (ordinary, here) = (cache_memory::multi_head(&shape), cache_memory::latent(&shape, short as u64));

    let mut d = Drawing::new();
    let bar = |x: f64, y: f64, width: usize| {
        let w = SCALE * width as f64;
        rect(x - w / 2.0, y, w, BAR)
    };
    let w = SCALE * width as f64;
    let [q_at, k_at, v_at] = [0.5, 1.5, 2.5].map(|i| i * w + 36.0 * (i - 0.5));
    let c_at = (k_at + v_at) / 2.0;
    let x = bar((q_at + c_at) / 2.0, 0.0, width);
    vector(&mut d, x, 1, false);
    let c = bar(c_at, 186.0, short);
    let [q, k, v] = [q_at, k_at, v_at].map(|at| bar(at, 350.0, width));
    let weight = Style::role(Role::Weight);
    let down = funnel(&mut d, bar(c_at, 60.0 - BAR, width), bar(c_at, 142.0, short), weight);
    let query = funnel(&mut d, bar(q_at, 60.0 - BAR, width), bar(q_at, 142.0, width), weight);
    let key = funnel(&mut d, bar(k_at, 258.0 - BAR, short), bar(k_at, 326.0, width), weight);
    let value = funnel(&mut d, bar(v_at, 258.0 - BAR, short), bar(v_at, 326.0, width), weight);
    for (place, name) in [(down, "W_{DKV}"), (query, "W_{Q}"), (key, "W_{UK}"), (value, "W_{UV}")] {
        let lower = if name == "W_{DKV}" {
            -14.0
        } else if name == "W_{Q}" {
            0.0
        } else {
            14.0
        };
        Text::new(name).draw(&mut d, place.center().shift(0.0, lower));
    }
    for (place, count) in [(q, heads), (k, heads), (v, heads)] {
        vector(&mut d, place, count, false);
    }
    vector(&mut d, c, 1, true);
    let frame = c.grow(8.0);
    let middle = 44.0;
    for to in [query.top(), down.top()] {
        Arrow::new(x.bottom(), to).via([p(x.center().x, middle), p(to.x, middle)]).free().draw(&mut d);
    }
    Arrow::new(down.bottom(), frame.top()).free().draw(&mut d);
    Arrow::new(query.bottom(), q.top()).free().draw(&mut d);
    for funnel in [key, value] {
        let down = 239.0;
        Arrow::new(frame.bottom(), funnel.top()).via([p(c_at, down), p(funnel.center().x, down)]).free().draw(&mut d);
        Arrow::new(funnel.bottom(), p(funnel.center().x, k.y)).free().draw(&mut d);
    }
    d.rect(Layer::Back, frame, 8.0, Style::line(Paint::Strong(Role::Output)).width(2.5));
    let kept = t(format!("c: {short} numbers, kept"), format!("c：{short} 个数，存下来"));
    Text::new(kept).bold().role(Role::Output).start().draw(&mut d, frame.right().shift(10.0, 0.0));
    Text::new(t(format!("x: {width} numbers"), format!("x：{width} 个数")))
        .start()
        .draw(&mut d, x.right().shift(10.0, 0.0));
    for (place, name) in
        [(q, t("Q: 12 heads", "Q：12 个头")), (k, t("K: 12 heads", "K：12 个头")), (v, t("V: 12 heads", "V：12 个头"))]
    {
        Text::small(name).draw_below(&mut d, place.bottom().shift(0.0, 5.0));
    }
    let again = t("computed again when needed, not kept", "用时再算，不存");
    Text::note(again).draw_below(&mut d, p(c_at, k.y_end() + 26.0));

    let y = 458.0;
    let title = t("kept per token and layer", "每个词元每层要存的数");
    Text::new(title).bold().start().draw(&mut d, p(q.x, y));
    for (i, (name, count)) in
        [(t("ordinary", "普通的注意力"), ordinary), (t("latent", "潜在注意力"), here)].into_iter().enumerate()
    {
        let y = y + 30.0 + 34.0 * i as f64;
        Text::new(name).size_of(14.0).start().draw(&mut d, p(q.x, y));
        let bar = rect(q.x + 104.0, y - 11.0, SCALE * count as f64, 22.0);
        d.rect(Layer::Main, bar, 3.0, Style::fill(Paint::Strong(Role::Score)).opacity(0.5));
        d.rect(Layer::Main, bar, 3.0, Style::line(Paint::Strong(Role::Score)));
        let count = whole(count);
        let words =
            if i == 0 { t(format!("{count} (K and V)"), format!("{count}（K 和 V）")) } else { count.into() };
        Text::new(words).size_of(14.0).start().draw(&mut d, bar.right().shift(8.0, 0.0));
    }
    let desc = t(
        format!(
            "Widths drawn to scale. A token vector x of {width} numbers goes two ways. Through W_Q it becomes the \
             query Q, {width} numbers in 12 heads. Through W_DKV, a funnel, it becomes the short latent vector c of \
             {short} numbers, framed: only this is kept. From c, two funnels that open, W_UK and W_UV, make the keys \
             K and the values V again, {width} numbers each. Below, what is kept per token and layer: ordinary \
             attention {}, latent attention {}, a sixteenth.",
            whole(ordinary),
            whole(here)
        ),
        format!(
            "宽度按比例画。一个词元的向量 x 有 {width} 个数，分两路走。一路经过 W_Q 得到查询 Q，{width} 个数，12 个\
             头。另一路经过漏斗 W_DKV，压成只有 {short} 个数的潜在向量 c，加了框：只存它。再由 c 经过两个张开的漏斗 \
             W_UK 和 W_UV，重新算出键 K 和值 V，各 {width} 个数。下方是每个词元每层要存的数：普通的注意力 {}，潜在注\
             意力 {}，只有十六分之一。",
            whole(ordinary),
            whole(here)
        ),
    );
    Figure::new("4-B5", t("A token is kept as one short vector", "一个词元只保留一个短向量"), desc, d)
}

/// A vector, divided into its heads.
fn vector(d: &mut Drawing, place: Rect, heads: usize, is_kept: bool) {
    let fill = if is_kept {
        Style::fill(Paint::Strong(Role::Token)).opacity(0.55)
    } else {
        Style::fill(Paint::Soft(Role::Token))
    };
    d.rect(Layer::Main, place, 3.0, fill.outlined(Paint::Strong(Role::Token)));
    for head in place.row(heads, 0.0).iter().skip(1) {
        let line = Style::line(Paint::Strong(Role::Token)).width(1.0).dash(Dash::Solid);
        d.line(Layer::Main, &[head.at(0.0, 0.0), head.at(0.0, 1.0)], line);
    }
}
