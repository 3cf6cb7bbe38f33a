//! Which linear layers a model has.
//!
//! Every module of the chapters that holds linear layers can list them, each module its own and those of its parts. So an
//! addition reaches every model that is put together from them, and a model of yours needs one `impl` of a few lines.

use burn::module::Module;
use ch03_attention::MultiHeadAttention;
use ch04_gpt::variants::hybrid_gpt::{HybridAttention, HybridBlock, HybridFeedForward, HybridGptModel};
use ch04_gpt::variants::{
    GatedDeltaNet, GatedMultiHeadAttention, GroupedQueryAttention, MoeFeedForward, MultiHeadLatentAttention,
    SlidingWindowAttention,
};
use ch04_gpt::{FeedForward, GptModel, TransformerBlock};
use shared::Linear;

/// A module that can list its linear layers.
pub trait LinearLayers: Module {
    /// The linear layers with their names in the book's model, in the order in which the book visits them.
    fn linear_layers_mut(&mut self) -> Vec<(String, &mut Linear)>;
}

/// Copies of the layers, to look at. The values are shared with the model, not copied.
pub fn linear_layers<M: LinearLayers>(model: &M) -> Vec<(String, Linear)> {
    let mut model = model.clone();
    model.linear_layers_mut().into_iter().map(|(name, layer)| (name, layer.clone())).collect()
}

/// The layers of a part, with the part's name in front of theirs.
fn within<'a>(part: &str, module: &'a mut impl LinearLayers) -> Vec<(String, &'a mut Linear)> {
    module.linear_layers_mut().into_iter().map(|(name, layer)| (format!("{part}.{name}"), layer)).collect()
}

/// As [`within`], for a list of parts.
fn within_each<'a>(list: &str, modules: &'a mut [impl LinearLayers]) -> Vec<(String, &'a mut Linear)> {
    modules.iter_mut().enumerate().flat_map(|(i, module)| within(&format!("{list}.{i}"), module)).collect()
}

/// For modules without parts: the field of each layer and its name in the book.
macro_rules! fields {
    ($module:ty: $($field:ident $name:literal),*) => {
        impl LinearLayers for $module {
            fn linear_layers_mut(&mut self) -> Vec<(String, &mut Linear)> {
                vec![$(($name.to_string(), &mut self.$field)),*]
            }
        }
    };
}

fields!(MultiHeadAttention: w_query "W_query", w_key "W_key", w_value "W_value", out_proj "out_proj");
fields!(FeedForward: expand "layers.0", contract "layers.2");
fields!(GroupedQueryAttention: w_key "W_key", w_value "W_value", w_query "W_query", out_proj "out_proj");
fields!(MultiHeadLatentAttention:
    w_query "W_query", w_down "W_DKV", w_up_key "W_UK", w_up_value "W_UV", out_proj "out_proj");
fields!(SlidingWindowAttention: w_query "W_query", w_key "W_key", w_value "W_value", out_proj "out_proj");
fields!(GatedMultiHeadAttention:
    w_query "W_query", w_gate "W_gate", w_key "W_key", w_value "W_value", out_proj "out_proj");
fields!(GatedDeltaNet:
    w_query "W_query", w_key "W_key", w_value "W_value", w_gate "W_gate", w_beta "W_beta", w_alpha "W_alpha",
    out_proj "out_proj");

impl LinearLayers for MoeFeedForward {
    fn linear_layers_mut(&mut self) -> Vec<(String, &mut Linear)> {
        let mut layers = vec![("gate".to_string(), &mut self.gate)];
        for (name, experts) in [("fc1", &mut self.fc1), ("fc2", &mut self.fc2), ("fc3", &mut self.fc3)] {
            layers.extend(experts.iter_mut().enumerate().map(|(i, layer)| (format!("{name}.{i}"), layer)));
        }
        layers
    }
}

impl LinearLayers for HybridAttention {
    fn linear_layers_mut(&mut self) -> Vec<(String, &mut Linear)> {
        match self {
            Self::Full(attention) => attention.linear_layers_mut(),
            Self::GroupedQuery(attention) => attention.linear_layers_mut(),
            Self::Latent(attention) => attention.linear_layers_mut(),
            Self::SlidingWindow(attention) => attention.linear_layers_mut(),
            Self::Gated(attention) => attention.linear_layers_mut(),
            Self::DeltaNet(net) => net.linear_layers_mut(),
        }
    }
}

impl LinearLayers for HybridFeedForward {
    fn linear_layers_mut(&mut self) -> Vec<(String, &mut Linear)> {
        match self {
            Self::Dense(network) => network.linear_layers_mut(),
            Self::Experts(experts) => experts.linear_layers_mut(),
        }
    }
}

/// For blocks and for models, which have the same fields with other parts in them.
macro_rules! block_and_model {
    ($block:ty, $model:ty) => {
        impl LinearLayers for $block {
            fn linear_layers_mut(&mut self) -> Vec<(String, &mut Linear)> {
                let mut layers = within("att", &mut self.att);
                layers.extend(within("ff", &mut self.ff));
                layers
            }
        }

        impl LinearLayers for $model {
            fn linear_layers_mut(&mut self) -> Vec<(String, &mut Linear)> {
                let mut layers = within_each("trf_blocks", &mut self.trf_blocks);
                layers.push(("out_head".to_string(), &mut self.out_head));
                layers
            }
        }
    };
}

block_and_model!(TransformerBlock, GptModel);
block_and_model!(HybridBlock, HybridGptModel);
