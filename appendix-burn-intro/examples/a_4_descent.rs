//! Section A.4, following the gradient downhill: `cargo run -p appendix-burn-intro --example a_4_descent`

use appendix_burn_intro::logistic::forward;
use burn::tensor::{Device, Gradients, Tensor};

fn main() {
    let device = Device::flex().autodiff();
    let scalar = |x: f32| Tensor::<1>::from_floats([x], &device);
    // The point of A.3, but now it belongs to class 0: the weight is wrong.
    let (x1, y) = (scalar(1.1), scalar(0.0));
    let (mut w1, mut b) = (scalar(2.2).require_grad(), scalar(0.0).require_grad());
    let learning_rate = 0.5;

    // A step against the gradient. The result is a leaf of its own: it does not remember where it came from.
    let update = |leaf: Tensor<1>, gradients: &Gradients| {
        let gradient = leaf.grad(gradients).expect("the loss depends on every leaf");
        Tensor::from_inner(leaf.inner() - gradient * learning_rate).require_grad()
    };
    for step in 1..=6 {
        let pass = forward(x1.clone(), w1.clone(), b.clone(), y.clone());
        let gradients = pass.loss.backward();
        let [w, bias, a, loss] = [&w1, &b, &pass.a, &pass.loss].map(|number| number.clone().into_scalar::<f32>());
        println!("step {step}: w1 = {w:.2}, b = {bias:.2}, a = {a:.2}, loss = {loss:.2}");
        w1 = update(w1, &gradients);
        b = update(b, &gradients);
    }
}
