//! Section 3.5.3, a causal head for batches: `cargo run -p ch03-attention --example 3_5_causal_attention`

use burn::tensor::Device;
use ch03_attention::running_example::batch;
use ch03_attention::{CausalAttention, CausalAttentionConfig};
use shared::Mode;
use shared::init::torch_init;
use shared::rng::TorchRng;
use workshop::print_tensor;

fn main() {
    let device = Device::flex();
    let batch = batch(&device);
    let [_, context_length, d_in] = batch.dims();
    println!("Batch {:?}\n", batch.dims());

    let attention = torch_init(
        CausalAttention::new(&CausalAttentionConfig::new(d_in, 2, context_length), &device),
        &mut TorchRng::new(123),
    );
    print_tensor("Context vectors", attention.forward(batch.clone(), &mut Mode::Eval));

    let with_dropout =
        CausalAttention::new(&CausalAttentionConfig::new(d_in, 2, context_length).with_dropout(0.5), &device);
    let mut rng = TorchRng::new(123);
    let with_dropout = torch_init(with_dropout, &mut rng);
    print_tensor(
        "The same weights in training, half of the attention dropped",
        with_dropout.forward(batch, &mut Mode::Train(&mut rng)),
    );
}
