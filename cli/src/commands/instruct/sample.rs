//! What the model answers while it learns.

use anyhow::Result;
use burn::tensor::Device;
use ch02_text::Gpt2Tokenizer;
use ch04_gpt::GptModel;
use ch05_pretrain::sample::SAMPLE_TOKENS;
use ch05_pretrain::tokens::{ids_to_tensor, tensor_to_ids};
use ch05_pretrain::{GenerateOptions, generate};
use shared::rng::TorchRng;

/// `prompt` and its most likely continuation, on one line. As an answer does, it ends before the end-of-text token.
pub fn sample(model: &GptModel, tokenizer: &Gpt2Tokenizer, device: &Device, prompt: &str) -> Result<String> {
    let ids = ids_to_tensor(&tokenizer.encode_ordinary(prompt), &device.clone().inner());
    let greedy = GenerateOptions::greedy(SAMPLE_TOKENS, model.context_length());
    let options = GenerateOptions { eos_id: Some(tokenizer.end_of_text_id()), ..greedy };
    // Greedy decoding draws no random numbers, so the seed does not matter.
    let ids = tensor_to_ids(generate(model, ids, &options, &mut TorchRng::new(123))?);
    Ok(tokenizer.decode_whole_characters(&ids)?.replace('\n', " "))
}

#[cfg(test)]
mod tests {
    use burn::tensor::Tensor;
    use shared::GptConfig;

    use super::*;

    /// A model that finds one token the most likely after any text: the last norm gives ones, and only the row of that token
    /// has a weight.
    fn model_of(token: usize, device: &Device) -> GptModel {
        let config = GptConfig { emb_dim: 4, n_layers: 1, ..GptConfig::preset("tiny").unwrap() };
        let mut model = GptModel::new(&config, device);
        model.final_norm.scale = model.final_norm.scale.map(|scale| scale.zeros_like());
        model.final_norm.shift = model.final_norm.shift.map(|shift| shift.ones_like());
        let ones = Tensor::ones([4, 1], device);
        model.out_head.weight =
            model.out_head.weight.map(|weight| weight.zeros_like().slice_assign([0..4, token..token + 1], ones));
        model
    }

    #[test]
    fn a_sample_ends_with_the_answer() {
        let (device, tokenizer) = (Device::flex().autodiff(), Gpt2Tokenizer::new());
        let sample = |token| sample(&model_of(token, &device), &tokenizer, &device, "### Response:\n").unwrap();
        assert_eq!(sample(50256), "### Response: ");
        // Token 198 is a line break.
        assert_eq!(sample(198), format!("### Response: {}", " ".repeat(SAMPLE_TOKENS)));
    }
}
