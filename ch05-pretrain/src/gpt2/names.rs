//! What the parameters of the book's model are called in GPT-2's files.

use crate::checkpoint::Part::{self, Third, Transposed, Whole};
use crate::checkpoint::Source;

/// A parameter: its name in the book's model, at Hugging Face, at OpenAI, and what of that tensor it is.
type Names = (&'static str, &'static str, &'static str, Part);

/// The parameters outside of the blocks.
const MODEL: [Names; 5] = [
    ("tok_emb.weight", "wte.weight", "wte", Whole),
    ("pos_emb.weight", "wpe.weight", "wpe", Whole),
    ("final_norm.scale", "ln_f.weight", "ln_f/g", Whole),
    ("final_norm.shift", "ln_f.bias", "ln_f/b", Whole),
    ("out_head.weight", "wte.weight", "wte", Transposed),
];

/// The parameters of a block. `c_attn` holds queries, keys and values side by side.
const BLOCK: [Names; 16] = [
    ("att.W_query.weight", "attn.c_attn.weight", "attn/c_attn/w", Third(0)),
    ("att.W_query.bias", "attn.c_attn.bias", "attn/c_attn/b", Third(0)),
    ("att.W_key.weight", "attn.c_attn.weight", "attn/c_attn/w", Third(1)),
    ("att.W_key.bias", "attn.c_attn.bias", "attn/c_attn/b", Third(1)),
    ("att.W_value.weight", "attn.c_attn.weight", "attn/c_attn/w", Third(2)),
    ("att.W_value.bias", "attn.c_attn.bias", "attn/c_attn/b", Third(2)),
    ("att.out_proj.weight", "attn.c_proj.weight", "attn/c_proj/w", Whole),
    ("att.out_proj.bias", "attn.c_proj.bias", "attn/c_proj/b", Whole),
    ("ff.layers.0.weight", "mlp.c_fc.weight", "mlp/c_fc/w", Whole),
    ("ff.layers.0.bias", "mlp.c_fc.bias", "mlp/c_fc/b", Whole),
    ("ff.layers.2.weight", "mlp.c_proj.weight", "mlp/c_proj/w", Whole),
    ("ff.layers.2.bias", "mlp.c_proj.bias", "mlp/c_proj/b", Whole),
    ("norm1.scale", "ln_1.weight", "ln_1/g", Whole),
    ("norm1.shift", "ln_1.bias", "ln_1/b", Whole),
    ("norm2.scale", "ln_2.weight", "ln_2/g", Whole),
    ("norm2.shift", "ln_2.bias", "ln_2/b", Whole),
];

/// Where a parameter is in a file from Hugging Face. Block 3 is `h.3.`; some files put `transformer.` before each name.
pub(super) fn hugging_face(book_name: &str, prefix: &str) -> Source {
    let (block, (_, name, _, part)) = find(book_name);
    let tensor = match block {
        Some(block) => format!("{prefix}h.{block}.{name}"),
        None => format!("{prefix}{name}"),
    };
    Source { tensor, part }
}

/// Where a parameter is in OpenAI's checkpoint. Block 3 is `model/h3/`.
pub(super) fn openai(book_name: &str) -> Source {
    let (block, (_, _, name, part)) = find(book_name);
    let tensor = match block {
        Some(block) => format!("model/h{block}/{name}"),
        None => format!("model/{name}"),
    };
    Source { tensor, part }
}

/// The block of a parameter, if it is in one, and its names.
fn find(book_name: &str) -> (Option<&str>, Names) {
    let in_block = book_name.strip_prefix("trf_blocks.").and_then(|rest| rest.split_once('.'));
    let (block, table, name) = match in_block {
        Some((block, name)) => (Some(block), BLOCK.as_slice(), name),
        None => (None, MODEL.as_slice(), book_name),
    };
    match table.iter().find(|names| names.0 == name) {
        Some(names) => (block, *names),
        None => panic!("the model has no parameter {book_name}"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use shared::GptConfig;

    use super::*;
    use crate::checkpoint::{Head, parameters};

    fn published(size: &str) -> GptConfig {
        GptConfig { qkv_bias: true, ..GptConfig::preset(size).unwrap() }
    }

    /// The tensors of a published model and how many values each holds.
    fn tensors(config: &GptConfig, source: impl Fn(&str) -> Source) -> BTreeMap<String, usize> {
        let tensor = |(name, shape): (String, Vec<usize>)| {
            let Source { tensor, part } = source(&name);
            let parts = if matches!(part, Third(_)) { 3 } else { 1 };
            (tensor, parts * shape.iter().product::<usize>())
        };
        parameters(config, Head::of_text(config)).map(tensor).collect()
    }

    #[test]
    fn a_parameter_in_both_forms() {
        let at = |tensor: &str, part| Source { tensor: tensor.to_string(), part };
        let name = "trf_blocks.11.att.W_value.weight";
        assert_eq!(hugging_face(name, ""), at("h.11.attn.c_attn.weight", Third(2)));
        assert_eq!(hugging_face(name, "transformer."), at("transformer.h.11.attn.c_attn.weight", Third(2)));
        assert_eq!(openai(name), at("model/h11/attn/c_attn/w", Third(2)));
        assert_eq!(hugging_face("out_head.weight", ""), at("wte.weight", Transposed));
        assert_eq!(openai("final_norm.scale"), at("model/ln_f/g", Whole));
    }

    /// Four tensors outside of the blocks and twelve in each.
    #[test]
    fn numbers_of_tensors() {
        for (size, count) in
            [("124M", 4 + 12 * 12), ("355M", 4 + 24 * 12), ("774M", 4 + 36 * 12), ("1558M", 4 + 48 * 12)]
        {
            let config = published(size);
            assert_eq!(tensors(&config, |name| hugging_face(name, "")).len(), count, "{size}");
            assert_eq!(tensors(&config, openai).len(), count, "{size}");
        }
    }

    /// OpenAI's data files hold nothing but the values, four bytes each.
    #[test]
    fn sizes_of_the_published_files() {
        for (size, bytes) in [("124M", 497_759_232), ("355M", 1_419_292_672)] {
            let values: usize = tensors(&published(size), openai).values().sum();
            assert_eq!(4 * values, bytes, "{size}");
        }
    }
}
