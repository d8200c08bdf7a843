//! Makes pickles whose opcodes fit each other: a stack is kept, so that a parser follows them to the end.

use super::random::Random;

/// Modules and names, some of them dangerous. Not joblib's wrapper: raw bytes, and no opcodes, follow it.
const NAMES: &[(&str, &str)] = &[
    ("os", "system"),
    ("builtins", "eval"),
    ("builtins", "getattr"),
    ("collections", "OrderedDict"),
    ("torch._utils", "_rebuild_tensor_v2"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy", "dtype"),
    ("copyreg", "_reconstructor"),
    ("functools", "partial"),
    ("a.b", "C.d"),
];

/// What lies on the stack, as far as the next opcode must know.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Item {
    Value,
    Text,
    List,
    Dict,
    Mark,
}

struct Maker<'a> {
    random: &'a mut Random,
    code: Vec<u8>,
    stack: Vec<Item>,
    memo: u8,
}

/// One pickle, of a few to a few hundred opcodes.
pub(crate) fn generate(random: &mut Random) -> Vec<u8> {
    let steps = 1 + random.below(200);
    let protocol = u8::try_from(random.below(6)).unwrap_or(0);
    let code = if protocol < 2 {
        Vec::new()
    } else {
        vec![0x80, protocol]
    };
    let mut maker = Maker {
        random,
        code,
        stack: Vec::new(),
        memo: 0,
    };
    for _ in 0..steps {
        maker.step();
    }
    maker.end()
}

impl Maker<'_> {
    fn step(&mut self) {
        match self.random.below(18) {
            0 | 1 => self.text(),
            2 => self.push(b"N", Item::Value),
            3 => self.push(b"]", Item::List),
            4 => self.push(b"}", Item::Dict),
            5 => self.push(b"(", Item::Mark),
            6 => self.global(),
            7 => self.stack_global(),
            8 => self.memoise(),
            9 => self.recall(),
            10 => self.after(2, b"R", &[Item::Value, Item::Value]),
            11 => self.after(2, b"b", &[Item::Value, Item::Value]),
            12 => self.after(2, b"\x81", &[Item::Value, Item::Value]),
            13 => self.after(1, b"\x85", &[Item::Value]),
            14 => self.append(),
            15 => self.close_mark(),
            16 => self.bytes(),
            _ => self.push(b"\x29", Item::Value),
        }
    }

    fn push(&mut self, code: &[u8], item: Item) {
        self.code.extend(code);
        self.stack.push(item);
    }

    fn text(&mut self) {
        let (module, name) = self.random.choose(NAMES).copied().unwrap_or(("a", "b"));
        let text = if self.random.below(2) == 0 {
            module
        } else {
            name
        };
        self.push(b"\x8c", Item::Text);
        self.code.push(u8::try_from(text.len()).unwrap_or(0));
        self.code.extend(text.as_bytes());
    }

    fn bytes(&mut self) {
        let inner: &[u8] = if self.random.below(2) == 0 {
            b"\x80\x04N."
        } else {
            b"cos\nsystem\n(S'x'\ntR."
        };
        self.push(b"C", Item::Value);
        self.code.push(u8::try_from(inner.len()).unwrap_or(0));
        self.code.extend(inner);
    }

    fn global(&mut self) {
        let (module, name) = self.random.choose(NAMES).copied().unwrap_or(("a", "b"));
        self.push(format!("c{module}\n{name}\n").as_bytes(), Item::Value);
    }

    fn stack_global(&mut self) {
        self.text();
        self.text();
        self.after(2, b"\x93", &[Item::Text, Item::Text]);
    }

    fn memoise(&mut self) {
        if self.stack.last().is_some_and(|top| *top != Item::Mark) {
            self.code.extend([b'q', self.memo]);
            self.memo = self.memo.saturating_add(1);
        }
    }

    fn recall(&mut self) {
        if self.memo > 0 {
            let index = self.random.below(usize::from(self.memo));
            self.push(b"h", Item::Value);
            self.code.push(u8::try_from(index).unwrap_or(0));
        }
    }

    /// An opcode that takes `count` items off and leaves one, where no mark lies in between.
    fn after(&mut self, count: usize, code: &[u8], wanted: &[Item]) {
        let Some(from) = self.stack.len().checked_sub(count) else {
            return;
        };
        let fits = self
            .stack
            .iter()
            .skip(from)
            .zip(wanted)
            .all(|(item, want)| {
                *item != Item::Mark && (*want != Item::Text || *item == Item::Text)
            });
        if fits {
            self.stack.truncate(from);
            self.push(code, Item::Value);
        }
    }

    fn append(&mut self) {
        let below = self
            .stack
            .len()
            .checked_sub(2)
            .and_then(|at| self.stack.get(at));
        if below == Some(&Item::List) && self.stack.last() != Some(&Item::Mark) {
            self.stack.pop();
            self.code.push(b'a');
        }
    }

    /// Everything down to the last mark becomes a tuple, a list, a dictionary, an object, or goes.
    fn close_mark(&mut self) {
        let Some(mark) = self.stack.iter().rposition(|item| *item == Item::Mark) else {
            return;
        };
        let count = self.stack.len().saturating_sub(mark + 1);
        let below = mark
            .checked_sub(1)
            .and_then(|at| self.stack.get(at))
            .copied();
        self.stack.truncate(mark);
        match (below, self.random.below(4)) {
            (Some(Item::List), 0..=2) => self.code.push(b'e'),
            (Some(Item::Dict), 0..=2) if count.is_multiple_of(2) => self.code.push(b'u'),
            (_, 0) => self.push(b"l", Item::List),
            (_, 1) if count.is_multiple_of(2) => self.push(b"d", Item::Dict),
            (_, 2) if count > 0 => self.push(b"o", Item::Value),
            (_, 3) => self.code.push(b'1'),
            _ => self.push(b"t", Item::Value),
        }
    }

    fn end(mut self) -> Vec<u8> {
        while self.stack.contains(&Item::Mark) {
            self.close_mark();
        }
        if self.stack.is_empty() {
            self.code.push(b'N');
        }
        self.code.push(b'.');
        self.code
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tutela_core::Limits;

    #[test]
    fn what_is_made_is_followed_to_its_end() {
        let mut random = Random::new(7);
        for _ in 0..500 {
            let made = generate(&mut random);
            let read = tutela_formats::pickle::describe(&made, &Limits::default()).unwrap();
            assert!(
                read.examined >= made.len() as u64,
                "{} of {}: {}",
                read.examined,
                made.len(),
                made.escape_ascii()
            );
        }
    }
}
