//! Where the chapter stands in the book, and its own stages.

use crate::parts::{Arrow, Group, RoadMap, Text};
use crate::theme::{Paint, Role};
use crate::{Drawing, Figure, Layer, Style, Words, p, rect, t};

/// Width of a step, as in the map, and height.
const STEP: (f64, f64) = (196.0, 34.0);

/// A stage of the chapter: its name, and its sections.
type Stage = (Words, Role, Vec<(&'static str, Words)>);

fn stages() -> [Stage; 3] {
    [
        (
            t("Data", "数据"),
            Role::Token,
            vec![
                ("7.2", t("tasks as text", "写成文本的任务")),
                ("7.3", t("batches", "批次")),
                ("7.4", t("loaders", "加载器")),
            ],
        ),
        (
            t("Training", "训练"),
            Role::Weight,
            vec![("7.5", t("pretrained model", "预训练模型")), ("7.6", t("fine-tuning", "微调"))],
        ),
        (t("Evaluation", "评估"), Role::Score, vec![("7.7", t("answers", "回答")), ("7.8", t("a judge", "评判模型"))]),
    ]
}

pub fn road_map() -> Figure {
    let mut d = Drawing::new();
    let map = RoadMap::at_chapter(7).draw(&mut d, p(0.0, 0.0));
    let bar = rect(map.x, map.y_end() + 40.0, map.w, 34.0);
    d.rect(Layer::Main, bar, 8.0, Style::fill(Paint::Ink));
    let words = t("step 9, an assistant: this chapter", "第 9 步，助手：本章");
    Text::new(words).bold().paint(Paint::Paper).draw_in(&mut d, bar);
    let down = map.x_end() - STEP.0 / 2.0 - 14.0;
    Arrow::new(p(down, map.y_end()), p(down, bar.y)).draw(&mut d);

    let mut x = map.x + 14.0;
    let mut frames = Vec::new();
    for (name, role, sections) in stages() {
        let places = rect(x, bar.y_end() + 56.0, STEP.0, 3.0 * STEP.1 + 16.0).column(3, 8.0);
        for ((number, words), place) in sections.into_iter().zip(&places) {
            d.rect(Layer::Main, *place, 8.0, Style::fill(Paint::Paper).outlined(Paint::Strong(role)));
            Text::small(number).bold().draw_in(&mut d, rect(place.x + 8.0, place.y, 28.0, place.h));
            let room = rect(place.x + 44.0, place.y, place.w - 52.0, place.h);
            Text::new(words).size_of(14.0).start().draw_in(&mut d, room);
        }
        frames.push(Group::around(places).title(name).role(role).draw(&mut d));
        x += STEP.0 + 52.0;
    }
    for pair in frames.windows(2) {
        Arrow::new(pair[0].right(), pair[1].left()).draw(&mut d);
    }
    let (from, to) = (frames[2].bottom(), frames[0].bottom());
    Arrow::new(from, to)
        .via([from.shift(0.0, 26.0), to.shift(0.0, 26.0)])
        .dashed()
        .below(t("better data, other settings", "更好的数据，别的设置"))
        .draw(&mut d);
    let desc = t(
        "Above, the nine steps of the book in three stages: build the model, steps 1 to 3, pretrain it, steps 4 to 7, \
         fine-tune it, steps 8 and 9. All are done but the last: step 9, an assistant, is this chapter and marked. An arrow \
         leads from it to a bar with its name, and below stand the chapter's own three stages. Data: 7.2 tasks as text, 7.3 \
         batches, 7.4 loaders. Training: 7.5 pretrained model, 7.6 fine-tuning. Evaluation: 7.7 answers, 7.8 a judge. A \
         dashed arrow leads from the evaluation back to the data: better data, other settings.",
        "上面是全书的九步，分三个阶段：搭建模型（第 1 到第 3 步）、预训练（第 4 到第 7 步）、微调（第 8、9 步）。除最后一步外都已完成：\
         第 9 步，助手，就是本章，已标出。箭头从它指向一条写着它名字的横条，下面是本章自己的三个阶段。数据：7.2 写成文本的任务，7.3 批次，\
         7.4 加载器。训练：7.5 预训练模型，7.6 微调。评估：7.7 回答，7.8 评判模型。一条虚线箭头从评估回到数据：更好的数据，别的设置。",
    );
    let title = t(
        "The way from the first token to an assistant; this chapter is the last step",
        "从第一个词元到助手的路；本章是最后一步",
    );
    Figure::new("7-01", title, desc, d)
}
