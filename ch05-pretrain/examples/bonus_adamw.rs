//! Bonus: AdamW's numbers for one weight, two kinds of weight decay, and a path into a valley.
//! `cargo run -p ch05-pretrain --example bonus_adamw`

use burn::module::Param;
use burn::tensor::{Device, Tensor};
use ch05_pretrain::AdamW;

fn main() {
    one_weight();
    two_kinds_of_decay();
    a_valley();
}

/// Three steps of one weight, with everything that the formula computes on the way.
fn one_weight() {
    let (learning_rate, mut weights) = (0.1, Weights::new([1.0], AdamW::new(0.1)));
    println!("step  gradient        m        v   m corrected  v corrected   weight");
    for (step, gradient) in (1..).zip([2.0, -0.5, 1.0]) {
        weights.step(learning_rate, [gradient]);
        let Some(moments) = &weights.optimizer.moments[0] else { unreachable!("it has had a gradient") };
        let [m, v] = [&moments.first, &moments.second].map(|moment| moment.clone().into_scalar::<f64>());
        let AdamW { beta_1, beta_2, .. } = weights.optimizer;
        let [m_corrected, v_corrected] = [m / (1.0 - beta_1.powi(step)), v / (1.0 - beta_2.powi(step))];
        let [w] = weights.values();
        println!("{step:4}  {gradient:8.1}  {m:7.4}  {v:7.4}  {m_corrected:12.4}  {v_corrected:11.4}  {w:7.4}");
    }
}

/// A weight whose gradients only tremble: what does decay leave of it after 1,000 steps, if it is taken from the weight,
/// and if it is added to the gradient?
fn two_kinds_of_decay() {
    let (learning_rate, decay) = (0.01, 0.1);
    println!("\ngradients  taken from the weight  added to the gradient");
    for size in [0.01, 0.1, 1.0, 10.0] {
        let mut decoupled = Weights::new([1.0], AdamW::new(decay));
        let mut coupled = Weights::new([1.0], AdamW::new(0.0));
        for step in 0..1000 {
            let gradient = if step % 2 == 0 { size } else { -size };
            decoupled.step(learning_rate, [gradient]);
            let [w] = coupled.values();
            coupled.step(learning_rate, [gradient + decay as f32 * w]);
        }
        let [[decoupled], [coupled]] = [decoupled, coupled].map(|weights| weights.values());
        println!("{:>9}  {decoupled:21.4}  {coupled:21.4}", format!("±{size}"));
    }
}

/// A valley, `L(a, b) = (a² + steepness · b²) / 2`: gradient descent and AdamW from the same place.
fn a_valley() {
    let start = [-4.0, 1.0];
    let loss = |[a, b]: [f32; 2]| (a * a + 100.0 * b * b) / 2.0;
    let gradient = |[a, b]: [f32; 2], steepness: f32| [a, steepness * b];
    let shown = |[a, b]: [f32; 2]| format!("({a:5.2}, {b:5.2})");

    let mut descent = start;
    let mut narrow = Weights::new(start, AdamW::new(0.0));
    let mut round = narrow.clone();
    let mut turned = Weights::new(turn(start), AdamW::new(0.0));
    println!("\nstep  gradient descent    loss            AdamW    loss    in a round valley    in a turned one: loss");
    for step in 0..=30 {
        let [by_adamw, in_round, in_turned] = [narrow.values(), round.values(), turn(turned.values())];
        if [0, 1, 2, 3, 5, 10, 20, 30].contains(&step) {
            let losses = [descent, by_adamw, in_turned].map(|place| format!("{:6.2}", loss(place)));
            let places = [descent, by_adamw, in_round].map(shown);
            let ([l1, l2, l3], [p1, p2, p3]) = (losses, places);
            println!("{step:4}  {p1:>16}  {l1}  {p2:>15}  {l2}  {p3:>19}  {l3:>23}");
        }
        let [da, db] = gradient(descent, 100.0);
        descent = [descent[0] - 0.018 * da, descent[1] - 0.018 * db];
        narrow.step(0.2, gradient(by_adamw, 100.0));
        round.step(0.2, gradient(in_round, 1.0));
        turned.step(0.2, turn(gradient(in_turned, 100.0)));
    }
}

/// A plane seen in a mirror, so that its axes lie at 45 degrees; once more, and it is as before.
fn turn([a, b]: [f32; 2]) -> [f32; 2] {
    [(a + b) / 2f32.sqrt(), (a - b) / 2f32.sqrt()]
}

/// Some weights and their optimizer.
#[derive(Clone)]
struct Weights<const N: usize> {
    param: Param<Tensor<1>>,
    optimizer: AdamW,
}

impl<const N: usize> Weights<N> {
    fn new(values: [f32; N], optimizer: AdamW) -> Self {
        let param = Param::from_data(values, &Device::flex().autodiff());
        Self { param, optimizer: AdamW { moments: vec![None], ..optimizer } }
    }

    fn step(&mut self, learning_rate: f64, gradient: [f32; N]) {
        let gradient = Tensor::from_data(gradient, &Device::flex());
        self.param = self.optimizer.update(0, learning_rate, self.param.clone(), gradient);
    }

    fn values(&self) -> [f32; N] {
        let values = self.param.val().into_data().try_into_vec_as().expect("weights are numbers");
        values.try_into().expect("as many as at the beginning")
    }
}
