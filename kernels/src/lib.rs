//! The operations of a GPT, fast on a CPU. The chapters show the formulas; here the same numbers come sooner.

pub mod decode;
