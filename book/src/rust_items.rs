//! The items of a Rust file, with the names that directives use.

use std::ops::Range;

use syn::spanned::Spanned;
use syn::visit::Visit;

/// An item.
#[derive(Debug)]
pub struct Item {
    /// `function`, `Type`, `Type.method`, `impl Type`, `Trait for Type`, `Trait for Type.method`.
    pub name: String,
    /// In how many modules of the file it lies.
    pub depth: usize,
    /// Whether it is a `Type.method` that a trait asks for: an inherent one of this name comes first.
    pub of_trait: bool,
    /// Its lines, counted from 0.
    pub lines: Range<usize>,
}

/// The items of a file, and the lines of its doc comments.
#[must_use]
pub fn find(file: &syn::File) -> (Vec<Item>, Vec<Range<usize>>) {
    let mut visitor = Visitor { items: Vec::new(), docs: Vec::new(), depth: 0 };
    visitor.visit_file(file);
    (visitor.items, visitor.docs)
}

/// Lists items with the names that directives use.
struct Visitor {
    items: Vec<Item>,
    docs: Vec<Range<usize>>,
    depth: usize,
}

/// The lines of a node, counted from 0.
fn lines(node: &impl Spanned) -> Range<usize> {
    let span = node.span();
    span.start().line.saturating_sub(1)..span.end().line
}

impl<'ast> Visit<'ast> for Visitor {
    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        let is_outer = matches!(attribute.style, syn::AttrStyle::Outer);
        if attribute.path().is_ident("doc") && is_outer {
            self.docs.push(lines(attribute));
        }
    }

    fn visit_item(&mut self, item: &'ast syn::Item) {
        let ident = match item {
            syn::Item::Fn(item) => Some(&item.sig.ident),
            syn::Item::Struct(item) => Some(&item.ident),
            syn::Item::Enum(item) => Some(&item.ident),
            syn::Item::Union(item) => Some(&item.ident),
            syn::Item::Const(item) => Some(&item.ident),
            syn::Item::Static(item) => Some(&item.ident),
            syn::Item::Type(item) => Some(&item.ident),
            syn::Item::Trait(item) => Some(&item.ident),
            syn::Item::Macro(item) => item.ident.as_ref(),
            _ => None,
        };
        if let Some(ident) = ident {
            self.add(ident.to_string(), item);
        }
        match item {
            syn::Item::Impl(block) => self.methods(block),
            syn::Item::Trait(definition) => {
                for method in &definition.items {
                    if let syn::TraitItem::Fn(function) = method {
                        self.add(format!("{}.{}", definition.ident, function.sig.ident), method);
                    }
                }
            }
            _ => {}
        }
        let is_module = matches!(item, syn::Item::Mod(_));
        self.depth += usize::from(is_module);
        syn::visit::visit_item(self, item);
        self.depth -= usize::from(is_module);
    }

    // Items inside of functions cannot be shown by name.
    fn visit_block(&mut self, _: &'ast syn::Block) {}
}

impl Visitor {
    fn add(&mut self, name: impl Into<String>, node: &impl Spanned) {
        self.items.push(Item { name: name.into(), depth: self.depth, of_trait: false, lines: lines(node) });
    }

    fn methods(&mut self, block: &syn::ItemImpl) {
        let Some(name) = type_name(&block.self_ty) else { return };
        let of_trait = block.trait_.as_ref().and_then(|(_, path, _)| path.segments.last());
        match of_trait {
            Some(of_trait) => self.add(format!("{} for {name}", of_trait.ident), block),
            None => self.add(format!("impl {name}"), block),
        }
        for item in &block.items {
            let ident = match item {
                syn::ImplItem::Fn(function) => &function.sig.ident,
                syn::ImplItem::Const(constant) => &constant.ident,
                _ => continue,
            };
            let (short, lines) = (format!("{name}.{ident}"), lines(item));
            self.items.push(Item { name: short, depth: self.depth, of_trait: of_trait.is_some(), lines });
            if let Some(of_trait) = of_trait {
                self.add(format!("{} for {name}.{ident}", of_trait.ident), item);
            }
        }
    }
}

/// The name of a type without its arguments.
fn type_name(of: &syn::Type) -> Option<String> {
    match of {
        syn::Type::Path(path) => path.path.segments.last().map(|segment| segment.ident.to_string()),
        syn::Type::Reference(reference) => type_name(&reference.elem),
        _ => None,
    }
}
