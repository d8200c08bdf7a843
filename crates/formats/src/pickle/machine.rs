//! The symbolic machine: reads one opcode after the other and moves values.

use std::collections::HashMap;
use std::io;

use tutela_core::{Bytes, Limits};

use super::code::Carried;
use super::inner::Candidates;
use super::semantics::Meaning;
use super::value::{Encoding, Memo, Node, Value};
use super::{Anomaly, Callee, Fault, Opcode, Pickles, Stream};
use crate::input::Input;

/// Values on the stack and entries in the memo: 24 bytes each, so at most 200 MiB.
const VALUES: usize = 8 << 20;
/// Containers and results: past this they become opaque, which the description then says.
const NODES: usize = 3 << 20;
/// Anomalies that are kept; a hostile stream could make one per byte.
const ANOMALIES: usize = 1_000;
/// Streams that are described one by one.
const STREAMS: usize = 100_000;

/// Whether to go on with the stream.
pub(super) enum Step {
    On,
    /// STOP was reached.
    Stop,
    /// The stream is broken here.
    Broken(Fault),
}

/// How an opcode that reaches over the end of its frame is read.
///
/// `CPython`'s C loader holds a frame in a buffer. Reading from memory, or from a file that it can peek
/// into, it goes on over the frame's end; reading from any other file it drops what is left of the buffer
/// and reads anew behind the frame. Its Python loader stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// Straight on.
    Joined,
    /// The rest of the frame is dropped.
    Dropped,
}

/// What a pickle inside a pickle puts aside: joblib writes an object array so.
struct Suspended {
    stack: Vec<Value>,
    marks: Vec<usize>,
    memo: Memo,
}

pub(super) struct Machine<'a> {
    pub(super) input: Input<'a>,
    pub(super) at: u64,
    pub(super) stack: Vec<Value>,
    pub(super) nodes: Vec<Node>,
    /// Imports by the places of the two texts that name them.
    pub(super) stack_imports: HashMap<(u64, u64), usize>,
    /// The one node of each import.
    pub(super) import_nodes: HashMap<usize, Value>,
    pub(super) out: Pickles,
    pub(super) known: HashMap<(Option<String>, Option<String>), usize>,
    /// The first described call of each thing called.
    pub(super) first_calls: HashMap<Callee, usize>,
    /// What results are known to be.
    pub(super) meanings: Vec<Meaning>,
    /// Values that may be pickles themselves.
    pub(super) candidates: Candidates,
    /// Imports that the pickle itself registers under an extension code.
    pub(super) extensions: HashMap<u64, usize>,
    /// Calls on objects that are described so far.
    pub(super) methods: u64,
    /// What is needed for the functions that the pickle carries.
    pub(super) carried: Carried,
    marks: Vec<usize>,
    memo: Memo,
    suspended: Vec<Suspended>,
    protocol: Option<u8>,
    pub(super) reading: Reading,
    /// Whether calls are written out, with what they are given.
    pub(super) written: bool,
    pub(super) frame_end: u64,
    steps: u64,
    /// Values that nodes keep, over the whole stream.
    kept: usize,
    limits: Limits,
}

impl<'a> Machine<'a> {
    pub(super) fn new(bytes: &'a dyn Bytes, limits: &Limits, reading: Reading) -> Self {
        Self {
            reading,
            written: true,
            input: Input::new(bytes),
            at: 0,
            stack: Vec::new(),
            nodes: Vec::new(),
            stack_imports: HashMap::new(),
            import_nodes: HashMap::new(),
            kept: 0,
            out: Pickles::default(),
            known: HashMap::new(),
            first_calls: HashMap::new(),
            meanings: Vec::new(),
            candidates: Candidates::default(),
            extensions: HashMap::new(),
            methods: 0,
            carried: Carried::default(),
            marks: Vec::new(),
            memo: Memo::default(),
            suspended: Vec::new(),
            protocol: None,
            frame_end: 0,
            steps: 0,
            limits: *limits,
        }
    }

    /// Runs pickle after pickle, as loaders that call `load` again do.
    ///
    /// Gives the description, the values that may be pickles themselves, and the steps taken.
    pub(super) fn run(mut self) -> io::Result<(Pickles, Candidates, u64)> {
        self.run_all()?;
        Ok((self.out, self.candidates, self.steps))
    }

    fn run_all(&mut self) -> io::Result<()> {
        self.follow_all()?;
        self.tell_modules();
        Ok(())
    }

    fn follow_all(&mut self) -> io::Result<()> {
        while self.at < self.input.len() {
            let start = self.at;
            let before = (
                self.out.imports.len(),
                self.out.calls.len(),
                self.out.anomalies.len(),
                self.out.code.len(),
            );
            self.reset();
            let complete = self.run_one()?;
            let is_first = start == 0;
            let stream = Stream {
                start,
                end: self.at,
                protocol: self.protocol,
                complete,
            };
            if !is_first && !self.is_next_pickle(&stream, before) {
                self.forget(before);
                self.note(start, Fault::Trailing(self.input.len()));
                self.out.examined = start;
                return Ok(());
            }
            self.out.streams.push(stream);
            if self.written && self.expands() {
                self.note(start, Fault::Expansion);
            }
            if !complete || self.out.streams.len() >= STREAMS {
                break;
            }
        }
        self.out.examined = self.at;
        Ok(())
    }

    /// Data behind a pickle may read as a few opcodes; it counts as a pickle only if it looks meant.
    fn is_next_pickle(&self, stream: &Stream, before: (usize, usize, usize, usize)) -> bool {
        let runs = self
            .out
            .calls
            .iter()
            .skip(before.1)
            .any(|call| matches!(call.callee, Callee::Import(_)));
        let faulty = self.out.anomalies.len() > before.2;
        runs || (stream.complete && (stream.protocol.is_some() || !faulty))
            || (stream.protocol.is_some() && self.out.imports.len() > before.0)
    }

    fn forget(&mut self, (imports, calls, anomalies, code): (usize, usize, usize, usize)) {
        self.out.code.truncate(code);
        self.out.imports.truncate(imports);
        self.out.calls.truncate(calls);
        self.out.anomalies.truncate(anomalies);
    }

    fn reset(&mut self) {
        self.stack.clear();
        self.marks.clear();
        self.nodes.clear();
        self.meanings.clear();
        self.import_nodes.clear();
        self.carried.reset();
        self.kept = 0;
        self.suspended.clear();
        self.memo = Memo::default();
        self.protocol = None;
        self.frame_end = 0;
    }

    fn run_one(&mut self) -> io::Result<bool> {
        loop {
            let start = self.at;
            let step = self.step()?;
            match step {
                Step::On => {}
                Step::Stop => match self.suspended.pop() {
                    None => {
                        self.leave_frame(start);
                        return Ok(true);
                    }
                    Some(outer) => self.resume(outer),
                },
                Step::Broken(fault) => {
                    self.note(start, fault);
                    return Ok(false);
                }
            }
        }
    }

    /// A loader that has read a whole frame begins the next pickle behind it, wherever STOP was.
    fn leave_frame(&mut self, stop: u64) {
        let end = std::mem::take(&mut self.frame_end).min(self.input.len());
        if self.at < end {
            self.note(stop, Fault::Frame);
            if self.reading == Reading::Dropped {
                self.at = end;
            }
        }
    }

    fn step(&mut self) -> io::Result<Step> {
        let start = self.at;
        let Some(byte) = self.input.byte(start)? else {
            return Ok(Step::Broken(Fault::Truncated));
        };
        let Some(opcode) = Opcode::from_byte(byte) else {
            return Ok(Step::Broken(Fault::UnknownOpcode(byte)));
        };
        self.steps = self.steps.saturating_add(1);
        if let Some(fault) = self.exhausted() {
            return Ok(Step::Broken(fault));
        }
        let argument = match self.argument(opcode)? {
            Ok(argument) => argument,
            Err(fault) => return Ok(Step::Broken(fault)),
        };
        self.execute(opcode, argument, start)
    }

    fn exhausted(&self) -> Option<Fault> {
        let values = self.stack.len().saturating_add(self.marks.len());
        let limit = |what, limit| Some(Fault::Limit { what, limit });
        if self.steps > self.limits.steps {
            limit("opcodes", self.limits.steps)
        } else if values > VALUES || self.memo.len() > VALUES as u64 {
            limit("values held", VALUES as u64)
        } else {
            None
        }
    }

    pub(super) fn set_protocol(&mut self, protocol: u64) -> Step {
        let protocol = u8::try_from(protocol).unwrap_or(u8::MAX);
        if protocol > 5 {
            return Step::Broken(Fault::Protocol(protocol));
        }
        self.protocol = Some(protocol);
        Step::On
    }

    pub(super) fn note(&mut self, at: u64, fault: Fault) {
        if self.out.anomalies.len() < ANOMALIES {
            self.out.anomalies.push(Anomaly { at, fault });
        } else if fault.blinds() {
            // INVARIANT: a fault that blinds is never dropped; the last place is kept for it.
            self.out.anomalies.pop();
            self.out.anomalies.push(Anomaly { at, fault });
        }
    }

    // ---- the stack ----

    pub(super) fn push(&mut self, value: Value) -> Step {
        self.stack.push(value);
        Step::On
    }

    pub(super) fn push_text(
        &mut self,
        (at, length): (u64, u64),
        encoding: Encoding,
    ) -> io::Result<Step> {
        self.consider(at, length, encoding)?;
        Ok(self.push(Value::Text {
            at,
            length,
            encoding,
        }))
    }

    pub(super) fn push_node(&mut self, node: Node) -> Step {
        let value = self.node(node);
        self.push(value)
    }

    /// Makes a node, or an opaque value when there is no room.
    pub(super) fn node(&mut self, node: Node) -> Value {
        if self.nodes.len() >= NODES || self.kept >= VALUES {
            return Value::Opaque;
        }
        self.reserve(node)
    }

    /// Makes a node whether there is room or not, for what is bounded elsewhere.
    pub(super) fn reserve(&mut self, node: Node) -> Value {
        self.kept = self.kept.saturating_add(node.weight());
        u32::try_from(self.nodes.len()).map_or(Value::Opaque, |index| {
            self.nodes.push(node);
            Value::Node(index)
        })
    }

    /// Adds values to a container, as far as there is room.
    pub(super) fn extend(&mut self, target: Value, values: &[Value]) {
        let full = self.kept >= VALUES;
        let Some(node) = self.node_mut(target) else {
            return;
        };
        let before = node.weight();
        node.extend(if full { &[] } else { values });
        let more = node.weight().saturating_sub(before);
        self.kept = self.kept.saturating_add(more);
    }

    pub(super) fn node_of(&self, value: Value) -> Option<&Node> {
        match value {
            Value::Node(index) => self.nodes.get(usize::try_from(index).ok()?),
            _ => None,
        }
    }

    pub(super) fn node_mut(&mut self, value: Value) -> Option<&mut Node> {
        match value {
            Value::Node(index) => self.nodes.get_mut(usize::try_from(index).ok()?),
            _ => None,
        }
    }

    /// Takes the top value; an opaque one, and a fault, when the stack is empty or a mark is in the way.
    pub(super) fn pop(&mut self, opcode: Opcode, at: u64) -> Value {
        let fence = self.marks.last().copied().unwrap_or(0);
        if self.stack.len() > fence
            && let Some(value) = self.stack.pop()
        {
            return value;
        }
        self.note(at, Fault::Underflow(opcode));
        Value::Opaque
    }

    /// The value that an opcode works on without taking it.
    pub(super) fn top(&mut self, opcode: Opcode, at: u64) -> Value {
        let value = self.pop(opcode, at);
        self.stack.push(value);
        value
    }

    /// Takes everything above the last mark, and the mark.
    pub(super) fn pop_mark(&mut self, opcode: Opcode, at: u64) -> Vec<Value> {
        let Some(mark) = self.marks.pop() else {
            self.note(at, Fault::NoMark(opcode));
            return std::mem::take(&mut self.stack);
        };
        self.stack.split_off(mark.min(self.stack.len()))
    }

    pub(super) fn mark(&mut self) -> Step {
        self.marks.push(self.stack.len());
        Step::On
    }

    /// POP takes a mark when that is what lies on top.
    pub(super) fn pop_any(&mut self, at: u64) -> Step {
        if self.marks.last() == Some(&self.stack.len()) {
            self.marks.pop();
        } else {
            self.pop(Opcode::Pop, at);
        }
        Step::On
    }

    // ---- the memo ----

    pub(super) fn remember(&mut self, index: u64, opcode: Opcode, at: u64) -> Step {
        let value = self.top(opcode, at);
        self.memo.put(index, value);
        Step::On
    }

    pub(super) fn memoize(&mut self, at: u64) -> Step {
        let index = self.memo.len();
        self.remember(index, Opcode::Memoize, at)
    }

    pub(super) fn recall(&mut self, index: u64, at: u64) -> Step {
        let value = self.memo.get(index).unwrap_or_else(|| {
            self.note(at, Fault::MissingMemo(index));
            Value::Opaque
        });
        self.carried.pushed(value);
        self.push(value)
    }

    // ---- pickles inside ----

    /// Puts the machine aside to follow a pickle that begins here.
    pub(super) fn suspend(&mut self) -> Step {
        if self.suspended.len() >= usize::try_from(self.limits.depth).unwrap_or(usize::MAX) {
            return Step::Broken(Fault::Limit {
                what: "pickles inside pickles",
                limit: u64::from(self.limits.depth),
            });
        }
        self.suspended.push(Suspended {
            stack: std::mem::take(&mut self.stack),
            marks: std::mem::take(&mut self.marks),
            memo: std::mem::take(&mut self.memo),
        });
        self.frame_end = 0;
        Step::On
    }

    fn resume(&mut self, outer: Suspended) {
        let result = self.stack.pop().unwrap_or(Value::Opaque);
        self.stack = outer.stack;
        self.marks = outer.marks;
        self.memo = outer.memo;
        self.frame_end = 0;
        // The array takes the place of its wrapper.
        self.stack.pop();
        self.stack.push(result);
    }
}
