//! A larger model as judge.

use ch07_instruct::judge::score_prompt;
use ch07_instruct::{Summary, Verdict, parse_score, partition};

use super::TASKS;
use crate::parts::{Arrow, Group, Node, Text, decimal};
use crate::theme::{Paint, Role};
use crate::{Drawing, Figure, Rect, Style, Words, p, rect, t};

const OUTPUT: &str = include_str!("../../../book/outputs/7_8_scores.txt");
/// The answer that the example has made up.
const ANSWER: &str = "garden, wind, salt";
/// Which of the replies are shown.
const SHOWN: [usize; 4] = [0, 1, 4, 7];

const WIDTH: f64 = 560.0;

/// The replies of the example, which stand behind their scores.
fn replies() -> Vec<&'static str> {
    let part = OUTPUT.split("%% scores\n").nth(1).and_then(|rest| rest.split("\n\n").next()).unwrap_or_default();
    part.lines().map(|line| line[10..].trim()).collect()
}

pub fn score() -> Figure {
    let entry = &partition(&TASKS).test[1];
    let question = score_prompt(entry, ANSWER);
    let verdict = |reply: &&str| Verdict { score: parse_score(reply), reply: (*reply).to_string() };
    let verdicts: Vec<_> = replies().iter().map(verdict).collect();
    let summary = Summary::of(&verdicts);
    let mean = decimal(summary.mean.unwrap_or(f64::NAN), 2);

    let mut d = Drawing::new();
    let text = |words: Words| Text::new(words).bold();
    let task = Node::of(text(t("test task", "测试任务"))).role(Role::Token);
    let task = task.note(entry.instruction.replace("into ", "into\n") + "\n" + &entry.input);
    let task = task.draw(&mut d, rect(10.0, 0.0, 172.0, 86.0));
    let expected = Node::of(text(t("expected answer", "预期的回答"))).role(Role::Token).dashed().note(&entry.output);
    let expected = expected.draw(&mut d, rect(10.0, 98.0, 172.0, 56.0));
    let entry_frame = Group::around([task, expected]).pad(10.0).draw(&mut d);
    let model = Node::of(text(t("our model", "我们的模型"))).role(Role::Weight);
    let model = model.draw(&mut d, Rect::around(p(295.0, task.center().y), (116.0, 50.0)));
    let answer = Node::of(text(t("answer", "回答"))).role(Role::Output).note(ANSWER);
    let answer = answer.draw(&mut d, Rect::around(p(WIDTH - 76.0, task.center().y), (152.0, 56.0)));
    Arrow::new(task.right(), model.left()).draw(&mut d);
    Arrow::new(model.right(), answer.left()).draw(&mut d);

    let sheet = rect(0.0, 206.0, WIDTH, 122.0);
    let part = |words: &'static str| if question.contains(words) { words } else { "" };
    let lines = [
        format!("Given the input `… {}`", entry.input),
        format!("{} `{}`,", part("and correct output"), entry.output),
        format!("{} `{ANSWER}`", part("score the model response")),
        format!("{}, …", part("on a scale from 0 to 100")),
    ];
    Node::empty().radius(3.0).draw(&mut d, sheet);
    let rows = rect(sheet.x + 14.0, sheet.y + 8.0, sheet.w - 28.0, sheet.h - 16.0).column(5, 0.0);
    let title = text(t("the question: all of it in one text", "问题：全部写进一段文本"));
    title.start().draw_in(&mut d, rows[0]);
    for (line, row) in lines.iter().zip(&rows[1..]) {
        Text::small(line).mono().start().draw_in(&mut d, *row);
    }
    Arrow::new(entry_frame.bottom(), p(entry_frame.center().x, sheet.y)).draw(&mut d);
    Arrow::new(answer.bottom(), p(answer.center().x, sheet.y)).draw(&mut d);

    let judge = Node::of(Text::title(t("judge", "评判模型"))).role(Role::Weight).heavy();
    let judge = judge.note(t("a larger model", "更大的模型"));
    let judge = judge.draw(&mut d, Rect::around(p(WIDTH / 2.0, 414.0), (240.0, 76.0)));
    Arrow::new(sheet.bottom(), judge.top()).right("HTTP POST /api/chat").draw(&mut d);

    let top = 538.0;
    let columns = [rect(28.0, top, 276.0, 32.0), rect(420.0, top, 112.0, 32.0)];
    let heads = [text(t("reply", "答复")), text(t("score", "分数"))];
    let mut inside = Vec::new();
    for (column, head) in columns.iter().zip(heads) {
        inside.push(head.draw_above(&mut d, column.top().shift(0.0, -6.0)));
    }
    let between = (columns[0].x_end() + columns[1].x) / 2.0;
    Text::small("parse_score").mono().draw(&mut d, p(between, top - 16.0));
    for (i, shown) in SHOWN.into_iter().enumerate() {
        let Verdict { score, reply } = &verdicts[shown];
        let [reply_place, score_place] = columns.map(|column| column.shift(0.0, 42.0 * i as f64));
        let reply = Node::of(Text::new(format!("“{reply}”")).size_of(14.0)).radius(3.0).pad(6.0, 4.0);
        let reply =
            reply.style(Style::fill(Paint::Paper).outlined(Paint::Strong(Role::Plain))).draw(&mut d, reply_place);
        let score = match score {
            Some(score) => Node::of(text(score.to_string().into())).role(Role::Score),
            None => Node::of(text(t("none", "无"))).role(Role::Alert).dashed(),
        };
        let score = score.draw(&mut d, score_place);
        Arrow::new(reply.right(), score.left()).draw(&mut d);
        inside.extend([reply, score]);
    }
    let all = Rect::bounds(inside);
    let dots = columns.map(|column| Text::note("…").draw(&mut d, p(column.center().x, all.y_end() + 12.0)));
    let table = Group::around([all, dots[0], dots[1], rect(14.0, all.y, WIDTH - 28.0, 1.0)]).draw(&mut d);
    Arrow::new(judge.bottom(), p(judge.center().x, table.y)).draw(&mut d);

    let y = table.y_end() + 40.0;
    let words =
        t(format!("mean of the {} scores: {mean}", summary.scored), format!("{} 个分数的平均：{mean}", summary.scored));
    let good = Node::of(text(words)).role(Role::Score).heavy().draw(&mut d, rect(28.0, y, 276.0, 44.0));
    let words = t(
        format!("failures: {} of {}", summary.failures(), summary.total),
        format!("失败：{} 个里有 {} 个", summary.total, summary.failures()),
    );
    let bad = Node::of(text(words)).role(Role::Alert).dashed().draw(&mut d, rect(340.0, y, 192.0, 44.0));
    for place in [good, bad] {
        Arrow::new(p(place.center().x, table.y_end()), place.top()).draw(&mut d);
    }
    let listed = SHOWN.map(|i| {
        let Verdict { score, reply } = &verdicts[i];
        let score =
            score.map_or(("none".to_string(), "无".to_string()), |score| (score.to_string(), score.to_string()));
        (format!("“{reply}” gives {}", score.0), format!("“{reply}”得到 {}", score.1))
    });
    let listed = (
        listed.each_ref().map(|pair| pair.0.as_str()).join(", "),
        listed.each_ref().map(|pair| pair.1.as_str()).join("，"),
    );
    let (scored, failures, total) = (summary.scored, summary.failures(), summary.total);
    let desc = t(
        format!(
            "A flow from top to bottom. A test task, “{} {}”, goes to our model, which answers “{ANSWER}”. The task, the expected \
             answer “{}” and the model's answer are put into one text, the question. It is sent by HTTP POST /api/chat to the \
             judge, a larger model. Its replies pass through parse_score: {}. At the bottom the mean of the {scored} scores, \
             {mean}, and beside it the number of failures, {failures} of {total}.",
            entry.instruction, entry.input, entry.output, listed.0
        ),
        format!(
            "从上到下的流程。测试任务“{} {}”交给我们的模型，它回答“{ANSWER}”。任务、预期的回答“{}”和模型的回答写进一段文本，就是问题。\
             问题用 HTTP POST /api/chat 发给评判模型，一个更大的模型。它的答复经过 parse_score：{}。最下面是 {scored} 个分数的平均 {mean}，\
             旁边是失败的个数：{total} 个里有 {failures} 个。",
            entry.instruction, entry.input, entry.output, listed.1
        ),
    );
    let title = t("A larger model scores the answers of the smaller one", "较大的模型给较小模型的回答打分");
    Figure::new("7-10", title, desc, d)
}
