//! Section 3.3, attention without trainable weights: `cargo run -p ch03-attention --example 3_3_simplified_attention`
//!
//! First one token as query, then all tokens at once.

use burn::tensor::activation::softmax;
use burn::tensor::{Device, s};
use ch03_attention::running_example::{TOKENS, inputs};
use ch03_attention::simplified::{
    attention_scores, attention_weights, context_vector, dot_product, normalise_by_sum, scores_of_query,
    simplified_attention, softmax_naive,
};
use workshop::print_tensor;

fn main() -> anyhow::Result<()> {
    let inputs = inputs(&Device::flex()); // [tokens, d]
    print_tensor(&TOKENS.join(" "), inputs.clone());

    println!("3.3.1 The query is the second token, \"{}\"\n", TOKENS[1]);
    let query = inputs.clone().slice(s![1..2, ..]).squeeze_dim::<1>(0);
    let scores = scores_of_query(query.clone(), inputs.clone());
    print_tensor("Attention scores", scores.clone());

    let (x1, x2): (Vec<f32>, Vec<f32>) =
        (inputs.clone().slice(s![0, ..]).into_data().try_into_vec_as()?, query.into_data().try_into_vec_as()?);
    println!("The first of them, multiplied and added by hand: {:.4}\n", dot_product(&x1, &x2));

    for (title, weights) in [
        ("Weights: scores divided by their sum", normalise_by_sum(scores.clone())),
        ("Weights: naive softmax", softmax_naive(scores.clone())),
        ("Weights: softmax of burn", softmax(scores.clone(), 0)),
    ] {
        print_tensor(title, weights.clone());
        println!("Their sum: {:.4}\n", weights.sum().into_scalar::<f32>());
    }
    print_tensor("Context vector", context_vector(softmax(scores, 0), inputs.clone()));

    println!("3.3.2 All tokens\n");
    print_tensor("Attention scores", attention_scores(inputs.clone()));
    let weights = attention_weights(inputs.clone());
    print_tensor("Attention weights", weights.clone());
    print_tensor("Row sums", weights.sum_dim(1).squeeze_dim::<1>(1));
    print_tensor("Context vectors, the second row is the one from above", simplified_attention(inputs));
    Ok(())
}
