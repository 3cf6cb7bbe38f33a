//! What the model generates while it learns (section 5.2).

use burn::module::Module;
use burn::tensor::Device;
use ch02_text::{Gpt2Tokenizer, TokenizerError};
use ch04_gpt::{GptModel, generate_text_simple};

use crate::tokens::{ids_to_tensor, tensor_to_ids};

/// Tokens in a sample.
pub const SAMPLE_TOKENS: usize = 50;

/// `start` and the [`SAMPLE_TOKENS`] most likely tokens after it, on one line. The last character is a whole one. `start` is
/// what somebody typed, so the end-of-text marker is ordinary text in it.
///
/// # Errors
/// If the model gives an id that is not in the tokenizer's vocabulary.
pub fn generate_sample(
    model: &GptModel,
    tokenizer: &Gpt2Tokenizer,
    device: &Device,
    start: &str,
) -> Result<String, TokenizerError> {
    let ids = ids_to_tensor(&tokenizer.encode_ordinary(start), &device.clone().inner());
    let ids = generate_text_simple(&model.valid(), ids, SAMPLE_TOKENS, model.context_length());
    Ok(tokenizer.decode_whole_characters(&tensor_to_ids(ids))?.replace('\n', " "))
}

#[cfg(test)]
mod tests {
    use burn::tensor::Tensor;
    use shared::GptConfig;

    use super::*;

    /// A model that ends the line with every token: the last norm gives ones, and only the row of token 198 has a
    /// weight.
    #[test]
    fn a_sample_stands_on_one_line() {
        let config = GptConfig { emb_dim: 4, n_layers: 1, drop_rate: 0.5, ..GptConfig::preset("tiny").unwrap() };
        let device = Device::flex().autodiff();
        let mut model = GptModel::new(&config, &device);
        model.final_norm.scale = model.final_norm.scale.map(|scale| scale.zeros_like());
        model.final_norm.shift = model.final_norm.shift.map(|shift| shift.ones_like());
        let line_break = Tensor::ones([4, 1], &device);
        model.out_head.weight =
            model.out_head.weight.map(|weight| weight.zeros_like().slice_assign([0..4, 198..199], line_break));
        let sample = generate_sample(&model, &Gpt2Tokenizer::new(), &device, "Once").unwrap();
        assert_eq!(sample, format!("Once{}", " ".repeat(SAMPLE_TOKENS)));
    }
}
