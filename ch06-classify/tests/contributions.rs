//! Gradient × input against what it is the limit of: the change of the logits when a token's vector becomes a little longer.

use burn::tensor::{Device, Int, Tensor, s};
use ch04_gpt::GptModel;
use ch06_classify::bonus::contributions::{Contributions, contributions};
use ch06_classify::{Readout, add_classification_head};
use shared::init::{randn, torch_init};
use shared::rng::TorchRng;
use shared::{GptConfig, Mode};
use testkit::{assert_close, assert_near, values};

const TOKENS: usize = 5;

fn classifier(seed: u64) -> GptModel {
    let config = GptConfig {
        vocab_size: 50,
        context_length: 8,
        emb_dim: 16,
        n_heads: 2,
        n_layers: 2,
        drop_rate: 0.0,
        qkv_bias: false,
    };
    let mut rng = TorchRng::new(seed);
    let model = torch_init(GptModel::new(&config, &Device::flex()), &mut rng);
    add_classification_head(model, &mut rng, &Device::flex())
}

fn ids() -> Tensor<2, Int> {
    Tensor::from_ints([[3, 14, 15, 9, 26]], &Device::flex())
}

/// The logits of a text whose tokens have these vectors.
fn classify(model: &GptModel, vectors: Tensor<3>, readout: Readout) -> Tensor<2> {
    let mut x = vectors + model.position_vectors(TOKENS);
    for block in &model.trf_blocks {
        x = block.forward(x, &mut Mode::Eval);
    }
    readout.select(model.logits(x), &ids(), 0)
}

fn explained(model: &GptModel, readout: Readout) -> (Vec<f32>, Vec<f32>) {
    let vectors = model.tok_emb.forward(ids());
    let Contributions { logits, per_token } = contributions(vectors, |vectors| classify(model, vectors, readout));
    (values(logits), values(per_token))
}

/// The derivative by a step in both directions. A step of 1/64 is off by about its square times the third derivative, which is
/// of the size of the contributions or below: 2e-4 of them. Logits below 1 are rounded at the seventh digit, and divided by the
/// step: 1e-5.
#[test]
fn a_contribution_is_the_change_when_a_vector_grows() {
    let mut chosen = Vec::new();
    for seed in [1, 2, 3, 4] {
        let model = classifier(seed);
        let (logits, found) = explained(&model, Readout::Mean);
        assert_close(&logits, &values(classify(&model, model.tok_emb.forward(ids()), Readout::Mean)), 1e-6);
        let class = usize::from(logits[1] > logits[0]);
        chosen.push(class);
        assert_eq!(found.len(), TOKENS);
        for (token, &found) in found.iter().enumerate() {
            let difference = |factor: f32| {
                let vectors = model.tok_emb.forward(ids());
                let longer = vectors.clone().slice(s![.., token..token + 1, ..]) * factor;
                let vectors = vectors.slice_assign(s![.., token..token + 1, ..], longer);
                let logits = values(classify(&model, vectors, Readout::Mean));
                logits[class] - logits[1 - class]
            };
            let step = 1.0 / 64.0;
            let expected = (difference(1.0 + step) - difference(1.0 - step)) / (2.0 * step);
            assert_near(found, expected, 2e-4 * expected.abs() + 1e-5);
        }
    }
    assert!(chosen.contains(&0) && chosen.contains(&1), "both classes are explained");
}

/// Without a bias, the contributions to a linear classifier are its difference, to the last rounding.
#[test]
fn of_a_linear_classifier_nothing_is_left_over() {
    let (mut rng, device) = (TorchRng::new(7), Device::flex());
    let (vectors, weight): (Tensor<3>, Tensor<2>) =
        (randn([2, 4, 8], &mut rng, &device), randn([8, 2], &mut rng, &device));
    let linear = |vectors: Tensor<3>| vectors.sum_dim(1).squeeze_dim::<2>(1).matmul(weight.clone());
    let Contributions { logits, per_token } = contributions(vectors, linear);
    let differences: Vec<f32> = values(logits).chunks(2).map(|row| (row[0] - row[1]).abs()).collect();
    let sums: Vec<f32> = values(per_token).chunks(4).map(|row| row.iter().sum()).collect();
    assert_close(&sums, &differences, 1e-5);
}

/// With the causal mask, the first position has seen the first token only.
#[test]
fn what_the_classifier_does_not_see_contributes_nothing() {
    let (_, found) = explained(&classifier(1), Readout::First);
    assert!(found[0] != 0.0);
    assert_eq!(found[1..], [0.0; TOKENS - 1]);
}
