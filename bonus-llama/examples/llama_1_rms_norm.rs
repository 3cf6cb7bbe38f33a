//! RMSNorm beside chapter 4's layer normalization: `cargo run -p bonus-llama --example llama_1_rms_norm`

use bonus_llama::RmsNorm;
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use ch04_gpt::LayerNorm;
use workshop::print_tensor;

fn main() {
    let device = Device::flex();
    let x = Tensor::<2>::from_floats([[1.0, -2.0, 3.0, 0.5], [11.0, 8.0, 13.0, 10.5]], &device);
    print_tensor("The second row is the first plus 10", x.clone());

    let (layer, rms) = (LayerNorm::new(4, &device), RmsNorm::new(4, 1e-5, &device));
    let of_layer = layer.forward(x.clone());
    print_tensor("Layer normalization: mean 0, variance 1, both rows the same", of_layer.clone());
    let of_rms = rms.forward(x.clone());
    print_tensor("RMSNorm: the mean of the squares is 1, the mean stays", of_rms.clone());

    print_tensor("Means after layer normalization (zero up to rounding)", of_layer.mean_dim(1));
    print_tensor("Means after RMSNorm", of_rms.clone().mean_dim(1));
    print_tensor("Means of the squares after RMSNorm", (of_rms.clone() * of_rms).mean_dim(1));

    let centred = x.clone() - x.mean_dim(1);
    let difference: f32 = (layer.forward(centred.clone()) - rms.forward(centred)).abs().max().into_scalar();
    let equal = if difference < 1e-6 { "agree" } else { "differ" };
    println!("On vectors with mean 0 the two {equal}.");
    println!("Parameters for width 576: {} and {}", params(LayerNorm::new(576, &device)), params(rms_576(&device)));
}

fn rms_576(device: &Device) -> RmsNorm {
    RmsNorm::new(576, 1e-5, device)
}

fn params(module: impl Module) -> usize {
    module.num_params()
}
