//! Sections A.3 and A.4, a loss and its gradients: `cargo run -p appendix-burn-intro --example a_4_autograd`

use appendix_burn_intro::logistic::{forward, gradients_by_hand};
use burn::tensor::{Device, Tensor};

fn main() {
    // A device that records what is computed on it.
    let device = Device::flex().autodiff();
    let scalar = |x: f32| Tensor::<1>::from_floats([x], &device);
    let (x1, y) = (scalar(1.1), scalar(1.0));
    let (w1, b) = (scalar(2.2).require_grad(), scalar(0.0).require_grad());

    let pass = forward(x1, w1.clone(), b.clone(), y);
    let [z, a, loss] = [&pass.z, &pass.a, &pass.loss].map(|number| number.clone().into_scalar::<f32>());
    println!("z = {z:.4}, a = {a:.4}, loss = {loss:.4}");

    println!("by hand:     [dL/dw1, dL/db] = {:.4?}", gradients_by_hand(1.1, 2.2, 0.0, 1.0));
    // The gradients come back as a value of their own, and every call makes new ones: none to set to zero.
    let gradients = pass.loss.backward();
    let of = |leaf: Tensor<1>| leaf.grad(&gradients).map(|gradient| gradient.into_scalar::<f32>());
    println!("by backward: dL/dw1 = {:.4?}, dL/db = {:.4?}", of(w1), of(b));
}
