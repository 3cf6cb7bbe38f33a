//! Section 3.6, multi-head attention: `cargo run -p ch03-attention --example 3_6_multi_head`
//!
//! A list of heads, the batched matrix product that replaces the list, and the module of the GPT model.

use burn::module::Module;
use burn::tensor::{Device, Tensor, s};
use ch03_attention::running_example::batch;
use ch03_attention::{
    MultiHeadAttention, MultiHeadAttentionConfig, MultiHeadAttentionWrapper, MultiHeadAttentionWrapperConfig,
};
use shared::Mode;
use shared::init::torch_init;
use shared::rng::TorchRng;
use workshop::print_tensor;

fn main() {
    let device = Device::flex();
    let batch = batch(&device);
    let [_, context_length, d_in] = batch.dims();

    println!("3.6.1 A list of heads\n");
    let wrapper =
        MultiHeadAttentionWrapper::new(&MultiHeadAttentionWrapperConfig::new(d_in, 2, context_length, 2), &device);
    let wrapper = torch_init(wrapper, &mut TorchRng::new(123));
    print_tensor("Two heads of width 2, seed 123", wrapper.forward(batch.clone(), &mut Mode::Eval));

    println!("3.6.2 All heads at once\n");
    let a = Tensor::<4>::from_floats(
        [[
            [[0.2745, 0.6584, 0.2775, 0.8573], [0.8993, 0.0390, 0.9268, 0.7388], [0.7179, 0.7058, 0.9156, 0.4340]],
            [[0.0772, 0.3565, 0.1479, 0.5331], [0.4066, 0.2318, 0.4545, 0.9737], [0.4606, 0.5159, 0.4220, 0.5786]],
        ]],
        &device,
    ); // [batch, heads, tokens, head_dim]
    print_tensor("One product for both heads", a.clone().matmul(a.clone().transpose()));
    for head in 0..2 {
        let one: Tensor<2> = a.clone().slice(s![0, head, .., ..]).reshape([3, 4]);
        print_tensor(&format!("Head {} alone", head + 1), one.clone().matmul(one.transpose()));
    }

    let attention = MultiHeadAttention::new(&MultiHeadAttentionConfig::new(d_in, 2, context_length, 2), &device);
    let attention = torch_init(attention, &mut TorchRng::new(123));
    print_tensor(
        "MultiHeadAttention, two heads share two columns, seed 123",
        attention.forward(batch, &mut Mode::Eval),
    );

    println!("Width 768, as in the smallest GPT-2");
    for heads in [1, 12] {
        let gpt2 = MultiHeadAttention::new(&MultiHeadAttentionConfig::new(768, 768, 1024, heads), &device);
        println!("{heads:2} heads of width {:3}: {} parameters", gpt2.head_dim, gpt2.num_params());
    }
}
