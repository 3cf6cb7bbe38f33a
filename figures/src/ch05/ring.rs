//! The training loop.

use burn::module::Module;
use burn::tensor::Device;
use ch04_gpt::GptModel;
use shared::GptConfig;

use crate::parts::{Arrow, Node, Text, whole};
use crate::theme::Role;
use crate::{Drawing, Figure, Rect, Words, p, rect, t};

/// Size of a step; where the second column and row of steps begin.
const STEP: (f64, f64) = (206.0, 66.0);
const COLUMN: f64 = 390.0;
const ROW: f64 = 236.0;

pub fn training_loop() -> Figure {
    let config = GptConfig { context_length: 256, ..GptConfig::preset("124M").expect("it is one of the presets") };
    let parameters = whole(GptModel::new(&config, &Device::flex()).num_params());
    let mut d = Drawing::new();
    let predict = step(&mut d, (0.0, 0.0), t("1  predict", "1  预测"), t("forward pass", "前向传播"), Role::Plain);
    let measure = step(&mut d, (COLUMN, 0.0), t("2  measure", "2  衡量"), t("cross-entropy", "交叉熵"), Role::Score);
    let blame = step(
        &mut d,
        (COLUMN, ROW),
        t("3  find the gradients", "3  求梯度"),
        t("backward()", "backward()"),
        Role::Score,
    );
    let update =
        step(&mut d, (0.0, ROW), t("4  update", "4  更新"), t("a step of the optimizer", "优化器走一步"), Role::Plain);
    let center = p((COLUMN + STEP.0) / 2.0 + 26.0, (ROW + STEP.1) / 2.0);
    let count = t(format!("{parameters} numbers"), format!("{parameters} 个数"));
    let weights = Node::of(Text::new(t("the weights", "权重")).bold()).note(count).role(Role::Weight).heavy();
    let weights = weights.draw(&mut d, Rect::around(p(center.x, center.y), (212.0, 68.0)));

    let ring = |from, to| Arrow::new(from, to).width(2.5);
    ring(predict.right(), measure.left()).above(t("logits", "logits")).draw(&mut d);
    ring(measure.bottom(), blame.top()).right(t("the loss:\none number", "损失：\n一个数")).draw(&mut d);
    ring(blame.left(), update.right()).below(t("one number\nfor each weight", "每个权重\n一个数")).draw(&mut d);
    let (up, down) = (update.at(0.2, 0.0), predict.at(0.2, 1.0));
    ring(up, down).left(t("again", "再来\n一圈")).draw(&mut d);
    let (low, high) = (update.at(0.72, 0.0), predict.at(0.72, 1.0));
    Arrow::new(low, p(weights.x, weights.at(0.0, 0.72).y)).corner_down().role(Role::Weight).draw(&mut d);
    Arrow::new(p(weights.x, weights.at(0.0, 0.28).y), high).corner_across().role(Role::Weight).draw(&mut d);

    for (y, words) in [(high.y + 26.0, t("used", "使用")), (low.y - 26.0, t("changed", "改变"))] {
        Text::small(words).role(Role::Weight).end().draw(&mut d, p(low.x - 9.0, y));
    }

    let batch = Node::new(t("next batch", "下一个批次")).role(Role::Token);
    let batch = batch.draw(&mut d, predict.above(34.0, (132.0, 38.0)));
    Arrow::new(batch.bottom(), predict.top()).width(2.5).draw(&mut d);
    let aside = [
        (t("every 5 steps", "每 5 步"), t("losses on both parts", "两部分的损失")),
        (t("after each epoch", "每个 epoch 之后"), t("a sample of text", "写一段文本")),
    ];
    for (i, (when, what)) in aside.into_iter().enumerate() {
        let node = Node::of(Text::new(what).size_of(14.0)).note(when).dashed();
        let place = node.draw(&mut d, rect(196.0 * i as f64, ROW + STEP.1 + 42.0, 180.0, 54.0));
        let from = update.at(if i == 0 { 0.44 } else { 0.74 }, 1.0);
        let to = if i == 0 { p(from.x, place.y) } else { place.top() };
        Arrow::new(from, to).elbow_down(0.5).dashed().draw(&mut d);
    }
    let desc = t(
        format!(
            "A ring of four steps, clockwise, around a box: the weights, {parameters} numbers. A batch comes in at step 1, \
             predict: a forward pass with the weights gives logits. Step 2, measure: cross-entropy makes them the loss, \
             one number. Step 3, find the gradients: backward() gives one number for each weight. Step 4, update: a step \
             of the optimizer changes the weights. Then again, with the next batch. Two dashed boxes leave the ring after \
             step 4: every 5 steps the losses on both parts, after each epoch a sample of text."
        ),
        format!(
            "四个步骤按顺时针围成一圈，中间是权重，{parameters} 个数。批次从第 1 步进来。第 1 步预测：用权重做前向传播，得到 logits。\
             第 2 步衡量：交叉熵把它变成损失，一个数。第 3 步求梯度：backward() 给每个权重一个数。第 4 步更新：优化器走一步，改变权重。\
             然后取下一个批次，再来一圈。第 4 步之后有两个虚线框离开圆圈：每 5 步测一次两部分的损失，每个 epoch 之后写一段文本。"
        ),
    );
    let title = t("The training loop: four steps around, one batch per round", "训练循环：一圈四步，一圈一个批次");
    Figure::new("5-06", title, desc, d)
}

fn step(d: &mut Drawing, (x, y): (f64, f64), name: Words, note: Words, role: Role) -> Rect {
    Node::of(Text::new(name).bold()).note(note).role(role).draw(d, rect(x, y, STEP.0, STEP.1))
}
