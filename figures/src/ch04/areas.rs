//! The parameters of GPT-2 small as areas.

use burn::module::Module;
use burn::tensor::Device;
use ch04_gpt::GptModel;

use super::gpt2_small;
use crate::parts::{Node, Side, Text, brace, cut_across, cut_down, decimal, whole};
use crate::theme::{Paint, Role};
use crate::{Drawing, Figure, Layer, Rect, Style, Words, p, rect, t};

pub fn areas() -> Figure {
    let model = GptModel::new(&gpt2_small(), &Device::flex());
    let all = model.num_params();
    let percent = |count: usize| format!("{} %", decimal(100.0 * count as f64 / all as f64, 1));
    let (token, position, head) = (model.tok_emb.num_params(), model.pos_emb.num_params(), model.out_head.num_params());
    let each = &model.trf_blocks[0];
    let blocks = model.trf_blocks.len();
    let norms = blocks * (each.norm1.num_params() + each.norm2.num_params()) + model.final_norm.num_params();
    let (attention, network) = (each.att.num_params(), each.ff.num_params());

    let mut d = Drawing::new();
    let whole_area = rect(0.0, 0.0, 600.0, 360.0);
    let middle = blocks * (attention + network) + norms;
    let columns = cut_across(whole_area, &[token + position, middle, head].map(|count| count as f64));
    let tables = cut_down(columns[0], &[token, position].map(|count| count as f64));
    let seam = |place: Rect| place.grow(-1.5);
    d.rect(Layer::Main, seam(tables[0]), 4.0, Style::role(Role::Weight));
    label(&mut d, tables[0], t("token\nembedding", "词元嵌入"), token, percent(token));
    let strip = Rect { h: tables[1].h - 1.5, ..tables[1].grow(-0.75) };
    d.rect(Layer::Main, strip, 1.0, Style::fill(Paint::Strong(Role::Weight)));
    for (i, strip) in columns[1].column(blocks, 0.0).into_iter().enumerate() {
        let parts = cut_across(strip, &[attention as f64, network as f64]);
        d.rect(Layer::Main, seam(parts[0]), 3.0, Style::fill(Paint::Strong(Role::Weight)).opacity(0.42));
        d.rect(Layer::Main, seam(parts[1]), 3.0, Style::fill(Paint::Strong(Role::Weight)).opacity(0.2));
        Text::small((i + 1).to_string()).draw_in(&mut d, parts[0]);
        if i == 0 {
            for (part, name, count) in
                [(parts[0], t("attention", "注意力"), attention), (parts[1], t("feed-forward", "前馈网络"), network)]
            {
                let head = part.top().shift(0.0, -26.0);
                Text::new(name).size_of(14.0).draw(&mut d, head.shift(0.0, -10.0));
                Text::note(percent(blocks * count)).draw(&mut d, head.shift(0.0, 10.0));
            }
        }
    }
    Node::empty().style(Style::fill(Paint::Soft(Role::Weight))).radius(4.0).draw(&mut d, seam(columns[2]));
    d.rect(
        Layer::Main,
        seam(columns[2]),
        4.0,
        Style::fill(Paint::Hatch(Role::Weight)).outlined(Paint::Strong(Role::Weight)),
    );
    let inner = Rect::around(columns[2].center(), (118.0, 96.0));
    d.rect(Layer::Main, inner, 6.0, Style::fill(Paint::Soft(Role::Weight)));
    label(&mut d, columns[2], t("output layer", "输出层"), head, percent(head));
    let sum: usize = model.trf_blocks.iter().map(Module::num_params).sum();
    let sum = whole(sum as u64);
    let twelve = t(format!("12 blocks: {sum}"), format!("12 个块：{sum}"));
    Text::new(twelve).bold().draw(&mut d, columns[1].top().shift(0.0, -62.0));

    let note = t(
        format!("strip: position embedding, {}, {}", whole(position as u64), percent(position)),
        format!("细条：位置嵌入，{}，{}", whole(position as u64), percent(position)),
    );
    Text::note(note).start().draw_below(&mut d, whole_area.at(0.0, 1.0).shift(0.0, 8.0));
    let norms_note = t(
        format!("all norms, {}: thinner than a line", whole(norms as u64)),
        format!("全部归一化，{}：比线还细", whole(norms as u64)),
    );
    Text::note(norms_note).end().draw_below(&mut d, whole_area.at(1.0, 1.0).shift(0.0, 8.0));
    let under = |x_end: f64, y: f64| rect(4.0, y, x_end - 8.0, 2.0);
    let tied = t(
        format!("{} with weight tying", whole(model.num_params_tied() as u64)),
        format!("共享权重：{}", whole(model.num_params_tied() as u64)),
    );
    brace(&mut d, under(columns[1].x_end(), 388.0), Side::Below, tied);
    let own = t(
        format!("{} with an output layer of its own", whole(all as u64)),
        format!("输出层独立：{}", whole(all as u64)),
    );
    brace(&mut d, under(whole_area.x_end(), 432.0), Side::Below, own);
    let desc = t(
        format!(
            "A rectangle whose areas are the parameters. Left, the token embedding, 38,597,376 or {}, with a narrow \
             strip for the position embedding, 786,432 or {}. In the middle twelve equal strips, the blocks, each \
             divided one to two: attention, {} in all, and feed-forward network, {} in all. Right, hatched, the \
             output layer, as large as the token embedding. All norms, 38,400, are too thin to be seen. A brace \
             under everything says 163,009,536, with an output layer of its own; a brace without the output layer \
             says 124,412,160, with weight tying.",
            percent(token),
            percent(position),
            percent(blocks * attention),
            percent(blocks * network)
        ),
        format!(
            "一个矩形，面积就是参数个数。左边是词元嵌入，38,597,376，占 {}，下面一条细条是位置嵌入，786,432，占 {}。\
             中间是十二条同样大的横条，即十二个块，每条按一比二分成注意力（共 {}）和前馈网络（共 {}）。右边画斜线的是\
             输出层，和词元嵌入一样大。全部归一化只有 38,400，细得看不见。整个矩形下面的括号写着 163,009,536，输出层\
             独立；不含输出层的括号写着 124,412,160，共享权重。",
            percent(token),
            percent(position),
            percent(blocks * attention),
            percent(blocks * network)
        ),
    );
    let title = t(
        "The parameters of GPT-2 small as areas: 163 million with an output layer of its own, 124 million with \
         weight tying",
        "GPT-2 small 的参数画成面积：输出层独立时 1.63 亿，共享权重时 1.24 亿",
    );
    Figure::new("4-12", title, desc, d)
}

/// Name, number and share in the middle of an area.
fn label(d: &mut Drawing, place: Rect, name: Words, count: usize, share: String) {
    let middle = place.center();
    let name = Text::new(name).bold().draw(d, middle.shift(0.0, -20.0));
    let count = Text::small(whole(count as u64)).draw_below(d, p(middle.x, name.y_end() + 2.0));
    Text::note(share).draw_below(d, p(middle.x, count.y_end()));
}
