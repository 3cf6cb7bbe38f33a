//! Section D.3: one outlier among the gradients of a weight, and what AdamW makes of it, without and with clipping.
//! `cargo run -p appendix-train-tricks --example d_3_outlier`

use appendix_train_tricks::clip_grad_norm;
use burn::module::Param;
use burn::tensor::{Device, Tensor};
use ch05_pretrain::AdamW;

fn main() {
    // Twelve gradients of one weight. All point the same way; one is fifty times as large as the others.
    let gradients = [0.5, 0.5, 0.5, 0.5, 25.0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5];
    let clipped = changes(&gradients, Some(1.0));
    let plain = changes(&gradients, None);
    println!("step   gradient   change   change with clipping");
    for (step, gradient) in gradients.iter().enumerate() {
        println!("{step:4}   {gradient:8.1}   {:6.4}   {:6.4}", plain[step], clipped[step]);
    }
    let sum = |changes: &[f32]| changes.iter().skip(4).sum::<f32>();
    println!("from step 4 on together: {:.4} without clipping, {:.4} with it", sum(&plain), sum(&clipped));
}

/// How far each step moves the weight, in units of the learning rate.
fn changes(gradients: &[f32], max_norm: Option<f64>) -> Vec<f32> {
    let device = Device::flex().autodiff();
    let mut weight: Param<Tensor<1>> = Param::from_data([0.0f32], &device);
    let mut optimizer = AdamW::new(0.0);
    let mut changes = Vec::new();
    for &gradient in gradients {
        let before: f32 = weight.val().into_scalar();
        let mut gradients = (weight.val() * gradient).sum().backward(); // its gradient is this number
        if let Some(max_norm) = max_norm {
            clip_grad_norm(&weight, &mut gradients, max_norm);
        }
        weight = optimizer.step(1.0, weight, gradients);
        changes.push(before - weight.val().into_scalar::<f32>());
    }
    changes
}
