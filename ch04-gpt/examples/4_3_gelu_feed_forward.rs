//! GELU beside ReLU, and the network that uses it: `cargo run -p ch04-gpt --example 4_3_gelu_feed_forward`

use std::path::Path;

use burn::module::Module;
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor};
use ch04_gpt::{FeedForward, gelu};
use shared::files::write_whole;
use shared::init::{rand, torch_init};
use shared::{GptConfig, rng::TorchRng};
use workshop::plot::{Line, LineChart};

fn main() -> anyhow::Result<()> {
    let device = Device::flex();
    let points: Vec<f64> = (0..100).map(|i| -3.0 + 6.0 * f64::from(i) / 99.0).collect();
    let x = Tensor::<1>::from_floats(points.as_slice(), &device);

    println!("   x       GELU     ReLU");
    for at in [-3.0, -2.0, -1.0, -0.75, -0.5, 0.0, 0.5, 1.0, 2.0, 3.0] {
        let one = Tensor::<1>::from_floats([at], &device);
        let (g, r): (f32, f32) = (gelu(one.clone()).into_scalar(), relu(one).into_scalar());
        println!("{at:6.2} {g:9.4}{r:9.4}");
    }

    let curve = |y: Tensor<1>| points.iter().copied().zip(y.into_data().iter::<f64>()).collect();
    let chart = LineChart {
        title: "GELU and ReLU",
        x_label: "Input",
        x_counts: false,
        y_label: "Activation",
        top_axis: None,
        lines: vec![
            Line { name: "GELU", points: curve(gelu(x.clone())) },
            Line { name: "ReLU", points: curve(relu(x)) },
        ],
    };
    let path = Path::new("runs/4_3_gelu_relu.svg");
    write_whole(path, chart.svg()?.as_bytes())?;
    println!("\nPicture: {}", path.display());

    let config = GptConfig::preset("124M")?;
    let mut rng = TorchRng::new(123);
    let ffn = torch_init(FeedForward::new(&config, &device), &mut rng);
    let x: Tensor<3> = rand([2, 3, config.emb_dim], &mut rng, &device);
    println!("\nFeed-forward network, emb_dim {}, {} parameters", config.emb_dim, ffn.num_params());
    println!("  input  {:?}", x.dims());
    println!("  hidden {:?}", ffn.expand.forward(x.clone()).dims());
    println!("  output {:?}", ffn.forward(x).dims());
    Ok(())
}
