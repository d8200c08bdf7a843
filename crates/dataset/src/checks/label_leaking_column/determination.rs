//! How much of the uncertainty about the label a column takes away, judged on rows it was not learned on.

use crate::stats::real;

/// How many parts the rows are dealt into.
pub(super) const FOLDS: usize = 5;

/// Small whole numbers that stand for values.
#[derive(Debug, Clone)]
pub(super) struct Codes {
    /// The code of each row, below `count`.
    pub(super) codes: Vec<usize>,
    /// How many different codes there are.
    pub(super) count: usize,
}

/// An uncertainty coefficient with its standard error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Determination {
    /// At most 1; may fall below 0 for a column that misleads.
    pub(super) value: f64,
    pub(super) standard_error: f64,
    /// On how many rows it rests.
    pub(super) rows: u64,
}

/// Counts of groups and classes, in all rows and in each fold.
struct Counts {
    classes: usize,
    /// `[fold][group * classes + class]`; the last fold is all rows.
    joint: Vec<Vec<u32>>,
    /// `[fold][class]`.
    class: Vec<Vec<u32>>,
    /// `[fold][group]`.
    group: Vec<Vec<u32>>,
}

impl Counts {
    fn new(groups: &Codes, labels: &Codes, folds: &[usize]) -> Self {
        let zeros = |size: usize| vec![vec![0_u32; size]; FOLDS + 1];
        let mut counts = Self {
            classes: labels.count,
            joint: zeros(groups.count.saturating_mul(labels.count)),
            class: zeros(labels.count),
            group: zeros(groups.count),
        };
        for ((group, label), fold) in groups.codes.iter().zip(&labels.codes).zip(folds) {
            for part in [*fold, FOLDS] {
                add(&mut counts.joint, part, counts.classes * group + label);
                add(&mut counts.class, part, *label);
                add(&mut counts.group, part, *group);
            }
        }
        counts
    }

    /// `-log2` of the probability that the other folds give to a row's label, with and without the column.
    fn losses(&self, group: usize, label: usize, fold: usize) -> (f64, f64) {
        let outside = |table: &[Vec<u32>], place: usize| {
            real(u64::from(
                at(table, FOLDS, place).saturating_sub(at(table, fold, place)),
            ))
        };
        let all: f64 = (0..self.classes)
            .map(|class| outside(&self.class, class))
            .sum();
        let classes = real(self.classes as u64);
        let prior = (outside(&self.class, label) + 1.0) / (all + classes);
        let joint = outside(&self.joint, self.classes * group + label);
        let posterior = (joint + prior) / (outside(&self.group, group) + 1.0);
        (-posterior.log2(), -prior.log2())
    }
}

fn add(table: &mut [Vec<u32>], fold: usize, place: usize) {
    if let Some(count) = table.get_mut(fold).and_then(|counts| counts.get_mut(place)) {
        *count = count.saturating_add(1);
    }
}

fn at(table: &[Vec<u32>], fold: usize, place: usize) -> u32 {
    let counts = table.get(fold).and_then(|counts| counts.get(place));
    counts.copied().unwrap_or_default()
}

/// `U = 1 - Σa / Σb` with the losses a of the column and b without it; the standard error is that of a
/// ratio of sums, `√(Σ(a - R·b)² / (n (n - 1))) / mean(b)` (Cochran 1977, section 6.4, without the
/// correction for a finite population).
pub(super) fn determination(groups: &Codes, labels: &Codes, folds: &[usize]) -> Determination {
    let counts = Counts::new(groups, labels, folds);
    let rows = groups.codes.iter().zip(&labels.codes).zip(folds);
    let losses: Vec<(f64, f64)> = rows
        .map(|((group, label), fold)| counts.losses(*group, *label, *fold))
        .collect();
    let n = real(losses.len() as u64);
    let with: f64 = losses.iter().map(|(with, _without)| with).sum();
    let without: f64 = losses.iter().map(|(_with, without)| without).sum();
    let ratio = with / without;
    let squares: f64 = losses
        .iter()
        .map(|(with, without)| ratio.mul_add(-without, *with).powi(2))
        .sum();
    Determination {
        value: 1.0 - ratio,
        standard_error: (squares / (n * (n - 1.0))).sqrt() / (without / n),
        rows: losses.len() as u64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A small congruential generator: the tests need many values, not good ones.
    fn draws(seed: u64, below: usize, count: usize) -> Codes {
        let mut state = seed;
        let codes = (0..count).map(|_row| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(state >> 33).unwrap() % below
        });
        Codes {
            codes: codes.collect(),
            count: below,
        }
    }

    fn folds(count: usize) -> Vec<usize> {
        (0..count).map(|row| row % FOLDS).collect()
    }

    /// The definition, row against row, without any table of counts.
    fn brute_force(groups: &Codes, labels: &Codes, folds: &[usize]) -> f64 {
        let (mut with, mut without) = (0.0, 0.0);
        for row in 0..folds.len() {
            let others = || (0..folds.len()).filter(|other| folds[*other] != folds[row]);
            let count = |wanted: &dyn Fn(usize) -> bool| {
                others().filter(|other| wanted(*other)).count() as f64
            };
            let same_label = |other: usize| labels.codes[other] == labels.codes[row];
            let same_group = |other: usize| groups.codes[other] == groups.codes[row];
            let prior =
                (count(&same_label) + 1.0) / (others().count() as f64 + labels.count as f64);
            let joint = count(&|other| same_label(other) && same_group(other));
            let posterior = (joint + prior) / (count(&same_group) + 1.0);
            with -= f64::ln(posterior);
            without -= f64::ln(prior);
        }
        1.0 - with / without
    }

    #[test]
    fn it_is_what_the_definition_gives() {
        for seed in 1..20 {
            let (groups, labels) = (draws(seed, 7, 120), draws(seed + 100, 3, 120));
            let found = determination(&groups, &labels, &folds(120)).value;
            let expected = brute_force(&groups, &labels, &folds(120));
            assert!((found - expected).abs() < 1e-12, "{found} {expected}");
        }
    }

    #[test]
    fn a_copy_tells_all_and_noise_nothing() {
        let labels = draws(1, 2, 2000);
        let copy = determination(&labels, &labels, &folds(2000));
        assert!(copy.value > 0.99 && copy.value <= 1.0, "{copy:?}");
        let noise = determination(&draws(9, 4, 2000), &labels, &folds(2000));
        assert!(noise.value.abs() < 0.01, "{noise:?}");
    }

    /// A column that never repeats is unseen in every fold: its posterior is the prior, exactly.
    #[test]
    fn a_number_for_each_row_tells_nothing() {
        let labels = draws(1, 2, 300);
        let numbers = Codes {
            codes: (0..300).collect(),
            count: 300,
        };
        assert!(determination(&numbers, &labels, &folds(300)).value.abs() < 1e-12);
    }

    /// A label seen through a channel that flips it with probability 0.1 keeps 1 - H(0.1) = 0.531 bits of
    /// one; the interval covers that (it misses one time in twenty, but the draws are fixed).
    #[test]
    fn a_noisy_copy_tells_its_channel_capacity() {
        let labels = draws(3, 2, 20_000);
        let flips = draws(4, 10, 20_000);
        let noisy = labels
            .codes
            .iter()
            .zip(&flips.codes)
            .map(|(label, flip)| label ^ usize::from(*flip == 0));
        let noisy = Codes {
            codes: noisy.collect(),
            count: 2,
        };
        let found = determination(&noisy, &labels, &folds(20_000));
        let capacity = 1.0 + 0.1_f64.mul_add(0.1_f64.log2(), 0.9 * 0.9_f64.log2());
        assert!(
            (found.value - capacity).abs() < 1.96 * found.standard_error,
            "{found:?} {capacity}"
        );
        assert!(found.standard_error < 0.02);
    }
}
