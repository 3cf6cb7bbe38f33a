//! What shortcuts do to the gradients of five layers.

use burn::tensor::{Device, Tensor};
use ch04_gpt::shortcut::ExampleDeepNeuralNetwork;
use shared::init::torch_init;
use shared::rng::TorchRng;

use crate::parts::{Arrow, Axis, Node, Plot, Text, decimal};
use crate::theme::{Paint, Role};
use crate::{Dash, Drawing, Figure, Layer, Rect, Style, p, rect, t};

pub fn gradients() -> Figure {
    let [without, with] = [false, true].map(mean_abs_gradients);
    let mut d = Drawing::new();
    let field = rect(0.0, 0.0, 480.0, 270.0);
    let x = Axis::new((-0.35, 4.35), &[], 0, t("layer", "层"));
    let y = Axis::new((-4.6, 0.9), &[], 0, "");
    let plot = Plot::draw(&mut d, field, x, y);
    for power in -4..=0 {
        let left = plot.at(-0.35, f64::from(power));
        d.line(Layer::Back, &[left, p(field.x_end(), left.y)], Style::line(Paint::Grid).width(1.0));
        let words = ["0.0001", "0.001", "0.01", "0.1", "1"][(power + 4) as usize];
        Text::note(words).end().draw(&mut d, left.shift(-8.0, 0.0));
    }
    for layer in 0..5 {
        Text::note(layer.to_string()).draw_below(&mut d, plot.at(f64::from(layer), -4.6).shift(0.0, 4.0));
    }
    Text::small(t("mean absolute gradient", "梯度绝对值的平均")).upward().draw(&mut d, p(-76.0, field.center().y));
    let curves = [
        (&without, 5, Role::Alert, Dash::Solid, 17.0, t("without shortcuts", "没有快捷连接"), (-0.2, -2.85)),
        (&with, 3, Role::Score, Dash::Dashed, -17.0, t("with shortcuts", "有快捷连接"), (-0.2, 0.2)),
    ];
    for (gradients, decimals, role, dash, shift, name, at) in curves {
        let points = || gradients.iter().enumerate().map(|(i, value)| (i as f64, value.log10()));
        plot.curve(&mut d, points(), role, dash);
        for (point, value) in points().zip(gradients) {
            plot.dot(&mut d, point, role);
            let shift = if role == Role::Alert && point.0 == 4.0 { p(-4.0, shift) } else { p(0.0, shift) };
            Text::small(decimal(*value, decimals))
                .halo()
                .draw(&mut d, plot.at(point.0, point.1).shift(shift.x, shift.y));
        }
        plot.name(&mut d, at, (0.0, 0.0), name, role);
    }
    let loss = Rect::around(p(field.x_end() - 32.0, -34.0), (64.0, 32.0));
    let loss = Node::new(t("loss", "损失")).role(Role::Score).pad(6.0, 4.0).draw(&mut d, loss);
    Arrow::new(loss.left(), p(0.0, loss.center().y))
        .above(t("backward(), from the last layer to the first", "backward()，从最后一层到第一层"))
        .free()
        .draw(&mut d);
    let listed = |values: &[f64], decimals| values.iter().map(|value| decimal(*value, decimals)).collect::<Vec<_>>();
    let (short, long) = (listed(&with, 3), listed(&without, 5));
    let desc = t(
        format!(
            "Two lines over the layers 0 to 4, on a scale where each grid line is ten times the one below, from \
             0.0001 to 1. Without shortcuts, solid, the gradients are {}: they shrink toward the first layers. With \
             shortcuts, dashed, they are {}: layer 0 gets about a thousand times as much as before. An arrow on top \
             leads from the loss at the right to the left: backward() goes from the last layer to the first.",
            long.join(", "),
            short.join(", ")
        ),
        format!(
            "两条折线，横轴是第 0 到第 4 层，纵轴每一格是下一格的十倍，从 0.0001 到 1。没有快捷连接的是实线，梯度依次\
             是 {}，越靠前越小。有快捷连接的是虚线，依次是 {}，第 0 层得到的大约是原来的一千倍。上方的箭头从右端的损\
             失指向左边：backward() 从最后一层走到第一层。",
            long.join("、"),
            short.join("、")
        ),
    );
    let title = t(
        "Mean absolute gradient of each layer's weight, with and without shortcuts (logarithmic scale)",
        "各层权重梯度绝对值的平均，有无快捷连接（对数刻度）",
    );
    Figure::new("4-09", title, desc, d)
}

/// As the chapter's example computes them.
fn mean_abs_gradients(use_shortcut: bool) -> Vec<f64> {
    let device = Device::flex().autodiff();
    let model = ExampleDeepNeuralNetwork::new(&[3, 3, 3, 3, 3, 1], use_shortcut, &device);
    let model = torch_init(model, &mut TorchRng::new(123));
    let input = Tensor::<2>::from_floats([[1.0, 0.0, -1.0]], &device);
    model.mean_abs_gradients(input).into_iter().map(f64::from).collect()
}
