//! # Solution L.2: From multi-head to grouped-query attention
//!
//! A weight `[d_in, num_heads · head_dim]` is `[d_in, num_kv_heads, group, head_dim]` in disguise, because the heads
//! of a group are neighbours. The mean over the third dimension leaves `[d_in, num_kv_heads · head_dim]`; the bias is
//! a matrix with one row. Repeating goes the other way: a dimension of size 1 after the heads is repeated and then
//! becomes part of the heads.
//!
//! With as many groups as heads nothing changes. With fewer, the result is an approximation, unless the heads of a
//! group were equal: averaging equal heads loses nothing. That is why a little training afterwards is enough when
//! heads of a group are similar, and why fewer groups need more of it. The cache shrinks by the factor H / K at once.
//!
//! # 解答 L.2：从多头注意力到分组查询注意力
//!
//! 一组里的头彼此相邻，所以形状为 `[d_in, num_heads · head_dim]` 的权重其实就是
//! `[d_in, num_kv_heads, group, head_dim]`。沿第三维取平均，得到 `[d_in, num_kv_heads · head_dim]`；偏置可以看作只有
//! 一行的矩阵。重复则反过来做：在头后面加一个大小为 1 的维，把它重复若干次，再并入头这一维。
//!
//! 组数等于头数时，什么也不变。组数更少时，结果只是近似，除非同组的头本来就相同：相同的头取平均没有损失。因此同组的头
//! 越相似，之后需要的训练就越少；组数越少，需要的训练就越多。缓存则立刻缩小到原来的 K / H。

use burn::module::Param;
use burn::tensor::Tensor;
use ch03_attention::MultiHeadAttention;
use ch03_attention::bonus::heads::{attend, split_heads};
use ch03_attention::causal_mask::causal_mask;
use shared::{Dropout, Linear, Mode};

/// Causal attention whose keys and values have fewer heads than its queries.
#[derive(Clone, Debug)]
pub struct Grouped {
    /// Projection to the queries, `[d_in, num_heads · head_dim]`.
    pub w_query: Linear,
    /// Projection to the keys, `[d_in, num_kv_heads · head_dim]`.
    pub w_key: Linear,
    /// Projection to the values, `[d_in, num_kv_heads · head_dim]`.
    pub w_value: Linear,
    /// Combines the heads.
    pub out_proj: Linear,
    /// Number of query heads.
    pub num_heads: usize,
    /// Number of heads of keys and values; divides `num_heads`.
    pub num_kv_heads: usize,
}

/// The mean of each group of neighbouring heads, of the weight and, if there is one, of the bias.
///
/// # Shapes
/// - `projection`: from `d_in` to `num_heads · head_dim`;
/// - result: from `d_in` to `num_kv_heads · head_dim`.
pub fn pool_heads(projection: &Linear, num_heads: usize, num_kv_heads: usize) -> Linear {
    let pool = |columns: Tensor<2>| {
        let [rows, width] = columns.dims();
        let head_dim = width / num_heads;
        let heads = columns.reshape([rows, num_kv_heads, num_heads / num_kv_heads, head_dim]);
        heads.mean_dim(2).reshape([rows, num_kv_heads * head_dim])
    };
    let bias = projection.bias.as_ref().map(|bias| {
        let row = bias.val().unsqueeze_dim::<2>(0); // [1, num_heads · head_dim]
        Param::from_tensor(pool(row).squeeze_dim::<1>(0))
    });
    Linear::from_params(Param::from_tensor(pool(projection.weight.val())), bias)
}

/// The grouped form of a module.
pub fn from_multi_head(attention: &MultiHeadAttention, num_kv_heads: usize) -> Grouped {
    let num_heads = attention.num_heads;
    Grouped {
        w_query: attention.w_query.clone(),
        w_key: pool_heads(&attention.w_key, num_heads, num_kv_heads),
        w_value: pool_heads(&attention.w_value, num_heads, num_kv_heads),
        out_proj: attention.out_proj.clone(),
        num_heads,
        num_kv_heads,
    }
}

impl Grouped {
    /// In evaluation mode, without dropout.
    ///
    /// # Shapes
    /// - `x`: `[batch, tokens, d_in]`;
    /// - result: `[batch, tokens, d_out]`.
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let [_, tokens, _] = x.dims();
        let hidden = causal_mask(tokens, &x.device());
        let queries = split_heads(self.w_query.forward(x.clone()), self.num_heads);
        let keys = self.repeat(split_heads(self.w_key.forward(x.clone()), self.num_kv_heads));
        let values = self.repeat(split_heads(self.w_value.forward(x), self.num_kv_heads));
        let context = attend(queries, keys, values, hidden, &Dropout::new(0.0), &mut Mode::Eval);
        self.out_proj.forward(context) // [batch, tokens, d_out]
    }

    /// `[batch, num_kv_heads, tokens, head_dim]` to `[batch, num_heads, tokens, head_dim]`.
    fn repeat(&self, x: Tensor<4>) -> Tensor<4> {
        let [batch, _, tokens, head_dim] = x.dims();
        x.unsqueeze_dim::<5>(2) // [batch, num_kv_heads, 1, tokens, head_dim]
            .repeat_dim(2, self.num_heads / self.num_kv_heads)
            .reshape([batch, self.num_heads, tokens, head_dim])
    }
}
