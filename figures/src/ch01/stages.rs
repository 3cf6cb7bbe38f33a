//! The two kinds of training.

use crate::parts::{Arrow, Node};
use crate::theme::Role;
use crate::{Drawing, Figure, Rect, p, t};

pub fn two_kinds() -> Figure {
    let mut d = Drawing::new();
    let at = |x: f64, y: f64, size: (f64, f64)| Rect::around(p(x, y), size);
    let data = |en: &str, zh: &str, note: (&str, &str)| Node::new(t(en, zh)).role(Role::Token).note(t(note.0, note.1));
    let model = |en: &str, zh: &str| Node::new(t(en, zh)).role(Role::Weight).heavy();
    let can = |en: &str, zh: &str| Node::new(t(en, zh)).role(Role::Output);

    let text = data(
        "raw text, no labels",
        "原始文本，没有标签",
        ("our story: 5,649 tokens\nGPT-3: 300 billion", "我们的故事：5,649 个词元\nGPT-3：3000 亿个"),
    );
    let text = text.draw(&mut d, at(95.0, 0.0, (190.0, 84.0)));
    let base = model("base model", "基座模型").draw(&mut d, at(360.0, 0.0, (140.0, 54.0)));
    let continues = can("continues a text", "续写文本").draw(&mut d, at(612.0, 0.0, (170.0, 44.0)));
    Arrow::new(text.right(), base.left()).width(4.0).draw(&mut d);
    Arrow::new(base.right(), continues.left()).draw(&mut d);

    let messages = data("messages\nwith a class", "带类别的消息", ("here: 280", "这里：280 条"));
    let messages = messages.draw(&mut d, at(70.0, 165.0, (140.0, 84.0)));
    let classifier = model("classifier", "分类器").draw(&mut d, at(250.0, 165.0, (120.0, 54.0)));
    let assistant = model("assistant", "助手").draw(&mut d, at(470.0, 165.0, (120.0, 54.0)));
    let tasks = data("instructions\nwith answers", "带回答的指令", ("here: 340", "这里：340 条"));
    let tasks = tasks.draw(&mut d, at(650.0, 165.0, (140.0, 84.0)));
    Arrow::new(messages.right(), classifier.left()).draw(&mut d);
    Arrow::new(tasks.left(), assistant.right()).draw(&mut d);
    for (model, en, zh) in [(classifier, "spam or not spam", "垃圾或正常"), (assistant, "answers", "回答")] {
        let fork = base.y_end() + 42.0;
        let corners = [p(base.center().x, fork), p(model.center().x, fork)];
        Arrow::new(base.bottom(), model.top()).via(corners).draw(&mut d);
        let able = can(en, zh).draw(&mut d, at(model.center().x, 275.0, (160.0, 44.0)));
        Arrow::new(model.bottom(), able.top()).draw(&mut d);
    }
    crate::parts::Text::small(t("pretraining", "预训练")).bold().draw(&mut d, p(239.0, -22.0));
    crate::parts::Text::small(t("fine-tuning", "微调")).bold().draw(&mut d, p(360.0, 92.0));
    let desc = t(
        "Above: raw text without labels (our story has 5,649 tokens, GPT-3 read 300 billion) becomes, by pretraining, a base \
         model, which continues a text. From the base model two arrows, labelled fine-tuning, lead down: with 280 messages \
         with a class to a classifier, which says spam or not spam, and with 340 instructions with answers to an assistant, \
         which answers.",
        "上方：没有标签的原始文本（我们的故事有 5,649 个词元，GPT-3 读了 3000 亿个）经过预训练成为基座模型，它会续写文本。从基座模型向下有两条\
         标着“微调”的箭头：一条用 280 条带类别的消息得到分类器，判断垃圾或正常；一条用 340 条带回答的指令得到助手，它会回答。",
    );
    Figure::new(
        "1-05",
        t("Two kinds of training: expensive once, cheap often", "两种训练：贵的做一次，便宜的做多次"),
        desc,
        d,
    )
}
