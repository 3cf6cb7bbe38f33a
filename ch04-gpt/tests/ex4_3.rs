//! The checks of exercise 4.3: of `solutions/ex4_3.rs`, or with the feature `my-solutions` of your file in
//! `exercises/`.

#[cfg_attr(not(feature = "my-solutions"), path = "../solutions/ex4_3.rs")]
#[cfg_attr(feature = "my-solutions", path = "../exercises/ex4_3.rs", allow(unused))]
mod ex4_3;

use burn::tensor::{Device, Int, Tensor, s};
use ch04_gpt::GptModel;
use ex4_3::DropRates;
use shared::init::torch_init;
use shared::rng::TorchRng;
use shared::{GptConfig, Mode};

fn small() -> GptConfig {
    GptConfig::preset("gpt2-small").unwrap()
}

fn tiny() -> GptConfig {
    GptConfig { vocab_size: 100, context_length: 8, ..GptConfig::preset("tiny").unwrap() }
}

fn ids() -> Tensor<2, Int> {
    Tensor::from_ints([[6, 36, 61, 34], [6, 11, 66, 25]], &Device::flex())
}

/// Number of masked elements that a training pass of the tiny model draws: in all places behind the embeddings, on
/// the attention weights, and on the shortcuts.
const EMB_DRAWS: usize = 2 * 4 * 96;

const ATTN_DRAWS: usize = 3 * (2 * 4 * 4 * 4);

const SHORTCUT_DRAWS: usize = 3 * 2 * (2 * 4 * 96);

/// Runs a training pass and fails with `message` unless it draws `draws` numbers.
fn check_draws(rates: DropRates, draws: usize, message: &str) {
    let model = torch_init(ex4_3::build(&tiny(), &rates, &Device::flex()), &mut TorchRng::new(123));
    let mut rng = TorchRng::new(5);
    model.forward(ids(), &mut Mode::Train(&mut rng));
    let mut expected = TorchRng::new(5);
    (0..draws).for_each(|_| _ = expected.next_u64());
    assert!(rng == expected, "{message}");
}

// 中文：每个 dropout 率只作用于自己的位置
#[test]
fn ex4_3_each_rate_reaches_its_place_only() {
    let off = DropRates { emb: 0.0, attn: 0.0, shortcut: 0.0 };
    check_draws(off, 0, "with all rates at 0 nothing is dropped, whatever drop_rate says");
    check_draws(DropRates { emb: 0.3, ..off }, EMB_DRAWS, "emb belongs to the embeddings and to nothing else");
    check_draws(DropRates { attn: 0.3, ..off }, ATTN_DRAWS, "attn belongs to the attention weights of every block");
    check_draws(DropRates { shortcut: 0.3, ..off }, SHORTCUT_DRAWS, "shortcut applies twice in every block");
}

// 中文：dropout 率的值正确
#[test]
fn ex4_3_the_rates_have_their_values() {
    let rates = DropRates { emb: 0.2, attn: 0.3, shortcut: 0.4 };
    let model = ex4_3::build(&tiny(), &rates, &Device::flex());
    assert_eq!(model.drop_emb.rate, 0.2, "rate behind the embeddings");
    assert_eq!(model.trf_blocks.len(), 3, "number of blocks");
    for (i, block) in model.trf_blocks.iter().enumerate() {
        assert_eq!(block.att.dropout.rate, 0.3, "rate on the attention weights of block {i}");
        assert_eq!(block.drop_shortcut.rate, 0.4, "rate on the shortcuts of block {i}");
    }
}

/// The logits of section 4.6 with seed 123, first and last three columns of the first two rows; 1e-5 for the order of
/// the sums.
// 中文：三个率相同时，得到书中的 logits
#[test]
fn ex4_3_three_equal_rates_give_the_books_logits() {
    let rates = DropRates { emb: 0.1, attn: 0.1, shortcut: 0.1 };
    let config = GptConfig { drop_rate: 0.9, ..small() };
    let mut rng = TorchRng::new(123);
    let model: GptModel = torch_init(ex4_3::build(&config, &rates, &Device::flex()), &mut rng);
    let batch = Tensor::from_ints([[6109, 3626, 6100, 345], [6109, 1110, 6622, 257]], &Device::flex());
    let logits = model.forward(batch, &mut Mode::Train(&mut rng)).slice(s![0, ..2, ..]);
    let ends = Tensor::cat(vec![logits.clone().slice(s![.., .., ..3]), logits.slice(s![.., .., -3..])], 2);
    let expected = [
        [0.361261, 0.422249, -0.071129, 0.348300, 0.466112, -0.283779],
        [-0.179169, -0.566035, -0.948509, 0.047725, 0.518086, -0.316802],
    ];
    for (found, expected) in ends.into_data().iter::<f32>().zip(expected.concat()) {
        let close: bool = (found - expected).abs() <= 1e-5;
        assert!(close, "with 0.1 everywhere the logits are those of section 4.6: {found} is not {expected}");
    }
}
