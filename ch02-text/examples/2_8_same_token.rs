//! Section 2.8: the same token at two positions. `cargo run -p ch02-text --example 2_8_same_token`

use burn::tensor::{Device, Tensor};
use ch02_text::{InputEmbedding, InputEmbeddingConfig};
use shared::init::torch_init;
use shared::rng::TorchRng;
use workshop::print_tensor;

fn main() {
    let (device, mut rng) = (Device::flex(), TorchRng::new(123));
    let config = InputEmbeddingConfig::new(6, 4, 3);
    let embedding = torch_init(InputEmbedding::new(&config, &device), &mut rng);

    let ids = Tensor::from_ints([[5, 1, 5]], &device);
    print_tensor("token embeddings", embedding.tok_emb.forward(ids.clone()));
    print_tensor("position table", embedding.pos_emb.weight.val());
    print_tensor("input embeddings", embedding.forward(ids));
}
