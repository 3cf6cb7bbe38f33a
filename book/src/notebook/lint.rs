//! What Jupyter's kernel for Rust cannot do.
//!
//! It compiles each cell as a library of its own and carries the variables over. For that it must know their types, and they
//! must own what they hold. What was recorded for gradients is best used in the cell that recorded it.

use std::collections::HashSet;

use quote::ToTokens;
use syn::visit::Visit;
use syn::{Expr, Local, Pat, Stmt, Type};

use super::cells::{Cell, Cells};
use crate::problem::Problems;

/// Checks the cells of a chapter.
pub fn check(cells: &Cells, problems: &Problems) {
    for cell in &cells.cells {
        for (line, what) in faults(cell) {
            problems.add(&cells.file, cell.line + line, format!("cell `{}`: {what}", cell.id));
        }
    }
}

/// What is wrong with a cell, with the lines, counted from 1.
fn faults(cell: &Cell) -> Vec<(usize, String)> {
    let block: syn::Block = match syn::parse_str(&format!("{{\n{}\n}}", cell.code)) {
        Ok(block) => block,
        Err(error) => return vec![(error.span().start().line.saturating_sub(1), format!("it is no Rust: {error}"))],
    };
    let mut faults = Vec::new();
    for statement in &block.stmts {
        let line = syn::spanned::Spanned::span(statement).start().line.saturating_sub(1);
        let what = match statement {
            Stmt::Local(local) => variable(local),
            Stmt::Item(syn::Item::Mod(_) | syn::Item::Static(_) | syn::Item::Macro(_) | syn::Item::ExternCrate(_)) => {
                Some("no modules, statics and macros of its own in cells".to_string())
            }
            _ => None,
        };
        faults.extend(what.map(|what| (line, what)));
    }
    let mut gradients = Gradients::default();
    gradients.visit_block(&block);
    for (line, name) in gradients.backward {
        if !gradients.variables.contains(&name) {
            let what = format!("`{name}` comes from another cell: `backward()` stands where the loss was computed");
            faults.push((line, what));
        }
    }
    faults.sort();
    faults
}

/// Why a variable cannot be carried to the next cell.
fn variable(local: &Local) -> Option<String> {
    let Pat::Type(typed) = &local.pat else {
        return Some(
            "the kernel carries the variable to the next cell and must know its type: `let name: Type = …`".to_string(),
        );
    };
    let Pat::Ident(name) = &*typed.pat else {
        return Some("one name for each `let`: no patterns outside of blocks".to_string());
    };
    if matches!(local.init.as_ref().map(|init| &*init.expr), Some(Expr::Closure(_))) {
        return Some(format!("`{}` is a closure, which cannot be carried to the next cell: write a `fn`", name.ident));
    }
    let mut borrowed = Borrowed(false);
    borrowed.visit_type(&typed.ty);
    borrowed.0.then(|| {
        let shown = typed.ty.to_token_stream();
        format!("`{}` borrows ({shown}): a cell's variables own what they hold, or are `&'static`", name.ident)
    })
}

/// Whether a type cannot be carried over.
struct Borrowed(bool);

impl Visit<'_> for Borrowed {
    fn visit_type(&mut self, ty: &Type) {
        match ty {
            Type::Reference(reference) => {
                self.0 |= reference.lifetime.as_ref().is_none_or(|lifetime| lifetime.ident != "static");
            }
            Type::ImplTrait(_) | Type::Infer(_) => self.0 = true,
            _ => {}
        }
        syn::visit::visit_type(self, ty);
    }
}

/// Variables of a cell, and what `backward()` is called on.
#[derive(Default)]
struct Gradients {
    variables: HashSet<String>,
    backward: Vec<(usize, String)>,
}

impl Visit<'_> for Gradients {
    fn visit_pat_ident(&mut self, pattern: &syn::PatIdent) {
        self.variables.insert(pattern.ident.to_string());
        syn::visit::visit_pat_ident(self, pattern);
    }

    fn visit_expr_method_call(&mut self, call: &syn::ExprMethodCall) {
        if call.method == "backward"
            && let Expr::Path(path) = &*call.receiver
            && let Some(name) = path.path.get_ident()
        {
            self.backward.push((call.method.span().start().line.saturating_sub(1), name.to_string()));
        }
        syn::visit::visit_expr_method_call(self, call);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(code: &str) -> Vec<(usize, String)> {
        faults(&Cell { id: "a".to_string(), line: 1, code: code.to_string() })
    }

    fn first(code: &str) -> String {
        said(code).first().map(|(line, what)| format!("{line}: {what}")).unwrap_or_default()
    }

    #[test]
    fn what_can_be_carried_over_is_fine() {
        let code = "use a::b;\nlet x: T2 = b();\nlet names: [&'static str; 2] = [\"a\", \"b\"];\nfn f(x: &str) {}\n{\n    let y = &x;\n}\nlet loss: T1 = x.sum();\n\
                    let grads: G = loss.backward();\nfor (i, x) in y.iter() { let z = 1; }";
        assert_eq!(said(code), []);
    }

    #[test]
    fn what_cannot_be_carried_over_is_refused() {
        assert!(first("let a: u8 = 1;\nlet x = 1;").starts_with("2: the kernel carries the variable"));
        assert_eq!(
            first("let (a, b): (u8, u8) = (1, 2);"),
            "1: one name for each `let`: no patterns outside of blocks"
        );
        assert!(first("let x: &T2 = &y;").starts_with("1: `x` borrows (& T2)"));
        assert!(first("let x: Vec<&str> = y;").starts_with("1: `x` borrows"));
        assert!(first("let x: Vec<_> = y;").starts_with("1: `x` borrows"));
        assert!(first("let f: fn(u8) -> u8 = |x| x;").starts_with("1: `f` is a closure"));
        assert_eq!(first("static X: u8 = 1;"), "1: no modules, statics and macros of its own in cells");
        assert!(first("let x: u8 = ;").starts_with("1: it is no Rust"));
    }

    #[test]
    fn gradients_stay_in_their_cell() {
        let expected = "2: `loss` comes from another cell: `backward()` stands where the loss was computed";
        assert_eq!(first("\nlet g: G = loss.backward();"), expected);
        assert_eq!(first("fn step(loss: T1) -> G {\n    loss.backward()\n}"), "");
    }
}
