//! Sources as torch writes them, and as attackers might.

use proptest::prelude::*;

use super::*;

fn uses(source: &str) -> Vec<Use> {
    let source = read(source.as_bytes());
    assert_eq!(source.fault, None);
    source.uses
}

fn has(source: &str, path: &str, texts: &[&str]) -> bool {
    let found = uses(source);
    found.iter().any(|found| {
        let same = found
            .texts
            .iter()
            .map(String::as_str)
            .eq(texts.iter().copied());
        found.path == path && same
    })
}

#[test]
fn operators_are_found_however_they_are_reached() {
    for source in [
        "torch.save(x, '/p')",
        "x = 1 + torch.save(x, '/p')",
        "return f([torch.save(x, \"/p\")], 2)",
        "t = torch\nt.save(x, '/p')",
        "s = torch.save\ns(x, '/p')",
        "p = '/' 'p'\ntorch.save(x, p)",
        "p : str = '/p'\ntorch.save(x, annotate(str, p))",
        "(torch).save(x, '/p')",
        "getattr(torch, 'save')(x, '/p')",
        "if c:\n  y = a if b else torch.save(x, '\\057p')",
    ] {
        assert!(
            has(source, "torch.save", &["/p"]),
            "{source}: {:?}",
            uses(source)
        );
    }
    assert!(has(
        "ops.image.read_file(self.p)",
        "ops.image.read_file",
        &[]
    ));
    assert!(has(
        "o = ops.image\no.read_file(p)",
        "ops.image.read_file",
        &[]
    ));
    assert!(has("(f(x)).save('/p')", "?.save", &["/p"]));
    assert!(has("a, b = torch, 1", "torch", &[]));
    assert!(has("a[0].save('/p')", "?.save", &["/p"]));
}

#[test]
fn texts_and_comments_name_nothing() {
    let source = "# torch.save(x, 'p')\nx = 'torch.save(x)'\n'''torch.save(x)'''\n";
    assert_eq!(uses(source), []);
}

#[test]
fn definitions_types_and_lines_are_kept() {
    let text = "class Net(Module):\n  fc : __torch__.Linear\n  def forward(self: __torch__.Net,\n    x: Tensor) -> Tensor:\n    fc = self.fc\n    return (fc).forward(x, )\n";
    let source = read(text.as_bytes());
    assert_eq!(source.fault, None);
    assert!(source.definitions.contains("forward"));
    assert!(source.types["fc"].contains("__torch__.Linear"));
    assert!(source.types["x"].contains("Tensor"));
    let call = source
        .uses
        .iter()
        .find(|found| found.path == "self.fc.forward");
    assert_eq!(
        call.map(|call| (call.line, call.is_called)),
        Some((6, true))
    );
}

#[test]
fn what_cannot_be_read_is_told() {
    for text in ["f(", "f)", "'abc", "f('abc\n)"] {
        assert!(read(text.as_bytes()).fault.is_some(), "{text}");
    }
    let source = read(b"torch.save(x, 'p')\n\xff");
    assert_eq!(source.fault, Some((19, Fault::Encoding)));
    assert_eq!(source.uses.len(), 1);
    let deep = "(".repeat(2 * DEPTH);
    assert!(matches!(
        read(deep.as_bytes()).fault,
        Some((_, Fault::TooDeep))
    ));
}

#[test]
fn truncated_at_every_byte() {
    let text = "class Net(Module):\n  def forward(self: __torch__.Net, x: Tensor) -> Tensor:\n    p = '/\\057p'\n    return (self.fc).forward(torch.save(x, p), )\n";
    for length in 0..text.len() {
        drop(read(&text.as_bytes()[..length]));
    }
}

proptest! {
    #[test]
    fn nothing_makes_it_panic(source in "(torch|ops|self|def|class|\\.|,|\\(|\\)|\\[|\\]|'|\"|\"\"\"|#|\\\\|\n| |:|=|é|getattr|annotate|[0-9]e){0,60}") {
        drop(read(source.as_bytes()));
    }
}
