//! The parameters of a block for burn's dispatch.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, ExtensionType};

/// The tensors of a [`BlockTensors`](super::BlockTensors). Where a bias is missing, another vector takes its place and is not read.
#[derive(ExtensionType, Clone, Debug)]
#[extension_type(fusion)]
pub struct Parameters<B: Backend> {
    pub scale1: FloatTensor<B>,
    pub shift1: FloatTensor<B>,
    pub query: FloatTensor<B>,
    pub key: FloatTensor<B>,
    pub value: FloatTensor<B>,
    pub query_bias: FloatTensor<B>,
    pub key_bias: FloatTensor<B>,
    pub value_bias: FloatTensor<B>,
    pub out: FloatTensor<B>,
    pub out_bias: FloatTensor<B>,
    pub scale2: FloatTensor<B>,
    pub shift2: FloatTensor<B>,
    pub expand: FloatTensor<B>,
    pub expand_bias: FloatTensor<B>,
    pub contract: FloatTensor<B>,
    pub contract_bias: FloatTensor<B>,
}
