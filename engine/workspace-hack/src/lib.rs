//! No code: the dependencies of this crate give every build of the workspace the same features of third-party crates, so that
//! each of them is compiled once, whatever is run or tested. `engine/workspace-hack/update` writes them.
