//! Launching the kernels. Each function allocates its result; the GPU runs the kernels in the order of the launches.

use burn::backend::cubecl::dtype_to_storage_type;
use burn::cubecl::prelude::*;
use burn::tensor::{DType, Shape};
use burn_cubecl::CubeBackend;
use burn_cubecl::ops::numeric::empty_device_contiguous_dtype;
use burn_cubecl::tensor::CubeTensor;

use super::UNITS;
use super::cube::{COLUMNS, normalized_product, product_and_shortcut, projection};
use super::cube_attention;
use super::parameters::Parameters;

/// Queries, keys and values of a token; the keys and values are written into the cache as token number `kept`. Returns the
/// queries, `[1, heads, 1, head_dim]`.
pub fn projections(
    x: &CubeTensor,
    block: &Parameters<CubeBackend>,
    [keys, values]: [&CubeTensor; 2],
    kept: usize,
    biased: bool,
    eps: f32,
) -> CubeTensor {
    let [_, heads, _, head_dim] = keys.meta.shape().dims();
    let width = heads * head_dim;
    let queries = empty(x, Shape::new([1, heads, 1, head_dim]));
    let projections = [
        (&block.query, &block.query_bias, &queries, 0),
        (&block.key, &block.key_bias, keys, kept),
        (&block.value, &block.value_bias, values, kept),
    ];
    for (weight, bias, result, position) in projections {
        projection::launch(
            &x.client,
            cubes_for(width),
            units(),
            arg(x),
            arg(&block.scale1),
            arg(&block.shift1),
            eps,
            arg(weight),
            arg(bias),
            arg(result),
            position as u32,
            width,
            biased,
            dtype(weight),
        );
    }
    queries
}

/// The context vectors of all heads, `[1, 1, heads * head_dim]`; the query sees the `kept` tokens and itself.
pub fn attention(queries: &CubeTensor, keys: &CubeTensor, values: &CubeTensor, kept: usize) -> CubeTensor {
    let [_, heads, _, head_dim] = keys.meta.shape().dims();
    let context = empty(queries, Shape::new([1, 1, heads * head_dim]));
    cube_attention::attention::launch(
        &queries.client,
        CubeCount::Static(heads as u32, 1, 1),
        units(),
        arg(queries),
        arg(keys),
        arg(values),
        arg(&context),
        kept as u32 + 1,
        1.0 / (head_dim as f32).sqrt(),
        head_dim,
    );
    context
}

/// `x W + b + shortcut`, `[1, 1, d_out]`.
pub fn product_with_shortcut(
    x: &CubeTensor,
    weight: &CubeTensor,
    bias: &CubeTensor,
    shortcut: &CubeTensor,
) -> CubeTensor {
    let [inner, columns] = weight.meta.shape().dims();
    let y = empty(x, Shape::new([1, 1, columns]));
    product_and_shortcut::launch(
        &x.client,
        cubes_for(columns),
        units(),
        arg(x),
        arg(weight),
        arg(bias),
        arg(shortcut),
        arg(&y),
        inner,
        dtype(weight),
    );
    y
}

/// `norm(x) W`, or with a bias `gelu(norm(x) W + b)`; the result has the shape `shape`.
pub fn product_of_normalized(
    x: &CubeTensor,
    [scale, shift]: [&CubeTensor; 2],
    eps: f32,
    weight: &CubeTensor,
    bias: Option<&CubeTensor>,
    shape: Shape,
) -> CubeTensor {
    let [width, columns] = weight.meta.shape().dims();
    let y = empty(x, shape);
    normalized_product::launch(
        &x.client,
        cubes_for(columns),
        units(),
        arg(x),
        arg(scale),
        arg(shift),
        eps,
        arg(weight),
        arg(bias.unwrap_or(scale)),
        arg(&y),
        width,
        bias.is_some(),
        dtype(weight),
    );
    y
}

/// The number of cubes for a result with this many columns.
fn cubes_for(columns: usize) -> CubeCount {
    CubeCount::Static(columns.div_ceil(COLUMNS) as u32, 1, 1)
}

fn units() -> CubeDim {
    CubeDim::new_1d(UNITS as u32)
}

fn arg(tensor: &CubeTensor) -> TensorArg {
    tensor.clone().into_tensor_arg()
}

/// The type of the elements, as CubeCL names it.
fn dtype(tensor: &CubeTensor) -> ElemType {
    dtype_to_storage_type(tensor.dtype)
}

fn empty(like: &CubeTensor, shape: Shape) -> CubeTensor {
    empty_device_contiguous_dtype(like.client.clone(), like.device.clone(), shape, DType::F32)
}
