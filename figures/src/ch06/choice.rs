//! Two kinds of fine-tuning.

use super::{HAM, SPAM};
use crate::parts::{Arrow, Group, Node, Text};
use crate::theme::Role;
use crate::{Drawing, Figure, Rect, Words, p, rect, t};

/// Where the lanes begin, the distance of their middles, and the width of input and model.
const LANE: f64 = 172.0;
const HALF: f64 = 104.0;
const INPUT: f64 = 214.0;
const MODEL: f64 = 96.0;

pub fn two_kinds() -> Figure {
    let mut d = Drawing::new();
    let pretrained = Node::new(t("pretrained\nmodel", "预训练模型")).role(Role::Weight).heavy();
    let pretrained = pretrained.draw(&mut d, Rect::around(p(58.0, 0.0), (116.0, 70.0)));
    let (spam, ham) = (t("spam", "spam（垃圾）"), t("ham", "ham（正常）"));

    let y = -HALF;
    let message = Node::of(Text::new("Win a free prize now,\nreply YES").size_of(14.0)).role(Role::Token).radius(3.0);
    let message = message.draw(&mut d, Rect::around(p(LANE + INPUT / 2.0, y), (INPUT, 56.0)));
    let classifier = model(&mut d, y);
    let answers = classifier.x_end() + 34.0;
    let list = [-25.0, 25.0].map(|dy| Rect::around(p(answers + 62.0, y + dy), (124.0, 38.0)));
    let ham = Node::new(ham).role(HAM).pad(4.0, 6.0).draw(&mut d, list[0]);
    let spam = Node::of(Text::new(spam).bold()).role(SPAM).heavy().pad(4.0, 6.0).draw(&mut d, list[1]);
    Arrow::new(message.right(), classifier.left()).draw(&mut d);
    Arrow::new(classifier.right(), ham.left()).elbow_across(0.5).dashed().draw(&mut d);
    Arrow::new(classifier.right(), spam.left()).elbow_across(0.5).width(2.5).draw(&mut d);
    let upper = lane(
        &mut d,
        [message, classifier, ham, spam],
        t("classification fine-tuning", "分类微调"),
        [t("only the message", "只有消息"), t("a fixed list of answers", "答案表固定")],
    );

    let y = HALF;
    let tasks = t("Is this spam? …\nTranslate …\nShorten …", "这是垃圾短信吗？……\n翻译……\n缩写……");
    let tasks = Node::of(Text::new(tasks).size_of(14.0)).role(Role::Token).radius(3.0);
    let tasks = tasks.draw(&mut d, Rect::around(p(LANE + INPUT / 2.0, y), (INPUT, 76.0)));
    let assistant = model(&mut d, y);
    let text = Node::new(t("a text", "一段文本")).role(Role::Output).heavy();
    let text = text.draw(&mut d, Rect::around(p(answers + 62.0, y), (124.0, 46.0)));
    Arrow::new(tasks.right(), assistant.left()).draw(&mut d);
    Arrow::new(assistant.right(), text.left()).width(2.5).draw(&mut d);
    let lower = lane(
        &mut d,
        [tasks, assistant, text, text],
        t("instruction fine-tuning (chapter 7)", "指令微调（第 7 章）"),
        [t("task + text", "任务 + 文本"), t("whatever can be\nput into words", "凡是说得清\n的任务")],
    );
    for frame in [upper, lower] {
        Arrow::new(pretrained.right(), p(frame.x, frame.center().y)).elbow_across(0.5).draw(&mut d);
    }
    let desc = t(
        "From a box, the pretrained model, two arrows lead to two frames. Above, classification fine-tuning: the message alone, \
         “Win a free prize now, reply YES”, goes into a model, and the answer is one of two boxes, ham or spam; spam is \
         marked. The list of answers is fixed. Below, instruction fine-tuning, the subject of chapter 7: task and text \
         together, “Is this spam? …”, “Translate …”, “Shorten …”, go into a model, and the answer is a text. The task may be \
         whatever can be put into words.",
        "一个方框是预训练模型，两个箭头从它指向两个框。上面是分类微调：输入只有消息“Win a free prize now, reply YES”，经过模型，\
         答案是两个方框之一，ham（正常）或 spam（垃圾），spam 被标出；答案表是固定的。下面是指令微调，第 7 章的内容：任务和文本一起输入，\
         “这是垃圾短信吗？……”“翻译……”“缩写……”，经过模型，答案是一段文本；凡是说得清的任务都可以。",
    );
    let title = t("One pretrained model, two kinds of fine-tuning", "一个预训练模型，两种微调");
    Figure::new("6-02", title, desc, d)
}

fn model(d: &mut Drawing, y: f64) -> Rect {
    let center = p(LANE + INPUT + 34.0 + MODEL / 2.0, y);
    Node::new(t("model", "模型")).role(Role::Weight).draw(d, Rect::around(center, (MODEL, 46.0)))
}

/// A frame around a lane, with a remark under its input and under its output.
fn lane(d: &mut Drawing, parts: [Rect; 4], title: Words, remarks: [Words; 2]) -> Rect {
    let all = Rect::bounds(parts);
    let foot = all.y_end() + 8.0;
    let mut inside = vec![all];
    let [input, output] = remarks;
    for (words, x) in [(input, parts[0].center().x), (output, parts[3].center().x - 6.0)] {
        inside.push(Text::note(words).draw_below(d, p(x, foot)));
    }
    let all = Rect::bounds(inside);
    let width = parts[3].x_end() - LANE;
    Group::around([rect(LANE, all.y, width, all.h)]).title(title).draw(d)
}
