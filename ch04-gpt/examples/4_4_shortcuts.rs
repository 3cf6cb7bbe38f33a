//! Gradients with and without shortcut connections: `cargo run -p ch04-gpt --example 4_4_shortcuts`

use burn::tensor::{Device, Tensor};
use ch04_gpt::shortcut::ExampleDeepNeuralNetwork;
use shared::{init::torch_init, rng::TorchRng};

fn main() {
    let device = Device::flex().autodiff();
    let layer_sizes = [3, 3, 3, 3, 3, 1];
    let sample_input = Tensor::<2>::from_floats([[1.0, 0.0, -1.0]], &device);

    for (use_shortcut, heading) in [(false, "Without shortcuts:"), (true, "With shortcuts:")] {
        let model = ExampleDeepNeuralNetwork::new(&layer_sizes, use_shortcut, &device);
        let model = torch_init(model, &mut TorchRng::new(123));
        println!("{heading}");
        for (i, gradient) in model.mean_abs_gradients(sample_input.clone()).into_iter().enumerate() {
            // All digits, as the book prints them: those of the f32, written as f64.
            println!("layers.{i}.weight has gradient mean of {}", f64::from(gradient));
        }
    }
}
