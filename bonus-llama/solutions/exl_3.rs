//! # Solution L.3: Merge adapters into a SwiGLU network
//!
//! `W x + s·B A x = (W + s·B A) x`: the change is a matrix of the weight's own shape, and merging is one addition per
//! matrix. In our layout everything is transposed, `(B A)ᵀ = Aᵀ Bᵀ`. The sum is formed before silu in both forms, so
//! the two agree although silu is not linear. Adding the adapter's part after silu would give a different function.
//!
//! Unmerging subtracts the same matrix. The weights come back up to rounding, not bit by bit: if you swap adapters
//! often, keep the original weights. Side by side, a token costs `rank · (d_in + d_out)` more products per matrix;
//! merged, none.
//!
//! # 解答 L.3：把适配器合并进 SwiGLU 网络
//!
//! `W x + s·B A x = (W + s·B A) x`：改变量是一个与权重形状相同的矩阵，合并就是每个矩阵做一次加法。在我们的布局中一切
//! 都要转置：`(B A)ᵀ = Aᵀ Bᵀ`。两种形式都在 silu 之前求和，所以尽管 silu 不是线性的，结果仍然一致。若把适配器的部分加
//! 在 silu 之后，就成了另一个函数。
//!
//! 取出适配器就是减去同一个矩阵。权重只在舍入误差之内恢复，并非每一位都相同：经常更换适配器的人会保留原来的权重。并列
//! 计算时，每个矩阵对每个词元多做 `rank · (d_in + d_out)` 次乘法；合并之后则一次也不多。

use bonus_llama::GatedFeedForward;
use burn::module::Param;
use burn::tensor::Tensor;
use shared::Linear;

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

impl Adapter {
    fn scale(&self) -> f64 {
        let [rank, _] = self.a.dims();
        self.alpha / rank as f64
    }

    /// What is added to a weight, `[d_in, d_out]`.
    fn change(&self) -> Tensor<2> {
        self.b.clone().matmul(self.a.clone()).transpose() * self.scale()
    }
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
    let gate = ff.activation.forward(side_by_side(&ff.gate, adapters.gate.as_ref(), x.clone()));
    let up = side_by_side(&ff.up, adapters.up.as_ref(), x); // [batch, tokens, hidden_dim]
    side_by_side(&ff.down, adapters.down.as_ref(), gate * up) // [batch, tokens, emb_dim]
}

/// A layer and its adapter.
fn side_by_side(layer: &Linear, adapter: Option<&Adapter>, x: Tensor<3>) -> Tensor<3> {
    let y = layer.forward(x.clone());
    let Some(adapter) = adapter else { return y };
    let low = x.matmul(adapter.a.clone().transpose().unsqueeze()); // [batch, tokens, rank]
    y + low.matmul(adapter.b.clone().transpose().unsqueeze()) * adapter.scale()
}

/// A network without adapters that computes the same.
pub fn merge(ff: GatedFeedForward, adapters: &Adapters) -> GatedFeedForward {
    add(ff, adapters, 1.0)
}

/// Takes out what [`merge`] has put in.
pub fn unmerge(ff: GatedFeedForward, adapters: &Adapters) -> GatedFeedForward {
    add(ff, adapters, -1.0)
}

/// Adds every adapter, `sign` times.
fn add(mut ff: GatedFeedForward, adapters: &Adapters, sign: f64) -> GatedFeedForward {
    for (layer, adapter) in [(&mut ff.gate, &adapters.gate), (&mut ff.up, &adapters.up), (&mut ff.down, &adapters.down)]
    {
        if let Some(adapter) = adapter {
            layer.weight = Param::from_tensor(layer.weight.val() + adapter.change() * sign);
        }
    }
    ff
}
