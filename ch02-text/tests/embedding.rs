//! The input embedding and the lookup behind it.

use burn::tensor::{Device, Int, Tensor};
use ch02_text::{InputEmbedding, InputEmbeddingConfig};
use shared::init::torch_init;
use shared::rng::TorchRng;

fn embedding(vocab_size: usize, context_length: usize, emb_dim: usize) -> InputEmbedding {
    let config = InputEmbeddingConfig::new(vocab_size, context_length, emb_dim);
    torch_init(InputEmbedding::new(&config, &Device::flex()), &mut TorchRng::new(123))
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_into_vec_as().unwrap()
}

/// The drawing of section 2.8: the same token gets the same vector, until the position is added.
#[test]
fn the_same_token_at_two_positions() {
    let embedding = embedding(6, 3, 4);
    let ids = Tensor::<2, Int>::from_ints([[5, 1, 5]], &Device::flex());
    let tokens = values(embedding.tok_emb.forward(ids.clone()));
    assert_eq!(tokens[..4], tokens[8..]);
    let inputs = values(embedding.forward(ids));
    assert_ne!(inputs[..4], inputs[8..]);
}

/// The other drawing of section 2.8, with its numbers: ones plus 1.1, 1.2, 1.3 and so on.
#[test]
fn positions_are_added() {
    let device = Device::flex();
    let mut embedding = embedding(2, 4, 3);
    embedding.tok_emb.weight = burn::module::Param::from_tensor(Tensor::ones([2, 3], &device));
    let positions = Tensor::from_floats([[1.1, 1.2, 1.3], [2.1, 2.2, 2.3], [3.1, 3.2, 3.3], [4.1, 4.2, 4.3]], &device);
    embedding.pos_emb.weight = burn::module::Param::from_tensor(positions);
    let sums = values(embedding.forward(Tensor::from_ints([[0, 1, 1, 0]], &device)));
    let expected = [2.1, 2.2, 2.3, 3.1, 3.2, 3.3, 4.1, 4.2, 4.3, 5.1, 5.2, 5.3];
    assert!(sums.iter().zip(expected).all(|(sum, e)| (sum - e).abs() < 1e-6), "{sums:?}");
}

#[test]
fn every_text_of_a_batch_gets_the_same_positions() {
    let device = Device::flex();
    let embedding = embedding(9, 8, 5);
    let batch = Tensor::<2, Int>::from_ints([[1, 2, 3], [4, 5, 6]], &device);
    let both = values(embedding.forward(batch));
    let second = values(embedding.forward(Tensor::from_ints([[4, 5, 6]], &device)));
    assert_eq!(both[15..], second);
}

#[test]
fn a_text_may_be_shorter_than_the_context() {
    let embedding = embedding(9, 4, 2);
    for tokens in 1..=4 {
        assert_eq!(embedding.forward(Tensor::zeros([1, tokens], &Device::flex())).dims(), [1, tokens, 2]);
    }
}

#[test]
#[should_panic(expected = "5 tokens, but the position table has 4 rows")]
fn a_text_must_not_be_longer_than_the_context() {
    embedding(9, 4, 2).forward(Tensor::zeros([1, 5], &Device::flex()));
}

/// The token table is drawn before the position table.
#[test]
fn tables_are_drawn_in_the_order_of_the_fields() {
    let mut rng = TorchRng::new(123);
    let embedding = embedding(5, 4, 8);
    assert_eq!(values(embedding.tok_emb.weight.val()), rng.randn(40));
    assert_eq!(values(embedding.pos_emb.weight.val()), rng.randn(32));
}
