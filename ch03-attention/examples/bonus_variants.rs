//! Bonus, the variants timed: `cargo run -p ch03-attention --example bonus_variants`
//!
//! Forward passes on the CPU, 2 texts of 256 tokens, 12 heads, width 768. All variants have the same weights. The
//! results may be equal to the last bit: the root of the head width 64 is 8, and dividing by 8 does not round. With a
//! head width such as 15, the fused variants differ in the last digits.

use std::time::Instant;

use burn::tensor::{Device, Tensor};
use ch03_attention::bonus::{
    BurnAttention, CombinedQkvAttention, EinsteinAttention, FusedAttention, WrapperWithProjection,
};
use ch03_attention::{MultiHeadAttention, MultiHeadAttentionConfig};
use shared::Mode;
use shared::init::{randn, torch_init};
use shared::rng::TorchRng;

const WARM_UP: usize = 2;
const REPEATS: usize = 10;

type Forward<'a> = Box<dyn Fn(Tensor<3>) -> Tensor<3> + 'a>;

fn main() {
    let (device, mut rng) = (Device::flex(), TorchRng::new(123));
    let (batch, tokens, width, heads) = (2, 256, 768, 12);
    let chapter = torch_init(
        MultiHeadAttention::new(&MultiHeadAttentionConfig::new(width, width, tokens, heads), &device),
        &mut rng,
    );
    let x: Tensor<3> = randn([batch, tokens, width], &mut rng, &device);
    let expected = chapter.forward(x.clone(), &mut Mode::Eval);

    let wrapper = WrapperWithProjection::with_weights_of(&chapter);
    let combined = CombinedQkvAttention::with_weights_of(&chapter);
    let einstein = EinsteinAttention::with_weights_of(&chapter);
    let (flag, mask) = (FusedAttention::with_causal_flag(&chapter), FusedAttention::with_explicit_mask(&chapter));
    let burn = BurnAttention::with_weights_of(&chapter);
    let variants: [(&str, Forward); 7] = [
        ("list of heads", Box::new(|x| wrapper.forward(x, &mut Mode::Eval))),
        ("chapter's module", Box::new(|x| chapter.forward(x, &mut Mode::Eval))),
        ("combined QKV", Box::new(|x| combined.forward(x, &mut Mode::Eval))),
        ("Einstein summation", Box::new(|x| einstein.forward(x, &mut Mode::Eval))),
        ("fused, causal flag", Box::new(|x| flag.forward(x))),
        ("fused, explicit mask", Box::new(|x| mask.forward(x))),
        ("burn's module", Box::new(|x| burn.forward(x))),
    ];

    println!("{:<22}{:>10}{:>13}{:>21}", "variant", "mean, ms", "fastest, ms", "largest difference");
    for (name, forward) in variants {
        let difference: f32 = (forward(x.clone()) - expected.clone()).abs().max().into_scalar();
        (0..WARM_UP).for_each(|_| drop(forward(x.clone())));
        let times: Vec<f64> = (0..REPEATS)
            .map(|_| {
                let start = Instant::now();
                drop(forward(x.clone()));
                start.elapsed().as_secs_f64() * 1e3
            })
            .collect();
        let mean = times.iter().sum::<f64>() / REPEATS as f64;
        let fastest = times.iter().copied().fold(f64::INFINITY, f64::min);
        println!("{name:<22}{mean:>10.1}{fastest:>13.1}{difference:>21.1e}");
    }
}
