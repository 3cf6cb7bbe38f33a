//! GPT-2's published weights (section 5.5): which of OpenAI's tensors belongs to which field of the model.
//!
//! | OpenAI | model |
//! |---|---|
//! | `wte`, `wpe` | `tok_emb`, `pos_emb` |
//! | `h0/attn/c_attn` | `trf_blocks[0].att.w_query`, `w_key` and `w_value`, side by side |
//! | `h0/attn/c_proj` | `trf_blocks[0].att.out_proj` |
//! | `h0/mlp/c_fc`, `h0/mlp/c_proj` | `trf_blocks[0].ff.expand`, `contract` |
//! | `h0/ln_1`, `h0/ln_2` | `trf_blocks[0].norm1`, `norm2` |
//! | `ln_f` | `final_norm` |
//!
//! A linear layer has a weight `w` and a bias `b`, a norm a scale `g` (gain) and a shift `b`. Three things differ from
//! a model that the book trains:
//!
//! - **Queries, keys and values** come from one matrix with three times the columns. It is split into three, and so is
//!   its bias: the model must be made with `qkv_bias: true`.
//! - **Matrices are stored as `[d_in, d_out]`.** That is the layout of burn's linear layers too. PyTorch's is the
//!   transpose, so the book transposes every matrix, and here none is. For a square matrix no check of the shape finds
//!   such a mistake.
//! - **There is no output layer.** GPT-2 uses the token embedding once more, as its transpose (weight tying). The model
//!   here has a head of its own, which starts as a copy.
//!
//! The function here is the lesson. `engine/model-files` reads the files: OpenAI's checkpoint into [`Params`], and any
//! published GPT-2 straight into a model.

use std::collections::BTreeMap;

use burn::module::Param;
use burn::tensor::{Device, Tensor, TensorData};
use ch04_gpt::GptModel;

/// OpenAI's tensors by their names, without the `model/` that each begins with: `h0/attn/c_attn/w`.
pub type Params = BTreeMap<String, TensorData>;

/// Why a model cannot take the weights.
#[allow(missing_docs, reason = "an error's message says what its fields are")]
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ParamsError {
    /// There is no tensor of this name.
    #[error("tensor {name} is missing")]
    Missing { name: String },
    /// The model has other sizes.
    #[error("tensor {name}: its shape is {found:?}, but the model asks for {expected}")]
    Shape { name: String, found: Vec<usize>, expected: String },
    /// The model was made without biases for queries, keys and values.
    #[error("tensor {name}: the model has no such bias; GPT-2 needs qkv_bias: true")]
    NoBias { name: String },
}

/// Copies GPT-2's weights into a model of the same sizes (listing 5.5).
///
/// # Errors
/// If a tensor is missing or does not fit the model.
pub fn load_weights_into_gpt(mut gpt: GptModel, params: &Params) -> Result<GptModel, ParamsError> {
    let device = gpt.tok_emb.weight.lazy_device();
    let matrix = |name: &str| Stored::<2>::find(params, name, &device);
    let vector = |name: &str| Stored::<1>::find(params, name, &device);

    assign(&mut gpt.pos_emb.weight, matrix("wpe")?)?; // [context_length, emb_dim]
    assign(&mut gpt.tok_emb.weight, matrix("wte")?)?; // [vocab_size, emb_dim]

    for (b, block) in gpt.trf_blocks.iter_mut().enumerate() {
        let matrix = |name: &str| matrix(&format!("h{b}/{name}"));
        let vector = |name: &str| vector(&format!("h{b}/{name}"));

        let att = &mut block.att;
        let [q_w, k_w, v_w] = matrix("attn/c_attn/w")?.split_in_three()?; // [emb_dim, emb_dim] each
        assign(&mut att.w_query.weight, q_w)?;
        assign(&mut att.w_key.weight, k_w)?;
        assign(&mut att.w_value.weight, v_w)?;
        let [q_b, k_b, v_b] = vector("attn/c_attn/b")?.split_in_three()?; // [emb_dim] each
        assign_bias(&mut att.w_query.bias, q_b)?;
        assign_bias(&mut att.w_key.bias, k_b)?;
        assign_bias(&mut att.w_value.bias, v_b)?;
        assign(&mut att.out_proj.weight, matrix("attn/c_proj/w")?)?; // [emb_dim, emb_dim]
        assign_bias(&mut att.out_proj.bias, vector("attn/c_proj/b")?)?;

        let ff = &mut block.ff;
        assign(&mut ff.expand.weight, matrix("mlp/c_fc/w")?)?; // [emb_dim, 4 emb_dim]
        assign_bias(&mut ff.expand.bias, vector("mlp/c_fc/b")?)?;
        assign(&mut ff.contract.weight, matrix("mlp/c_proj/w")?)?; // [4 emb_dim, emb_dim]
        assign_bias(&mut ff.contract.bias, vector("mlp/c_proj/b")?)?;

        assign(&mut block.norm1.scale, vector("ln_1/g")?)?;
        assign(&mut block.norm1.shift, vector("ln_1/b")?)?;
        assign(&mut block.norm2.scale, vector("ln_2/g")?)?;
        assign(&mut block.norm2.shift, vector("ln_2/b")?)?;
    }

    assign(&mut gpt.final_norm.scale, vector("ln_f/g")?)?;
    assign(&mut gpt.final_norm.shift, vector("ln_f/b")?)?;
    assign(&mut gpt.out_head.weight, matrix("wte")?.transpose())?; // [emb_dim, vocab_size]: weight tying
    Ok(gpt)
}

/// One of OpenAI's tensors, with its name for errors.
struct Stored<const D: usize> {
    name: String,
    values: Tensor<D>,
}

impl<const D: usize> Stored<D> {
    fn find(params: &Params, name: &str, device: &Device) -> Result<Self, ParamsError> {
        let name = name.to_string();
        let Some(data) = params.get(&name) else { return Err(ParamsError::Missing { name }) };
        let found: Vec<usize> = data.shape().iter().copied().collect();
        if found.len() != D {
            return Err(ParamsError::Shape { name, found, expected: format!("{D} dimensions") });
        }
        Ok(Self { name, values: Tensor::from_data(data.clone(), device) })
    }

    /// Cuts the last dimension into three parts: queries, keys, values.
    fn split_in_three(self) -> Result<[Self; 3], ParamsError> {
        let Self { name, values } = self;
        let found = values.dims().to_vec();
        let parts: Vec<_> =
            values.chunk(3, D - 1).into_iter().map(|values| Self { name: name.clone(), values }).collect();
        parts.try_into().map_err(|_| ParamsError::Shape { name, found, expected: "three equal parts".into() })
    }

    fn transpose(self) -> Self {
        Self { name: self.name, values: self.values.transpose() }
    }
}

/// Gives a parameter the stored values, which must have its shape. The book's function of this name checks the same.
fn assign<const D: usize>(param: &mut Param<Tensor<D>>, stored: Stored<D>) -> Result<(), ParamsError> {
    let Stored { name, values } = stored;
    let (found, expected) = (values.dims(), param.lazy_shape().dims::<D>());
    if found != expected {
        return Err(ParamsError::Shape { name, found: found.to_vec(), expected: format!("{expected:?}") });
    }
    *param = param.clone().transform_for_load(values, param.id);
    Ok(())
}

/// As [`assign`], for a layer that may have been made without a bias.
fn assign_bias(bias: &mut Option<Param<Tensor<1>>>, stored: Stored<1>) -> Result<(), ParamsError> {
    match bias {
        Some(bias) => assign(bias, stored),
        None => Err(ParamsError::NoBias { name: stored.name }),
    }
}
