//! One batch on two devices.

use appendix_burn_intro::ToyDataset;
use appendix_burn_intro::parallel::averaged_gradients;
use burn::tensor::Tensor;

use super::number;
use super::points::numbered;
use super::training::setting;
use crate::parts::{Arrow, Node, Text, decimal};
use crate::theme::{Paint, Role};
use crate::{Drawing, Figure, Layer, Rect, Style, Words, p, rect, t};

/// Loss of some points, and the gradient of the first bias of the output layer.
struct Share {
    points: Vec<usize>,
    loss: f64,
    gradient: f64,
}

/// The shares of both devices, the sum over both by the code of the appendix, and the whole batch on one device.
fn compute() -> ([Share; 2], Share, Share) {
    let (model, loader, mut rng, device) = setting();
    let points = loader.order.batches(&mut rng)[0].clone();
    let share = |parts: &[&[usize]]| {
        let batches = parts.iter().map(|part| (device.clone(), loader.dataset.batch(part, &device))).collect();
        let (loss, gradients) = averaged_gradients(&model, batches, &device);
        let bias = model.output.bias.as_ref().expect("the layer has a bias");
        let gradient: Tensor<1> = gradients.get(bias.id).expect("the loss depends on the bias");
        Share { points: parts.concat(), loss: number(loss), gradient: number(gradient.narrow(0, 0, 1)) }
    };
    let halves = [0, 1].map(|i| share(&[&points[i..=i]]));
    (halves, share(&[&points[..1], &points[1..]]), share(&[&points]))
}

/// The middles of the two columns; their width.
const COLUMNS: [f64; 2] = [0.0, 336.0];
const WIDTH: f64 = 288.0;

pub fn one_batch() -> Figure {
    let (halves, mean, whole) = compute();
    let data = ToyDataset::train();
    let mut d = Drawing::new();
    let middle = f64::midpoint(COLUMNS[0], COLUMNS[1]);
    let batch = Rect::around(p(middle, 0.0), (150.0, 54.0));
    Node::empty().role(Role::Plain).draw(&mut d, batch);
    Text::new(t("batch", "批次")).bold().draw(&mut d, batch.top().shift(0.0, -14.0));
    for (i, share) in halves.iter().enumerate() {
        let index = share.points[0];
        numbered(&mut d, batch.at(0.3 + 0.4 * i as f64, 0.5), index, data.get(index).1);
    }
    let mut ends = Vec::new();
    for (i, share) in halves.iter().enumerate() {
        let frame = Rect::around(p(COLUMNS[i], 218.0), (WIDTH, 276.0));
        let index = share.points[0];
        let style = Style::fill(Paint::Soft(Role::Plain));
        d.rect(Layer::Back, frame, 12.0, style.outlined(Paint::Grid));
        let name = t(format!("device {}", i + 1), format!("设备 {}", i + 1));
        Text::new(name).bold().start().draw(&mut d, frame.at(0.0, 0.0).shift(16.0, 24.0));
        let point = numbered(&mut d, p(COLUMNS[i] - 102.0, frame.y + 76.0), index, data.get(index).1);
        let side = if i == 0 { batch.left() } else { batch.right() };
        Arrow::new(side, p(COLUMNS[i], frame.y)).corner_across().draw(&mut d);
        let model = Node::new(t("copy of the model", "模型的副本")).role(Role::Weight);
        let model = model.draw(&mut d, Rect::around(p(COLUMNS[i] + 38.0, point.center().y), (180.0, 40.0)));
        Arrow::new(point.right(), model.left()).draw(&mut d);
        let row = |y: f64| Rect::around(p(COLUMNS[i], frame.y + y), (WIDTH - 32.0, 44.0));
        let value = |d: &mut Drawing, place: Rect, name: Words, value: f64| {
            d.rect(Layer::Main, place, 3.0, Style::role(Role::Score));
            Text::new(name).size_of(14.0).start().draw_in(d, rect(place.x + 12.0, place.y, place.w - 96.0, place.h));
            Text::new(decimal(value, 4)).bold().end().draw_in(d, rect(place.x, place.y, place.w - 12.0, place.h));
            place
        };
        let loss = value(&mut d, row(154.0), t("loss", "损失"), share.loss);
        Arrow::new(p(model.center().x, model.y_end()), p(model.center().x, loss.y)).draw(&mut d);
        let gradient = value(&mut d, row(232.0), t("gradient of one bias", "一个偏置的梯度"), share.gradient);
        Arrow::new(loss.bottom(), gradient.top()).role(Role::Score).right(t("backward", "反向")).draw(&mut d);
        ends.push(gradient.bottom());
    }
    let text = |share: &Share| decimal(share.gradient, 4);
    let node = Node::of(Text::new(t(format!("mean {}", text(&mean)), format!("平均 {}", text(&mean)))).bold());
    let node = node.role(Role::Score).heavy().note(t(
        format!("whole batch on one device: {}", text(&whole)),
        format!("整批放在一个设备上：{}", text(&whole)),
    ));
    let size = (270.0, 62.0);
    let node = node.draw(&mut d, Rect::around(p(middle, 428.0), size));
    for (end, share) in ends.iter().zip([0.25, 0.75]) {
        Arrow::new(*end, node.at(share, 0.0)).elbow_down(0.68).role(Role::Score).width(2.5).draw(&mut d);
    }
    let update = Node::new(t("one update, then new copies", "更新一次，再复制")).role(Role::Weight);
    let update = update.draw(&mut d, node.below(34.0, (270.0, 44.0)));
    Arrow::new(node.bottom(), update.top()).width(2.5).draw(&mut d);
    for (i, side) in [update.left(), update.right()].into_iter().enumerate() {
        let outside = COLUMNS[i] + if i == 0 { -1.0 } else { 1.0 } * (WIDTH / 2.0 + 26.0);
        let copy = p(COLUMNS[i], 80.0 + 76.0);
        let edge = if i == 0 { COLUMNS[0] - WIDTH / 2.0 } else { COLUMNS[1] + WIDTH / 2.0 };
        let arrow = Arrow::new(side, p(edge, copy.y));
        arrow.via([p(outside, side.y), p(outside, copy.y)]).role(Role::Weight).dashed().draw(&mut d);
    }
    let [a, b] = &halves;
    let numbers = [a.loss, a.gradient, b.loss, b.gradient, mean.gradient, whole.gradient].map(|x| decimal(x, 4));
    let [a_loss, a_gradient, b_loss, b_gradient, mean, whole] = numbers;
    let desc = t(
        format!(
            "A batch of two points, {0} and {1}, is divided between two devices. Each has a copy of the model. Device 1 \
             takes point {0}: loss {a_loss}, and after the backward pass the gradient of one bias, {a_gradient}. Device 2 \
             takes point {1}: loss {b_loss}, gradient {b_gradient}. Both gradients meet in a box: mean {mean}; the whole \
             batch on one device gives {whole}. Then one update, and dashed arrows take new copies back to both devices.",
            a.points[0], b.points[0]
        ),
        format!(
            "一个批次有两个点，{0} 和 {1}，分给两个设备，每个设备有一份模型的副本。设备 1 拿点 {0}：损失 {a_loss}，反向之后一个偏置的\
             梯度是 {a_gradient}。设备 2 拿点 {1}：损失 {b_loss}，梯度 {b_gradient}。两个梯度汇到一个方框：平均 {mean}；整批放在一个\
             设备上，得到的是 {whole}。然后更新一次，虚线箭头把新的副本送回两个设备。",
            a.points[0], b.points[0]
        ),
    );
    let title = t(
        "One batch on two devices: the averaged gradients are those of the whole batch",
        "一个批次放在两个设备上：平均后的梯度就是整批的梯度",
    );
    Figure::new("a-10", title, desc, d)
}
