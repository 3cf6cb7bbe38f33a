//! # Exercise A.1: Is burn there?
//!
//! In the book you install PyTorch and ask for its version and for a GPU. Here cargo installs burn; `Cargo.lock` at the
//! root of the workspace says in which version. It has an entry of this form for every package:
//!
//! ```text
//! [[package]]
//! name = "burn"
//! version = "1.2.3"
//! ```
//!
//! `burn_version` finds the version of burn in the text of such a file; `None` if burn is not in it. Do not be misled by
//! packages whose names only begin with burn. `works` tries the device: it makes a tensor there and adds to it.
//!
//! # 练习 A.1：burn 装好了吗？
//!
//! 书中要你安装 PyTorch，并查询它的版本和是否有 GPU。在这里 cargo 负责安装 burn；版本写在工作区根目录的 `Cargo.lock` 中，每个包都有
//! 一条这种形式的记录：
//!
//! ```text
//! [[package]]
//! name = "burn"
//! version = "1.2.3"
//! ```
//!
//! `burn_version` 从这种文件的文本中找出 burn 的版本；没有 burn 时返回 `None`。小心那些只是以 burn 开头的包名。`works` 试用一下
//! 设备：在上面创建一个张量并做加法。
//!
//! Check it: `cargo run -- exercise check A.1`

use burn::tensor::{Device, Tensor};

/// The version of burn in the text of a `Cargo.lock`.
pub fn burn_version(lock: &str) -> Option<&str> {
    todo!("exercise A.1")
}

/// [1, 2, 3] + [4, 5, 6], computed on the device.
pub fn works(device: &Device) -> Vec<f32> {
    todo!("exercise A.1")
}
