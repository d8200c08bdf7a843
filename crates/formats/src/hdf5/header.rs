//! Object headers: the list of messages that describes a group or a data set (specification, IV.A).

use std::collections::BTreeSet;

use super::Fault;
use super::source::{Source, Step, Stop, malformed, unsupported};
use crate::extent::Sort;
use crate::fields::Fields;

/// Numbers of the messages that are read.
pub(super) mod kind {
    /// A message that was deleted.
    pub(crate) const NIL: u16 = 0x00;
    pub(crate) const DATASPACE: u16 = 0x01;
    pub(crate) const LINK_INFO: u16 = 0x02;
    pub(crate) const DATATYPE: u16 = 0x03;
    pub(crate) const LINK: u16 = 0x06;
    pub(crate) const EXTERNAL_FILES: u16 = 0x07;
    pub(crate) const LAYOUT: u16 = 0x08;
    pub(crate) const FILTERS: u16 = 0x0b;
    pub(crate) const ATTRIBUTE: u16 = 0x0c;
    pub(crate) const CONTINUATION: u16 = 0x10;
    pub(crate) const SYMBOL_TABLE: u16 = 0x11;
    pub(crate) const ATTRIBUTE_INFO: u16 = 0x15;
    /// The highest number that the specification knows; more are of a newer one.
    pub(crate) const LAST: u16 = 0x18;
}

/// Blocks that one header may go on in.
const CONTINUATIONS: usize = 10_000;

/// A message, and where it is.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) kind: u16,
    /// Whether its data only says where the real message is.
    pub(super) shared: bool,
    pub(super) at: u64,
    pub(super) data: Vec<u8>,
}

/// The form in which messages follow each other.
#[derive(Clone, Copy)]
enum Form {
    First,
    Second { ordered: bool },
}

/// Reads all messages of a header; what could not be followed is told beside them.
pub(super) fn read(source: &mut Source<'_>, at: u64) -> Step<(Vec<Message>, Vec<Fault>)> {
    let start = source.up_to("object header", at, 64)?;
    let parsed = if start.starts_with(b"OHDR") {
        second(&start)
    } else {
        first(&start)
    };
    let Some((form, skip, length)) = parsed else {
        return Err(malformed("object header", at));
    };
    source.note(at, skip, Sort::Structure);
    let mut messages = Vec::new();
    let mut faults = Vec::new();
    let mut seen = BTreeSet::new();
    let mut waiting = vec![(at.saturating_add(skip), length)];
    while let Some((at, length)) = waiting.pop() {
        if !seen.insert(at) {
            continue;
        }
        if seen.len() > CONTINUATIONS {
            faults.push(Fault::Limit {
                what: "parts of one header",
                limit: CONTINUATIONS as u64,
            });
            break;
        }
        match part(source, form, at, length) {
            Ok(found) => {
                let next = found
                    .iter()
                    .filter(|message| message.kind == kind::CONTINUATION);
                for message in next {
                    match continuation(source, form, message) {
                        Some(part) => waiting.push(part),
                        None => faults.push(Fault::Malformed {
                            what: "continuation of a header",
                            at: message.at,
                        }),
                    }
                }
                messages.extend(found);
            }
            Err(Stop::Fault(fault)) => faults.push(fault),
            Err(stop) => return Err(stop),
        }
    }
    Ok((messages, faults))
}

fn first(start: &[u8]) -> Option<(Form, u64, u64)> {
    let mut fields = Fields::new(start);
    if fields.byte()? != 1 {
        return None;
    }
    fields.skip(7)?;
    Some((Form::First, 16, u64::from(fields.word()?)))
}

fn second(start: &[u8]) -> Option<(Form, u64, u64)> {
    let mut fields = Fields::new(start);
    fields.skip(4)?;
    if fields.byte()? != 2 {
        return None;
    }
    let flags = fields.byte()?;
    let times = if flags & 0x20 == 0 { 0 } else { 16 };
    let phases = if flags & 0x10 == 0 { 0 } else { 4 };
    fields.skip(times)?;
    fields.skip(phases)?;
    let size = 1_usize << (flags & 3);
    let length = fields.number(size)?;
    let skip = 6_usize
        .checked_add(times)?
        .checked_add(phases)?
        .checked_add(size)?;
    let ordered = flags & 4 != 0;
    Some((Form::Second { ordered }, skip as u64, length))
}

/// A part of version 2 has a signature before its messages and a checksum behind them.
fn continuation(source: &Source<'_>, form: Form, message: &Message) -> Option<(u64, u64)> {
    let mut fields = Fields::new(&message.data);
    let at = source.address(&mut fields)??;
    let length = source.length(&mut fields)?;
    match form {
        Form::First => Some((at, length)),
        Form::Second { .. } => Some((at.checked_add(4)?, length.checked_sub(8)?)),
    }
}

/// The messages of one part.
fn part(source: &mut Source<'_>, form: Form, at: u64, length: u64) -> Step<Vec<Message>> {
    let block = source.peek("object header", at, length)?;
    if let Form::Second { .. } = form {
        // A checksum stands behind it, and before one that goes on a signature.
        let end = at.saturating_add(length);
        source.note(end, 4, Sort::Structure);
        source.note(at.saturating_sub(4), 4, Sort::Structure);
    }
    let mut fields = Fields::new(&block);
    let mut messages = Vec::new();
    let smallest = match form {
        Form::First => 8,
        Form::Second { ordered } => {
            if ordered {
                6
            } else {
                4
            }
        }
    };
    // A rest that is too short for a message is a gap.
    while fields.rest().len() >= smallest {
        let here = at.saturating_add((block.len().saturating_sub(fields.rest().len())) as u64);
        let Some(message) = message(&mut fields, form, here) else {
            return Err(malformed("message of an object header", here));
        };
        let end = at.saturating_add((block.len().saturating_sub(fields.rest().len())) as u64);
        // What a deleted message leaves behind is nothing.
        let left = match message.kind {
            kind::NIL => message.data.len() as u64,
            _ => 0,
        };
        let length = end.saturating_sub(here).saturating_sub(left);
        source.note(here, length, Sort::Structure);
        if message.kind > kind::LAST && !message.data.is_empty() {
            return Err(unsupported("message of an object header", here));
        }
        messages.push(message);
    }
    Ok(messages)
}

fn message(fields: &mut Fields<'_>, form: Form, at: u64) -> Option<Message> {
    let (kind, size, flags) = match form {
        Form::First => {
            let (kind, size, flags) = (fields.short()?, fields.short()?, fields.byte()?);
            fields.skip(3)?;
            (kind, size, flags)
        }
        Form::Second { ordered } => {
            let (kind, size, flags) = (fields.byte()?, fields.short()?, fields.byte()?);
            if ordered {
                fields.skip(2)?;
            }
            (u16::from(kind), size, flags)
        }
    };
    Some(Message {
        kind,
        shared: flags & 2 != 0,
        at,
        data: fields.take(usize::from(size))?.to_vec(),
    })
}
