//! # Exercise L.3: Merge adapters into a SwiGLU network
//!
//! LoRA (appendix E) trains two thin matrices beside a frozen one. In a Llama most of the weights are in the
//! feed-forward network, so adapters are often put on its three matrices. In the files of `peft`, A is `[rank, d_in]`
//! and B is `[d_out, rank]`, as PyTorch lays them out, and the layer computes
//!
//! ```text
//! y = W x + alpha / rank · B A x
//! ```
//!
//! `forward_with` computes the network with its adapters beside it; some of the three may be missing. `merge` makes the
//! adapters part of the weights, so that the network costs as much as without them, and `unmerge` takes them out again.
//!
//! Hint: our weights are `[d_in, d_out]`, a column for each output, so A and B have to be transposed. An adapter
//! belongs to its matrix: what the gate's adapter adds goes through silu like the rest; it is not added afterwards.
//!
//! # 练习 L.3：把适配器合并进 SwiGLU 网络
//!
//! LoRA（附录 E）在冻结的矩阵旁边训练两个瘦长矩阵。Llama 的大部分权重在前馈网络里，所以适配器常常加在它的三个矩阵上。
//! 在 `peft` 的文件中，A 的形状是 `[rank, d_in]`，B 是 `[d_out, rank]`，这是 PyTorch 的排法，这一层计算的是
//!
//! ```text
//! y = W x + alpha / rank · B A x
//! ```
//!
//! `forward_with` 计算旁边带着适配器的网络，三个适配器可以缺几个。`merge` 把适配器并入权重，网络的开销就和没有适配器
//! 时一样；`unmerge` 再把它们取出来。
//!
//! 提示：我们的权重是 `[d_in, d_out]`，每个输出占一列，所以 A 和 B 要转置。适配器属于它自己的矩阵：门的适配器算出的那
//! 部分也要和其余部分一起经过 silu，不能加在 silu 之后。
//!
//! Check it: `cargo run -- exercise check L.3`

use bonus_llama::GatedFeedForward;
use burn::tensor::Tensor;

/// A change of low rank, as `peft` stores it.
#[derive(Clone, Debug)]
pub struct Adapter {
    /// `[rank, d_in]`.
    pub a: Tensor<2>,
    /// `[d_out, rank]`.
    pub b: Tensor<2>,
    /// The strength of the change; it is divided by the rank.
    pub alpha: f64,
}

/// What was trained beside the three matrices of a network.
#[derive(Clone, Debug, Default)]
pub struct Adapters {
    /// Beside the gate.
    pub gate: Option<Adapter>,
    /// Beside the matrix that the gate is multiplied with.
    pub up: Option<Adapter>,
    /// Beside the matrix that leads back.
    pub down: Option<Adapter>,
}

/// The network with its adapters beside it. The weights are not touched.
///
/// # Shapes
/// - `x`: `[batch, tokens, emb_dim]`; the result has the same.
pub fn forward_with(ff: &GatedFeedForward, adapters: &Adapters, x: Tensor<3>) -> Tensor<3> {
    todo!("exercise L.3")
}

/// A network without adapters that computes the same.
pub fn merge(ff: GatedFeedForward, adapters: &Adapters) -> GatedFeedForward {
    todo!("exercise L.3")
}

/// Takes out what [`merge`] has put in.
pub fn unmerge(ff: GatedFeedForward, adapters: &Adapters) -> GatedFeedForward {
    todo!("exercise L.3")
}
