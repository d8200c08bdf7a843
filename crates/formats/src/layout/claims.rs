//! Claims on stretches of bytes, of which the earlier ones win.

use std::collections::BTreeMap;
use std::io;

use tutela_core::Bytes;

use super::{Role, STRETCHES, Stretch};
use crate::input::{CHUNK, Input};

/// Unclaimed bytes of one part that are looked at for whether they are zeros.
const LOOKED_AT: u64 = 16 << 20;

/// Zeros between two headers that are as few as this only put the second in its place.
const PADDING: u64 = 16;

/// What was claimed so far of so many bytes.
pub(super) struct Claims {
    length: u64,
    /// By where they start; they share no bytes.
    taken: BTreeMap<u64, (u64, Role)>,
    /// Whether there were more claims than are kept.
    pub(super) is_full: bool,
}

impl Claims {
    pub(super) const fn new(length: u64) -> Self {
        Self {
            length,
            taken: BTreeMap::new(),
            is_full: false,
        }
    }

    /// Claims what nobody has claimed yet of these bytes.
    pub(super) fn claim(&mut self, start: u64, end: u64, role: &Role) {
        let end = end.min(self.length);
        if start >= end {
            return;
        }
        for (start, end) in self.free(start, end) {
            if self.taken.len() >= STRETCHES {
                self.is_full = true;
                return;
            }
            self.take(start, end, role.clone());
        }
    }

    /// Takes bytes that nobody has.
    fn take(&mut self, start: u64, end: u64, role: Role) {
        if start < end {
            self.taken.insert(start, (end, role));
        }
    }

    /// The parts of these bytes that are not claimed.
    fn free(&self, start: u64, end: u64) -> Vec<(u64, u64)> {
        let mut at = start;
        let before = self.taken.range(..start).next_back();
        if let Some((_, (stop, _))) = before {
            at = at.max(*stop);
        }
        let mut free = Vec::new();
        for (from, (stop, _)) in self.taken.range(start..end) {
            if at < *from {
                free.push((at, *from));
            }
            at = at.max(*stop);
        }
        if at < end {
            free.push((at, end));
        }
        free
    }

    /// Everything in order. What is not claimed has the role given, from its first byte that is not zero to its last.
    pub(super) fn finish(mut self, bytes: &dyn Bytes, role: &Role) -> io::Result<Vec<Stretch>> {
        let mut input = Input::new(bytes);
        let mut left = LOOKED_AT;
        for (start, end) in self.free(0, self.length) {
            let length = end.saturating_sub(start);
            let filled = if length <= left {
                filled(&mut input, start, end)?
            } else {
                Some((start, end))
            };
            left = left.saturating_sub(length);
            let (from, to) = filled.unwrap_or((end, end));
            self.take(start, from, Role::Zeros);
            self.take(from, to, role.clone());
            self.take(to, end, Role::Zeros);
        }
        let mut stretches: Vec<Stretch> = Vec::with_capacity(self.taken.len());
        for (start, (end, role)) in self.taken {
            let padding = padding(&stretches, &role);
            stretches.truncate(stretches.len().saturating_sub(padding));
            match stretches.last_mut() {
                Some(last) if last.role == role => last.end = end,
                _ => stretches.push(Stretch { start, end, role }),
            }
        }
        Ok(stretches)
    }
}

/// How many of the last stretches are padding before headers of this role that stand behind such headers too: one or none.
fn padding(stretches: &[Stretch], role: &Role) -> usize {
    match stretches {
        [.., before, zeros]
            if zeros.role == Role::Zeros
                && zeros.end.saturating_sub(zeros.start) < PADDING
                && before.role == *role
                && matches!(role, Role::Headers(_)) =>
        {
            1
        }
        _ => 0,
    }
}

/// From the first byte that is not zero to behind the last; none when all are.
fn filled(input: &mut Input<'_>, start: u64, end: u64) -> io::Result<Option<(u64, u64)>> {
    let mut found: Option<(u64, u64)> = None;
    let mut at = start;
    while at < end {
        let piece = input.prefix(at, end.saturating_sub(at).min(CHUNK as u64))?;
        if piece.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let place = |index: usize| at.saturating_add(index as u64);
        let is_filled = |byte: &u8| *byte != 0;
        if let Some(last) = piece.iter().rposition(is_filled) {
            let first = piece.iter().position(is_filled).unwrap_or(last);
            let first = found.map_or_else(|| place(first), |(first, _)| first);
            found = Some((first, place(last).saturating_add(1)));
        }
        at = at.saturating_add(piece.len() as u64);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Format;

    #[test]
    fn earlier_claims_win() {
        let bytes = vec![1; 100];
        let mut claims = Claims::new(100);
        claims.claim(10, 20, &Role::Numbers);
        claims.claim(0, 30, &Role::Opcodes);
        claims.claim(90, 500, &Role::Text);
        let found = claims.finish(&bytes, &Role::Raw).unwrap();
        let shown: Vec<(u64, u64, String)> = found
            .iter()
            .map(|it| (it.start, it.end, it.role.to_string()))
            .collect();
        assert_eq!(
            shown,
            [
                (0, 10, "pickle opcodes".to_owned()),
                (10, 20, "numbers".to_owned()),
                (20, 30, "pickle opcodes".to_owned()),
                (30, 90, "bytes of no known format".to_owned()),
                (90, 100, "text".to_owned()),
            ]
        );
    }

    #[test]
    fn few_zeros_between_headers_are_padding() {
        let (tar, zip) = (Role::Headers(Format::Tar), Role::Headers(Format::Zip));
        let mut claims = Claims::new(100);
        claims.claim(0, 10, &tar);
        claims.claim(17, 20, &tar);
        claims.claim(36, 40, &tar);
        claims.claim(41, 50, &zip);
        let found = claims.finish(&vec![0; 100], &Role::Raw).unwrap();
        let ends: Vec<u64> = found.iter().map(|it| it.end).collect();
        assert_eq!(ends, [20, 36, 40, 41, 50, 100]);
        assert_eq!(found[0].role, tar);
    }

    proptest! {
        /// Against a table with one cell a byte.
        #[test]
        fn every_byte_has_one_role(
            wanted in prop::collection::vec((0_u64..80, 0_u64..80, 0_usize..3), 0..12),
            bytes in prop::collection::vec(0_u8..2, 64),
        ) {
            let roles = [Role::Opcodes, Role::Numbers, Role::Text];
            let mut claims = Claims::new(64);
            let mut cells: Vec<Option<&Role>> = vec![None; 64];
            for (start, end, role) in &wanted {
                claims.claim(*start, *end, &roles[*role]);
                for (_, cell) in (0..).zip(&mut cells).filter(|(at, _)| (*start..*end).contains(at)) {
                    cell.get_or_insert(&roles[*role]);
                }
            }
            let found = claims.finish(&bytes, &Role::Raw).unwrap();
            let mut at = 0;
            for stretch in &found {
                prop_assert_eq!(stretch.start, at);
                at = stretch.end;
                let places = (0..).zip(cells.iter().zip(&bytes));
                for (_, (cell, byte)) in places.filter(|(at, _)| (stretch.start..stretch.end).contains(at)) {
                    match &stretch.role {
                        Role::Zeros => prop_assert!(cell.is_none() && *byte == 0),
                        Role::Raw => prop_assert!(cell.is_none()),
                        role => prop_assert_eq!(Some(role), *cell),
                    }
                }
            }
            prop_assert_eq!(at, 64);
        }
    }
}
