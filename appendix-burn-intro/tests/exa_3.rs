//! The checks of exercise A.3: of `solutions/exa_3.rs`, or with the feature `my-solutions` of your file in `exercises/`.

#[cfg_attr(not(feature = "my-solutions"), path = "../solutions/exa_3.rs")]
#[cfg_attr(feature = "my-solutions", path = "../exercises/exa_3.rs", allow(unused))]
mod exa_3;

use appendix_burn_intro::NeuralNetwork;
use burn::tensor::Device;

// 中文：数出 752 个参数
#[test]
fn exa_3_counts_752() {
    assert_eq!(exa_3::counted(&NeuralNetwork::new(2, 2, &Device::flex())), 752);
    assert_eq!(exa_3::predicted(2, 2), 752);
}

// 中文：换成其他大小，两种数法结果一致
#[test]
fn exa_3_both_ways_agree_for_other_sizes() {
    for (inputs, outputs) in [(50, 3), (1, 1), (7, 11)] {
        let counted = exa_3::counted(&NeuralNetwork::new(inputs, outputs, &Device::flex()));
        assert_eq!(exa_3::predicted(inputs, outputs), counted, "{inputs} inputs, {outputs} outputs");
    }
}
