//! The kernels as burn operations. With burn's fusion, an operation waits in a queue with those around it; the macro sees to
//! that.

use burn::backend::cubecl::dtype_to_storage_type;
use burn::backend::fusion::custom::TensorSpec;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, ExtensionType, backend_extension};
use burn::cubecl::prelude::*;
use burn::tensor::{DType, Shape, Tensor};
use burn_cubecl::CubeBackend;
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::ops::numeric::empty_device_contiguous_dtype;
use burn_cubecl::tensor::CubeTensor;

use super::cube::{COLUMNS, attention, normalized_product, product_and_shortcut, projection};
use super::{Block, UNITS};

/// The tensors of a [`Block`]. Biases that do not exist are some other vector.
#[derive(ExtensionType, Clone, Debug)]
#[extension_type(fusion)]
pub struct Parameters<B: Backend> {
    scale1: FloatTensor<B>,
    shift1: FloatTensor<B>,
    query: FloatTensor<B>,
    key: FloatTensor<B>,
    value: FloatTensor<B>,
    query_bias: FloatTensor<B>,
    key_bias: FloatTensor<B>,
    value_bias: FloatTensor<B>,
    out: FloatTensor<B>,
    out_bias: FloatTensor<B>,
    scale2: FloatTensor<B>,
    shift2: FloatTensor<B>,
    expand: FloatTensor<B>,
    expand_bias: FloatTensor<B>,
    contract: FloatTensor<B>,
    contract_bias: FloatTensor<B>,
}

/// The operations for burn's dispatch.
#[backend_extension(Cube, Fusion)]
trait TokenOps: Backend {
    #[fusion(meta = |x: &TensorSpec, _: &ParametersMetadata, keys: &TensorSpec, values: &TensorSpec, _: &usize, _: &bool, _: &f32| {
        (x.clone(), keys.clone(), values.clone())
    })]
    fn block_of_token(
        x: FloatTensor<Self>,
        #[extension_type] block: Parameters<Self>,
        keys: FloatTensor<Self>,
        values: FloatTensor<Self>,
        kept: usize,
        biased: bool,
        eps: f32,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);

    #[fusion(dtype = x, shape = Shape::new([1, weight[1]]))]
    fn normalized_linear_of_token(
        x: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        shift: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        eps: f32,
    ) -> FloatTensor<Self>;
}

pub fn block(x: Tensor<3>, block: Block, [keys, values]: [Tensor<4>; 2], kept: usize) -> (Tensor<3>, [Tensor<4>; 2]) {
    let Block { norm1, projections, biases, out, norm2, expand, contract, eps, heads: _ } = block;
    let [scale1, shift1] = norm1.map(Tensor::into_dispatch);
    let biased = biases.is_some();
    let [query_bias, key_bias, value_bias] = match biases {
        Some(biases) => biases.map(Tensor::into_dispatch),
        None => std::array::from_fn(|_| scale1.clone()),
    };
    let [query, key, value] = projections.map(Tensor::into_dispatch);
    let [scale2, shift2] = norm2.map(Tensor::into_dispatch);
    let parameters = Parameters::<Dispatch> {
        scale1,
        shift1,
        query,
        key,
        value,
        query_bias,
        key_bias,
        value_bias,
        out: out.0.into_dispatch(),
        out_bias: out.1.into_dispatch(),
        scale2,
        shift2,
        expand: expand.0.into_dispatch(),
        expand_bias: expand.1.into_dispatch(),
        contract: contract.0.into_dispatch(),
        contract_bias: contract.1.into_dispatch(),
    };
    let (keys, values) = (keys.into_dispatch(), values.into_dispatch());
    let (y, keys, values) =
        Dispatch::block_of_token(x.into_dispatch(), parameters, keys, values, kept, biased, eps as f32);
    (Tensor::from_dispatch(y), [Tensor::from_dispatch(keys), Tensor::from_dispatch(values)])
}

pub fn normalized_linear(x: Tensor<3>, norm: [Tensor<1>; 2], eps: f64, weight: Tensor<2>) -> Tensor<2> {
    let [scale, shift] = norm.map(Tensor::into_dispatch);
    let y = Dispatch::normalized_linear_of_token(x.into_dispatch(), scale, shift, weight.into_dispatch(), eps as f32);
    Tensor::from_dispatch(y)
}

impl TokenOps for CubeBackend {
    fn block_of_token(
        x: CubeTensor,
        block: Parameters<Self>,
        keys: CubeTensor,
        values: CubeTensor,
        kept: usize,
        biased: bool,
        eps: f32,
    ) -> (CubeTensor, CubeTensor, CubeTensor) {
        let x = into_contiguous(x);
        let [keys, values] = [keys, values].map(|cache| if cache.can_mut() { cache } else { cache.copy() });
        let [_, heads, _, head_dim] = keys.meta.shape().dims();
        let width = heads * head_dim;
        let client = x.client.clone();
        let vector = |width: usize| empty(&x, Shape::new([1, 1, width]));
        let (context, y, result) = (vector(width), vector(width), vector(width));
        let queries = empty(&x, Shape::new([1, heads, 1, head_dim]));

        let projections = [
            (&block.query, &block.query_bias, &queries, 0),
            (&block.key, &block.key_bias, &keys, kept),
            (&block.value, &block.value_bias, &values, kept),
        ];
        for (weight, bias, result, place) in projections {
            projection::launch(
                &client,
                cubes_for(width),
                units(),
                arg(&x),
                arg(&block.scale1),
                arg(&block.shift1),
                eps,
                arg(weight),
                arg(bias),
                arg(result),
                place as u32,
                width,
                biased,
                kind(weight),
            );
        }
        attention::launch(
            &client,
            CubeCount::Static(heads as u32, 1, 1),
            units(),
            arg(&queries),
            arg(&keys),
            arg(&values),
            arg(&context),
            kept as u32 + 1,
            1.0 / (head_dim as f32).sqrt(),
            head_dim,
        );
        product_and_shortcut::launch(
            &client,
            cubes_for(width),
            units(),
            arg(&context),
            arg(&block.out),
            arg(&block.out_bias),
            arg(&x),
            arg(&y),
            width,
            kind(&block.out),
        );
        let [_, wide] = block.expand.meta.shape().dims();
        let hidden = vector(wide);
        normalized_product::launch(
            &client,
            cubes_for(wide),
            units(),
            arg(&y),
            arg(&block.scale2),
            arg(&block.shift2),
            eps,
            arg(&block.expand),
            arg(&block.expand_bias),
            arg(&hidden),
            width,
            true,
            kind(&block.expand),
        );
        product_and_shortcut::launch(
            &client,
            cubes_for(width),
            units(),
            arg(&hidden),
            arg(&block.contract),
            arg(&block.contract_bias),
            arg(&y),
            arg(&result),
            wide,
            kind(&block.contract),
        );
        (result, keys, values)
    }

    fn normalized_linear_of_token(
        x: CubeTensor,
        scale: CubeTensor,
        shift: CubeTensor,
        weight: CubeTensor,
        eps: f32,
    ) -> CubeTensor {
        let x = into_contiguous(x);
        let [width, columns] = weight.meta.shape().dims();
        let y = empty(&x, Shape::new([1, columns]));
        normalized_product::launch(
            &x.client.clone(),
            cubes_for(columns),
            units(),
            arg(&x),
            arg(&scale),
            arg(&shift),
            eps,
            arg(&weight),
            arg(&scale),
            arg(&y),
            width,
            false,
            kind(&weight),
        );
        y
    }
}

/// Enough cubes for the columns of a result.
fn cubes_for(columns: usize) -> CubeCount {
    CubeCount::Static(columns.div_ceil(COLUMNS) as u32, 1, 1)
}

fn units() -> CubeDim {
    CubeDim::new_1d(UNITS as u32)
}

fn arg(tensor: &CubeTensor) -> TensorArg {
    tensor.clone().into_tensor_arg()
}

/// The type of its numbers.
fn kind(tensor: &CubeTensor) -> ElemType {
    dtype_to_storage_type(tensor.dtype)
}

fn empty(like: &CubeTensor, shape: Shape) -> CubeTensor {
    empty_device_contiguous_dtype(like.client.clone(), like.device.clone(), shape, DType::F32)
}
