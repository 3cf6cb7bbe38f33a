//! The kernels as burn operations. With burn's fusion, an operation is queued together with those around it; the macro
//! generates the code for that.

use burn::backend::fusion::custom::TensorSpec;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, backend_extension};
use burn::tensor::{Shape, Tensor};
use burn_cubecl::CubeBackend;
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;

use super::parameters::{Parameters, ParametersMetadata};
use super::{BlockTensors, launch};

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

/// See [`block`](super::block).
pub fn block(
    x: Tensor<3>,
    block: BlockTensors,
    [keys, values]: [Tensor<4>; 2],
    kept: usize,
) -> (Tensor<3>, [Tensor<4>; 2]) {
    let BlockTensors { norm1, projections, biases, out, norm2, expand, contract, eps, heads: _ } = block;
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

/// See [`normalized_linear`](super::normalized_linear).
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
        let queries = launch::projections(&x, &block, [&keys, &values], kept, biased, eps);
        let context = launch::attention(&queries, &keys, &values, kept);
        let y = launch::product_with_shortcut(&context, &block.out, &block.out_bias, &x);
        let [_, hidden] = block.expand.meta.shape().dims();
        let (norm2, shape) = ([&block.scale2, &block.shift2], Shape::new([1, 1, hidden]));
        let hidden = launch::product_of_normalized(&y, norm2, eps, &block.expand, Some(&block.expand_bias), shape);
        let result = launch::product_with_shortcut(&hidden, &block.contract, &block.contract_bias, &y);
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
        let [_, columns] = weight.meta.shape().dims();
        launch::product_of_normalized(&x, [&scale, &shift], eps, &weight, None, Shape::new([1, columns]))
    }
}
