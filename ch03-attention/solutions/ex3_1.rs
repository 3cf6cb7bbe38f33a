//! # Solution 3.1: The same numbers from bare matrices and from linear layers
//!
//! burn's linear layer computes x·W + b with W of shape `[d_in, d_out]`. Without a bias that is the product of
//! `SelfAttentionV1`, so the weights can be taken as they are. PyTorch computes x·Wᵀ + b and keeps W as `[d_out, d_in]`;
//! there you have to transpose. Keep this in mind whenever you load weights of a PyTorch model: a square matrix that
//! was not transposed fits without any error.
//!
//! # 解答 3.1：裸矩阵与线性层得到同样的数
//!
//! burn 的线性层计算 x·W + b，W 的形状是 `[d_in, d_out]`。没有偏置时，这正是 `SelfAttentionV1` 里的乘积，所以权重可以原样拿来。
//! PyTorch 计算的是 x·Wᵀ + b，W 存成 `[d_out, d_in]`，因此必须转置。以后加载 PyTorch 模型的权重时要记住这一点：
//! 方阵忘了转置也能放进去，不会有任何报错。

use burn::module::Param;
use burn::tensor::Tensor;
use ch03_attention::{SelfAttentionV1, SelfAttentionV2};
use shared::Linear;

/// A `SelfAttentionV1` that gives the same context vectors as `v2`, whose layers have no bias.
pub fn v1_with_weights_of(v2: &SelfAttentionV2) -> SelfAttentionV1 {
    let matrix = |layer: &Linear| Param::from_tensor(layer.weight.val()); // [d_in, d_out]
    SelfAttentionV1 { w_query: matrix(&v2.w_query), w_key: matrix(&v2.w_key), w_value: matrix(&v2.w_value) }
}

/// The weight of `layer` as PyTorch prints it.
///
/// # Shapes
/// - result: `[d_out, d_in]`, one row per output.
pub fn pytorch_weight(layer: &Linear) -> Tensor<2> {
    layer.weight.val().transpose()
}
