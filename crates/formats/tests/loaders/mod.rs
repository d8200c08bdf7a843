//! What our machine tells against what `CPython`'s loaders did; see README.md beside this file.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test fails by panicking and tells people what it compared"
)]

use std::collections::{HashMap, HashSet};

use tutela_core::Limits;
use tutela_formats::pickle::{self, Callee, Opcode, Pickles};

/// What happened, as the file writes it: counted, since the order of two readings is not one order.
type Events = HashMap<String, usize>;

#[test]
fn everything_that_a_loader_would_do_is_told() {
    let (text, source) = match std::env::var_os("TUTELA_LOADERS") {
        Some(path) => (std::fs::read_to_string(&path).unwrap(), "TUTELA_LOADERS"),
        None => (include_str!("pickles.txt").to_owned(), "pickles.txt"),
    };
    let (mut compared, mut exact, mut missed) = (0_usize, 0_usize, Vec::new());
    for line in text.lines() {
        let columns: Vec<&str> = line.split('\t').collect();
        let [hex, outcomes @ ..] = columns.as_slice() else {
            panic!("{line}");
        };
        let bytes = bytes_of(hex);
        let pickles = pickle::describe(&bytes, &Limits::default()).unwrap();
        let told = told(&pickles);
        compared += 1;
        for outcome in outcomes {
            let mut happened = happened(outcome);
            if splits_text(&pickles) {
                // The Python loader makes an argument of each character of a text.
                happened.retain(|event, _| !event.starts_with('C'));
            }
            if pickles.imports.iter().any(|import| import.patched) {
                // BUILD on a class calls its `__setstate__` with the state in the object's place, and so on.
                happened.retain(|event, _| event.starts_with(['F', 'C']));
            }
            if is_cut(&pickles) {
                // The Python loader takes the last line for whole and imports what it names; a call does not
                // follow, except from INST, which we tell.
                happened.retain(|event, _| event.starts_with('C') || told.contains_key(event));
            }
            if happened
                .iter()
                .any(|(event, count)| told.get(event) < Some(count))
            {
                missed.push(format!("{}\n  {outcome}\n  {told:?}", bytes.escape_ascii()));
            }
        }
        let agreed = outcomes.iter().collect::<HashSet<_>>().len() == 1;
        if agreed
            && outcomes.first().is_some_and(|first| first.ends_with("ok"))
            && pickles.streams.len() == 1
            && pickles.anomalies.is_empty()
            && pickles.imports.iter().all(|import| !import.patched)
        {
            exact += 1;
            assert_eq!(told, happened(outcomes[0]), "{}", bytes.escape_ascii());
        }
    }
    eprintln!("{compared} pickles of {source} compared, {exact} of them both ways");
    assert!(
        missed.is_empty(),
        "{} missed:\n{}",
        missed.len(),
        missed[..missed.len().min(8)].join("\n")
    );
    assert!(compared >= 500 && exact * 4 >= compared);
}

fn splits_text(pickles: &Pickles) -> bool {
    let mut faults = pickles.anomalies.iter();
    faults.any(|anomaly| matches!(anomaly.fault, pickle::Fault::Arguments(_)))
}

fn is_cut(pickles: &Pickles) -> bool {
    let mut faults = pickles.anomalies.iter();
    faults.any(|anomaly| anomaly.fault == pickle::Fault::Truncated)
}

fn bytes_of(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex
        .chars()
        .map(|digit| u8::try_from(digit.to_digit(16).unwrap()).unwrap())
        .collect();
    digits
        .chunks(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect()
}

fn happened(outcome: &str) -> Events {
    let mut events = Events::new();
    for event in outcome.split(' ') {
        // A method of a class itself cannot be recorded by name, nor that of a plain value.
        // At the end of the file the Python loader calls what has no name, which nothing has.
        let is_nameless = event.starts_with('C') && event.contains(".:");
        let is_event = !matches!(event, "" | "ok" | "err") && !event.ends_with(":?");
        let is_recorded = is_event && !is_nameless;
        let of_a_class = event.starts_with(['L', 'S', 'A', 'B']) && !event.ends_with("()");
        if is_recorded && !of_a_class {
            // An import is told once, and methods may be called once an item.
            let place = events.entry(event.to_owned()).or_insert(0);
            *place = if event.starts_with('C') {
                *place + 1
            } else {
                1
            };
        }
    }
    events
}

fn told(pickles: &Pickles) -> Events {
    let mut events = Events::new();
    for import in &pickles.imports {
        if let (Some(module), Some(name)) = (&import.module, &import.name) {
            events.insert(format!("F:{module}:{name}"), 1);
        }
    }
    for call in &pickles.calls {
        let Some(mut path) = path_of(pickles, call.callee) else {
            continue;
        };
        if matches!(call.opcode, Opcode::NewObj | Opcode::NewObjEx) {
            // The Python loader finds the class's `__new__` through an object too.
            path.truncate(path.trim_end_matches("()").len());
        }
        let letter = match call.opcode {
            Opcode::Append | Opcode::Appends => "L",
            Opcode::SetItem | Opcode::SetItems => "S",
            Opcode::AddItems => "A",
            Opcode::Build => "B",
            _ => {
                *events
                    .entry(format!("C:{path}:{}", call.arguments.len()))
                    .or_insert(0) += 1;
                continue;
            }
        };
        if path.ends_with("()") {
            events.insert(format!("{letter}:{path}"), 1);
        }
    }
    events
}

fn path_of(pickles: &Pickles, callee: Callee) -> Option<String> {
    let (mut callee, mut depth) = (callee, 0);
    loop {
        match callee {
            Callee::Import(index) => {
                return Some(format!("{}{}", pickles.imports[index], "()".repeat(depth)));
            }
            Callee::Returned(call) => {
                callee = pickles.calls[call].callee;
                depth += 1;
            }
            Callee::Persistent => return Some(format!("P{}", "()".repeat(depth))),
            _ => return None,
        }
    }
}
