//! Section 6.6: a spam message whose two logits move apart. The answer changes once, the loss all the time.
//! `cargo run -p ch06-classify --example 6_6_loss_of_one_message`

use burn::tensor::activation::softmax;
use burn::tensor::{Device, Tensor};
use ch06_classify::Label;
use shared::cross_entropy;

fn main() {
    let device = Device::flex().autodiff();
    println!("ham  spam   p(spam)    loss   slope   answer");
    for spam in [-4.0, -2.0, -0.1, 0.1, 2.0, 4.0] {
        let logits = Tensor::<2>::from_floats([[0.0, spam]], &device).require_grad(); // [1, 2]
        let label = Tensor::from_data([Label::Spam.class() as i64], &device); // [1]
        let loss = cross_entropy(logits.clone(), label);
        let gradients = loss.backward();
        let slope = logits.grad(&gradients).map(|slope| slope.into_data().iter::<f32>().last());
        let probability: f32 = softmax(logits.clone(), 1).slice([0..1, 1..2]).into_scalar();
        let class: usize = logits.argmax(1).into_scalar::<i64>() as usize;
        let (loss, slope) = (loss.into_scalar::<f32>(), slope.flatten().unwrap_or_default());
        let answer = Label::ALL[class].answer();
        println!("0.0 {spam:>5.1}{probability:>10.3}{loss:>8.3}{slope:>8.3}   {answer}");
    }
}
