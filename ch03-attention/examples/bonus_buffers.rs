//! Bonus, where a mask may live in a module: `cargo run -p ch03-attention --example bonus_buffers`
//!
//! Three fields hold the same mask. The ones become twos, the module is saved and loaded into a fresh one: which field
//! remembers?

use burn::module::{Module, Param};
use burn::store::ModuleRecord;
use burn::tensor::{Device, Tensor};
use workshop::print_tensor;

#[derive(Module, Debug)]
struct Masks {
    /// Moves with the module, is neither saved nor trained: the right place for a mask.
    constant: Tensor<2>,
    /// Moves with the module and is saved. Without a gradient it is what PyTorch calls a buffer.
    parameter: Param<Tensor<2>>,
    /// Stays where it was made.
    #[module(skip)]
    skipped: Tensor<2>,
}

fn fresh() -> Masks {
    let mask = Tensor::<2>::ones([3, 3], &Device::flex()).triu(1);
    let parameter = Param::from_tensor(mask.clone()).set_require_grad(false);
    Masks { constant: mask.clone(), parameter, skipped: mask }
}

fn main() -> anyhow::Result<()> {
    let Masks { constant, parameter, skipped } = fresh();
    let doubled =
        Masks { constant: constant * 2.0, parameter: parameter.map(|mask| mask * 2.0), skipped: skipped * 2.0 };
    print_tensor("Before saving, all three", doubled.constant.clone());

    let bytes = doubled.into_record().into_bytes()?;
    let loaded = fresh().try_load_record(ModuleRecord::from_bytes(bytes)?)?;
    print_tensor("After loading: constant", loaded.constant.clone());
    print_tensor("After loading: parameter", loaded.parameter.val());
    print_tensor("After loading: skipped", loaded.skipped.clone());

    let moved = loaded.train();
    println!("Moved to the device that records gradients?");
    println!("  constant:  {}", moved.constant.device().is_autodiff());
    println!("  parameter: {}", moved.parameter.val().device().is_autodiff());
    println!("  skipped:   {}", moved.skipped.device().is_autodiff());
    Ok(())
}
