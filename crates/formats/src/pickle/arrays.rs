//! joblib writes the bytes of an array straight behind the BUILD of its `NumpyArrayWrapper`.
//!
//! What follows is no pickle until the array ends, so the machine must know its length: the wrapper's
//! state says `dtype`, `shape` and whether there is padding (joblib's `numpy_pickle.py`). An array of
//! objects is a pickle of its own instead.

use std::io;

use super::machine::{Machine, Step};
use super::value::{Node, Value};
use super::{Argument, Callee, Fault};

/// The state of a wrapper as far as it decides what follows.
#[derive(Default)]
struct Wrapper {
    shape: Option<Value>,
    dtype: Option<Value>,
    aligned: bool,
}

/// What follows a wrapper.
enum Content {
    /// So many bytes an item.
    Items(u64),
    /// A pickle.
    Objects,
}

impl Machine<'_> {
    /// Moves behind the raw bytes when the object just built is joblib's wrapper.
    pub(super) fn skip_array(&mut self, target: Value, state: Value, at: u64) -> io::Result<Step> {
        if !self.is_wrapper(target) {
            return Ok(Step::On);
        }
        let wrapper = self.wrapper(state)?;
        let Some(content) = self.content(&wrapper) else {
            return Ok(Step::Broken(Fault::RawArray));
        };
        let size = match content {
            Content::Objects => return Ok(self.suspend()),
            Content::Items(size) => size,
        };
        let count = wrapper.shape.and_then(|shape| self.product(shape));
        let Some(bytes) = count.and_then(|count| count.checked_mul(size)) else {
            return Ok(Step::Broken(Fault::RawArray));
        };
        let mut start = self.at;
        if wrapper.aligned {
            let Some(padding) = self.input.byte(start)? else {
                return Ok(Step::Broken(Fault::Truncated));
            };
            start = start.saturating_add(1).saturating_add(u64::from(padding));
        }
        match start
            .checked_add(bytes)
            .filter(|end| *end <= self.input.len())
        {
            Some(end) => {
                self.out.arrays.push((start, end));
                self.at = end;
                Ok(Step::On)
            }
            None => {
                self.note(at, Fault::RawArray);
                Ok(Step::Broken(Fault::Truncated))
            }
        }
    }

    fn is_wrapper(&self, target: Value) -> bool {
        let Some(Node::Returned { call, .. }) = self.node_of(target) else {
            return false;
        };
        let Some(Callee::Import(import)) = self.out.calls.get(*call).map(|call| call.callee) else {
            return false;
        };
        self.out.imports.get(import).is_some_and(|import| {
            import.module.as_deref() == Some("joblib.numpy_pickle")
                && import.name.as_deref() == Some("NumpyArrayWrapper")
        })
    }

    fn wrapper(&mut self, state: Value) -> io::Result<Wrapper> {
        let mut wrapper = Wrapper::default();
        let Some(Node::Dict { entries, .. }) = self.node_of(state).cloned() else {
            return Ok(wrapper);
        };
        for (key, value) in entries {
            match self.text_of(key)?.as_deref() {
                Some("shape") => wrapper.shape = Some(value),
                Some("dtype") => wrapper.dtype = Some(value),
                Some("numpy_array_alignment_bytes") => wrapper.aligned = value != Value::Nil,
                _ => {}
            }
        }
        Ok(wrapper)
    }

    fn product(&self, shape: Value) -> Option<u64> {
        match (self.node_of(shape), shape) {
            (_, Value::EmptyTuple) => Some(1),
            (Some(Node::Items { items, count, .. }), _) if *count == items.len() as u64 => {
                items.iter().try_fold(1_u64, |product, item| match item {
                    Value::Int(size) => product.checked_mul(u64::try_from(*size).ok()?),
                    _ => None,
                })
            }
            _ => None,
        }
    }

    /// Reads `numpy.dtype('f8', …)`.
    fn content(&self, wrapper: &Wrapper) -> Option<Content> {
        let Some(Node::Returned { call, state, .. }) =
            wrapper.dtype.and_then(|dtype| self.node_of(dtype))
        else {
            return None;
        };
        let call = self.out.calls.get(*call)?;
        let Some(Argument::Text(code)) = call.arguments.first() else {
            return None;
        };
        if state.is_some_and(|state| self.holds_objects(state)) {
            return Some(Content::Objects);
        }
        size_of_dtype(code)
    }

    /// The last item of a dtype's state is its flags; the lowest bit says that it holds objects.
    fn holds_objects(&self, state: Value) -> bool {
        match self.node_of(state) {
            Some(Node::Items { items, .. }) if items.len() >= 8 => {
                matches!(items.last(), Some(Value::Int(flags)) if flags & 1 == 1)
            }
            _ => false,
        }
    }
}

/// The size of an item from numpy's type string: a kind and a number of bytes, or of characters for `U`.
fn size_of_dtype(code: &str) -> Option<Content> {
    let code = code.trim_start_matches(['<', '>', '|', '=']);
    let kind = code.chars().next()?;
    let digits = code.get(kind.len_utf8()..)?;
    let size: u64 = digits.parse().ok()?;
    match kind {
        'O' => Some(Content::Objects),
        'U' => size.checked_mul(4).map(Content::Items),
        'b' | 'i' | 'u' | 'f' | 'c' | 'S' | 'a' | 'V' | 'm' | 'M' => Some(Content::Items(size)),
        _ => None,
    }
}
