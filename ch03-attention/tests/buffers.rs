//! Where a mask may live in a module, and what follows from it.
//!
//! | field | moves with the module | saved | trained |
//! |---|---|---|---|
//! | `Tensor` | yes | no | no |
//! | `Param<Tensor>` without gradient | yes | yes | no |
//! | `Tensor` with `#[module(skip)]` | no | no | no |
//!
//! PyTorch's buffer is the second row, an attribute that is not registered the third. The chapter's modules use the
//! first: the mask follows from the context length, so a file has no need of it.

use burn::module::{Module, Param};
use burn::store::ModuleRecord;
use burn::tensor::{Device, Tensor};
use ch03_attention::running_example::batch;
use ch03_attention::{CausalAttention, CausalAttentionConfig};
use shared::Mode;
use shared::init::torch_init;
use shared::rng::TorchRng;
use testkit::values;

#[derive(Module, Debug)]
struct Masks {
    constant: Tensor<2>,
    parameter: Param<Tensor<2>>,
    #[module(skip)]
    skipped: Tensor<2>,
}

fn masks() -> Masks {
    let mask = Tensor::<2>::ones([2, 2], &Device::flex()).triu(1);
    Masks { constant: mask.clone(), parameter: Param::from_tensor(mask.clone()).set_require_grad(false), skipped: mask }
}

fn saved<M: Module>(module: M) -> ModuleRecord {
    let bytes = module.into_record().into_bytes().expect("a record is written");
    ModuleRecord::from_bytes(bytes).expect("and read again")
}

const ORIGINAL: [f32; 4] = [0.0, 1.0, 0.0, 0.0];
const DOUBLED: [f32; 4] = [0.0, 2.0, 0.0, 0.0];

/// The experiment: ones become twos, the module is saved and loaded into a fresh one.
#[test]
fn only_a_parameter_comes_back_from_a_file() {
    let mut module = masks();
    module.constant = module.constant * 2.0;
    module.parameter = module.parameter.map(|mask| mask * 2.0);
    module.skipped = module.skipped * 2.0;

    let record = saved(module);
    assert_eq!(record.len(), 1);
    let loaded = masks().try_load_record(record).unwrap();
    assert_eq!(values(loaded.parameter.val()), DOUBLED);
    assert_eq!(values(loaded.constant), ORIGINAL);
    assert_eq!(values(loaded.skipped), ORIGINAL);
}

/// A CPU that records gradients counts as a place of its own, so this needs no GPU.
#[test]
fn a_skipped_tensor_stays_behind() {
    let moved = masks().train();
    assert!(moved.constant.device().is_autodiff());
    assert!(moved.parameter.val().device().is_autodiff());
    assert!(!moved.skipped.device().is_autodiff());
}

#[test]
fn a_frozen_parameter_gets_no_gradient() {
    let module = masks().train();
    let input = Tensor::<2>::ones([2, 2], &Device::flex().autodiff()).require_grad();
    let grads = (input.clone() * module.parameter.val()).sum().backward();
    assert_eq!(values(input.grad(&grads).unwrap()), ORIGINAL);
    assert!(module.parameter.grad(&grads).is_none());
}

/// A file of a module with room for 6 tokens fits one with room for 10, because the mask is not in it.
#[test]
fn a_longer_context_loads_the_same_file() {
    let short = torch_init(
        CausalAttention::new(&CausalAttentionConfig::new(3, 2, 6), &Device::flex()),
        &mut TorchRng::new(123),
    );
    let record = saved(short.clone());
    assert_eq!(record.len(), 3, "the three projections");
    let long =
        CausalAttention::new(&CausalAttentionConfig::new(3, 2, 10), &Device::flex()).try_load_record(record).unwrap();
    assert_eq!(long.mask.dims(), [10, 10]);
    let context =
        |module: &ch03_attention::CausalAttention| values(module.forward(batch(&Device::flex()), &mut Mode::Eval));
    assert_eq!(context(&long), context(&short));
}
