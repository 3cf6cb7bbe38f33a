//! What fine-tuning changes.

use burn::module::Module;
use burn::tensor::Device;
use ch04_gpt::GptModel;
use ch06_classify::add_classification_head;
use shared::GptConfig;
use shared::rng::TorchRng;

use crate::parts::{Arrow, Node, Side, Text, brace_of, decimal, whole};
use crate::theme::{Paint, Role};
use crate::{Dash, Drawing, Figure, Layer, Rect, Style, Words, p, rect, t};

/// Width of a part of the tower, right end of the numbers, and the ways of the two passes.
const PART: f64 = 190.0;
const NUMBERS: f64 = 296.0;
const FORWARD: f64 = 344.0;
const BACKWARD: f64 = 450.0;

pub fn trained_and_frozen() -> Figure {
    let config = GptConfig { qkv_bias: true, ..GptConfig::preset("124M").expect("it is one of the presets") };
    let (device, mut rng) = (Device::flex(), TorchRng::new(123));
    let model = add_classification_head(GptModel::new(&config, &device), &mut rng, &device);
    let block = model.trf_blocks[0].num_params();
    let last = model.trf_blocks.len() - 1;
    let parts: [(Words, usize, f64); 6] = [
        (t("head", "输出头"), model.out_head.num_params(), 42.0),
        (t("final norm", "最终归一化"), model.final_norm.num_params(), 42.0),
        (t("block 12", "第 12 块"), block, 56.0),
        (t("11 blocks", "11 个块"), block * last, 96.0),
        (t("position embedding", "位置嵌入"), model.pos_emb.num_params(), 42.0),
        (t("token embedding", "词元嵌入"), model.tok_emb.num_params(), 42.0),
    ];
    let mut d = Drawing::new();
    let mut y = 0.0;
    let mut places = Vec::new();
    for (i, (name, count, height)) in parts.iter().enumerate() {
        if i == 3 {
            y += 24.0;
        }
        let place = rect(0.0, y, PART, *height);
        let is_trained = i < 3;
        if i == 3 {
            for shift in [10.0, 5.0] {
                frozen(&mut d, place.shift(shift, -shift));
            }
        }
        if is_trained {
            Node::of(Text::new(name).bold()).role(Role::Weight).heavy().draw(&mut d, place);
        } else {
            frozen(&mut d, place);
            Text::new(name).halo().draw_in(&mut d, place);
        }
        Text::new(whole(*count)).size_of(14.0).end().draw(&mut d, p(NUMBERS, place.center().y));
        places.push(place);
        y += height + 14.0;
    }
    let trained: usize = parts[..3].iter().map(|part| part.1).sum();
    let rest: usize = parts[3..].iter().map(|part| part.1).sum();
    let percent = decimal(100.0 * trained as f64 / (trained + rest) as f64, 1);
    let around = |from: usize, to: usize| {
        let all = Rect::bounds([places[from], places[to]]);
        rect(-6.0, all.y + 4.0, 6.0, all.h - 8.0)
    };
    let words =
        t(format!("trained\n{}\n{percent} %", whole(trained)), format!("训练\n{}\n{percent} %", whole(trained)));
    brace_of(&mut d, around(0, 2), Side::Left, Text::new(words).size_of(14.0).bold().role(Role::Weight));
    let words = t(format!("frozen\n{}", whole(rest)), format!("冻结\n{}", whole(rest)));
    brace_of(&mut d, around(3, 5), Side::Left, Text::new(words).size_of(14.0).bold().muted());

    let bottom = places[5].y_end();
    let loss = Node::new(t("loss", "损失")).role(Role::Score);
    let loss = loss.draw(&mut d, Rect::around(p((FORWARD + BACKWARD) / 2.0, -48.0), (150.0, 38.0)));
    Arrow::new(p(FORWARD, bottom), p(FORWARD, loss.y_end())).width(2.5).free().draw(&mut d);
    let end = places[2].y_end() + 4.0;
    Arrow::new(p(BACKWARD, loss.y_end()), p(BACKWARD, end)).width(2.5).role(Role::Score).free().draw(&mut d);
    let stop = [p(BACKWARD - 22.0, end + 2.0), p(BACKWARD + 22.0, end + 2.0)];
    d.line(Layer::Main, &stop, Style::line(Paint::Strong(Role::Score)).width(3.5));
    let line = [p(0.0, end + 12.0), p(BACKWARD + 22.0, end + 12.0)];
    d.line(Layer::Back, &line, Style::line(Paint::Strong(Role::Mask)).dash(Dash::Dashed));
    let forward = t("forward:\nthrough everything", "前向：\n穿过全部");
    Text::new(forward).size_of(14.0).start().draw(&mut d, p(FORWARD + 14.0, places[3].center().y + 20.0));
    let backward = t("backward:\nstops here", "反向：\n到此为止");
    Text::new(backward).size_of(14.0).role(Role::Score).start().draw(&mut d, p(BACKWARD + 32.0, end - 22.0));
    let listed = |lang| {
        let of = |(name, count, _): &(Words, usize, f64)| format!("{} {}", name.get(lang), whole(*count));
        parts.iter().map(of).collect::<Vec<_>>()
    };
    let (en, zh) = (listed(crate::Lang::En), listed(crate::Lang::Zh));
    let desc = t(
        format!(
            "A tower from bottom to top with the parameters of each part. Frozen, hatched: {}, {}, {}, together {}. Trained, \
             with thick frames: {}, {}, {}, together {}, {percent} %. On the right an arrow goes up through everything to \
             the loss: forward. A second arrow goes down from the loss and ends at a bar under block 12: backward stops here.",
            en[5],
            en[4],
            en[3],
            whole(rest),
            en[2],
            en[1],
            en[0],
            whole(trained)
        ),
        format!(
            "一座塔，从下往上，旁边是各部分的参数个数。冻结的画斜线：{}、{}、{}，共 {}。训练的用粗框：{}、{}、{}，共 {}，占 {percent} %。\
             右边一个箭头向上穿过全部，直到损失：前向。另一个箭头从损失向下，停在第 12 块下面的一道横杠上：反向到此为止。",
            zh[5],
            zh[4],
            zh[3],
            whole(rest),
            zh[2],
            zh[1],
            zh[0],
            whole(trained)
        ),
    );
    Figure::new("6-08", t("What is trained and what is frozen", "哪些训练，哪些冻结"), desc, d)
}

fn frozen(d: &mut Drawing, place: Rect) {
    d.rect(Layer::Main, place, 8.0, Style::fill(Paint::Soft(Role::Mask)));
    d.rect(Layer::Main, place, 8.0, Style::fill(Paint::Hatch(Role::Mask)));
    d.rect(Layer::Main, place, 8.0, Style::line(Paint::Strong(Role::Mask)));
}
