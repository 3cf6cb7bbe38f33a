//! Section 3.5.3, a causal head for batches: `cargo run -p ch03-attention --example 3_5_causal_attention`

mod print;

use burn::tensor::Device;
use ch03_attention::CausalAttentionConfig;
use ch03_attention::running_example::batch;
use print::print;
use shared::Mode;
use shared::init::torch_init;
use shared::rng::TorchRng;

fn main() {
    let device = Device::flex();
    let batch = batch(&device);
    let [_, context_length, d_in] = batch.dims();
    println!("Batch {:?}\n", batch.dims());

    let attention =
        torch_init(CausalAttentionConfig::new(d_in, 2, context_length).init(&device), &mut TorchRng::new(123));
    print("Context vectors", attention.forward(batch.clone(), &mut Mode::Eval));

    let with_dropout = CausalAttentionConfig::new(d_in, 2, context_length).with_dropout(0.5).init(&device);
    let mut rng = TorchRng::new(123);
    let with_dropout = torch_init(with_dropout, &mut rng);
    print(
        "The same weights in training, half of the attention dropped",
        with_dropout.forward(batch, &mut Mode::Train(&mut rng)),
    );
}
