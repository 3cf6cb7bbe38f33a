//! The parameters of the model, with their names in the book's PyTorch model.

use shared::GptConfig;

use super::Head;

/// Every parameter of the model that `config` and `head` describe: its name and its shape in burn's layout, in the order
/// of the model's fields. Costs nothing until it is walked, however large the configuration is.
pub(crate) fn parameters(config: &GptConfig, head: Head) -> impl Iterator<Item = (String, Vec<usize>)> + use<> {
    let &GptConfig { vocab_size, context_length, emb_dim, n_layers, qkv_bias, .. } = config;
    let Head { outputs, bias } = head;
    let blocks = (0..n_layers).flat_map(move |block| {
        block_parameters(emb_dim, qkv_bias).map(move |(name, shape)| (format!("trf_blocks.{block}.{name}"), shape))
    });
    let named = |name: &str, shape: &[usize]| (name.to_string(), shape.to_vec());
    let before = [named("tok_emb.weight", &[vocab_size, emb_dim]), named("pos_emb.weight", &[context_length, emb_dim])];
    let after = [
        named("final_norm.scale", &[emb_dim]),
        named("final_norm.shift", &[emb_dim]),
        named("out_head.weight", &[emb_dim, outputs]),
    ];
    let head_bias = bias.then(|| named("out_head.bias", &[outputs]));
    before.into_iter().chain(blocks).chain(after).chain(head_bias)
}

fn block_parameters(width: usize, qkv_bias: bool) -> impl Iterator<Item = (&'static str, Vec<usize>)> {
    // A width whose fourfold is no number fits no tensor either.
    let hidden = width.saturating_mul(4);
    let all = [
        ("att.W_query.weight", vec![width, width]),
        ("att.W_query.bias", vec![width]),
        ("att.W_key.weight", vec![width, width]),
        ("att.W_key.bias", vec![width]),
        ("att.W_value.weight", vec![width, width]),
        ("att.W_value.bias", vec![width]),
        ("att.out_proj.weight", vec![width, width]),
        ("att.out_proj.bias", vec![width]),
        ("ff.layers.0.weight", vec![width, hidden]),
        ("ff.layers.0.bias", vec![hidden]),
        ("ff.layers.2.weight", vec![hidden, width]),
        ("ff.layers.2.bias", vec![width]),
        ("norm1.scale", vec![width]),
        ("norm1.shift", vec![width]),
        ("norm2.scale", vec![width]),
        ("norm2.shift", vec![width]),
    ];
    all.into_iter().filter(move |(name, _)| qkv_bias || !(name.starts_with("att.W_") && name.ends_with(".bias")))
}

/// Whether PyTorch keeps this parameter as the transpose of burn's: the weights of linear layers.
pub(crate) fn is_linear_weight(book_name: &str) -> bool {
    book_name.ends_with(".weight") && !book_name.ends_with("_emb.weight")
}

/// Where a walk over the model's parameters is: the fields on the way.
#[derive(Default)]
pub(crate) struct Place(Vec<String>);

impl Place {
    pub(crate) fn enter(&mut self, field: &str) {
        self.0.push(field.to_string());
    }

    pub(crate) fn exit(&mut self) {
        self.0.pop();
    }

    /// The name of the parameter in the book's PyTorch model.
    pub(crate) fn book_name(&self) -> String {
        let book_field = |field: &String| {
            match field.as_str() {
                "w_query" => "W_query",
                "w_key" => "W_key",
                "w_value" => "W_value",
                "expand" => "layers.0",
                "contract" => "layers.2",
                other => other,
            }
            .to_string()
        };
        self.0.iter().map(book_field).collect::<Vec<_>>().join(".")
    }
}

#[cfg(test)]
mod tests {
    use burn::module::{Module, ModuleVisitor, Param};
    use burn::tensor::{Device, Tensor};
    use ch04_gpt::GptModel;
    use shared::Linear;

    use super::*;

    #[derive(Default)]
    struct Walk {
        place: Place,
        found: Vec<(String, Vec<usize>)>,
    }

    impl ModuleVisitor for Walk {
        fn enter_module(&mut self, field: &str, _holder: &str) {
            self.place.enter(field);
        }

        fn exit_module(&mut self, _field: &str, _holder: &str) {
            self.place.exit();
        }

        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.found.push((self.place.book_name(), param.lazy_shape().iter().copied().collect()));
        }
    }

    #[test]
    fn the_list_is_what_a_walk_over_the_model_finds() {
        for bias in [false, true] {
            let config = GptConfig { vocab_size: 7, emb_dim: 8, qkv_bias: bias, ..GptConfig::preset("tiny").unwrap() };
            let head = Head { outputs: 2, bias };
            let mut model = GptModel::new(&config, &Device::flex());
            model.out_head = Linear::new(8, 2, bias, &Device::flex());
            let mut walk = Walk::default();
            model.visit(&mut walk);
            assert_eq!(parameters(&config, head).collect::<Vec<_>>(), walk.found);
        }
    }
}
