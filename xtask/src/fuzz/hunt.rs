//! The hunt itself: change an input, try it, keep it when the parser says something new.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::io::{Seek as _, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::mutate::mutate;
use super::random::Random;
use super::targets::Target;
use crate::Error;

/// No input of a few KiB may take longer, on any machine that is not drowned in work.
const LONGEST: Duration = Duration::from_secs(1);
/// Nor may it make the process grow by more.
const MOST_GROWTH_KIB: u64 = 256 << 10;
/// Inputs that are kept: a long run would fill the memory with them.
const MOST_KEPT: usize = 1 << 14;
/// An input that was too slow is tried again this often: another process may have had the processor.
const RETRIES: usize = 3;

/// A hunt for one target.
pub(crate) struct Hunt<'a> {
    target: &'a Target,
    random: Random,
    file: File,
    path: PathBuf,
    words: BTreeSet<u64>,
    kept: Vec<Vec<u8>>,
    tried: u64,
    news: u64,
    peak: u64,
}

/// The file that holds the input that is being tried.
pub(crate) fn current(folder: &Path, target: &str) -> PathBuf {
    folder.join(format!("{target}.current"))
}

impl<'a> Hunt<'a> {
    /// Prepares a hunt whose inputs are written into a folder before they are tried.
    pub(crate) fn new(target: &'a Target, folder: &Path, seed: u64) -> Result<Self, Error> {
        fs::create_dir_all(folder).map_err(Error::write(folder))?;
        let path = current(folder, target.name);
        let file = File::create(&path).map_err(Error::write(&path))?;
        Ok(Self {
            target,
            random: Random::new(seed),
            file,
            path,
            words: BTreeSet::new(),
            kept: Vec::new(),
            tried: 0,
            news: 0,
            peak: peak_kib(),
        })
    }

    /// Tries every seed, then changed inputs until so much of the processor's time is spent.
    pub(crate) fn run(&mut self, seeds: &[Vec<u8>], time: Duration) -> Result<(), Error> {
        let (begin, busy_before) = (Instant::now(), busy());
        for seed in seeds {
            self.attempt(seed)?;
        }
        while spent(begin, busy_before) < time {
            let pool = if self.kept.is_empty() || self.random.below(8) == 0 {
                seeds
            } else {
                &self.kept
            };
            let mut input = self.random.choose(pool).cloned().unwrap_or_default();
            mutate(&mut input, seeds, &mut self.random);
            self.attempt(&input)?;
        }
        Ok(())
    }

    /// What was done.
    pub(crate) fn summary(&self) -> String {
        format!(
            "{:12} {:8} inputs, {:5} with news, {:6} things said, peak {} MiB",
            self.target.name,
            self.tried,
            self.news,
            self.words.len(),
            self.peak >> 10
        )
    }

    fn attempt(&mut self, input: &[u8]) -> Result<(), Error> {
        self.write_down(input).map_err(Error::write(&self.path))?;
        self.tried = self.tried.saturating_add(1);
        let (mut said, mut took) = self.timed(input)?;
        for _ in 0..RETRIES {
            if took <= LONGEST {
                break;
            }
            (said, took) = self.timed(input)?;
        }
        if took > LONGEST {
            return Err(self.fault(&format!("took {} ms", took.as_millis())));
        }
        // Only the first new peak is telling, so it is looked at after every input.
        let peak = peak_kib();
        if peak.saturating_sub(self.peak) > MOST_GROWTH_KIB {
            return Err(self.fault(&format!("grew by {} MiB", (peak - self.peak) >> 10)));
        }
        self.peak = peak;
        if self.is_new(&said) {
            self.keep(input);
        }
        Ok(())
    }

    /// Keeps an input, in the place of another when there are many.
    fn keep(&mut self, input: &[u8]) {
        self.news = self.news.saturating_add(1);
        if self.kept.len() < MOST_KEPT {
            self.kept.push(input.to_vec());
        } else {
            let place = self.random.below(MOST_KEPT);
            if let Some(old) = self.kept.get_mut(place) {
                input.clone_into(old);
            }
        }
    }

    fn timed(&self, input: &[u8]) -> Result<(String, Duration), Error> {
        let (begin, busy) = (Instant::now(), busy());
        let run = self.target.run;
        catch_unwind(AssertUnwindSafe(|| run(input)))
            .map(|said| (said, spent(begin, busy)))
            // Its message is on standard error already.
            .map_err(|_panic| self.fault("panicked"))
    }

    fn fault(&self, what: &str) -> Error {
        Error::Fuzz(vec![format!("{} {what}", self.target.name)])
    }

    fn write_down(&mut self, input: &[u8]) -> std::io::Result<()> {
        self.file.rewind()?;
        self.file.write_all(input)?;
        self.file.set_len(u64::try_from(input.len()).unwrap_or(0))
    }

    /// Whether a pair of neighbouring words is there that was not there before, or twice as often as ever before.
    ///
    /// Numbers and quoted texts come from the input, so they count for nothing.
    fn is_new(&mut self, said: &str) -> bool {
        let mut pairs: BTreeMap<u64, u32> = BTreeMap::new();
        let mut last = "";
        for text in said.split('"').step_by(2) {
            let words = text.split(|letter: char| !letter.is_ascii_alphabetic());
            for word in words.filter(|word| !word.is_empty()) {
                let count = pairs.entry(hash((last, word))).or_default();
                *count = count.saturating_add(1);
                last = word;
            }
        }
        let before = self.words.len();
        let new = pairs
            .into_iter()
            .map(|(pair, count)| hash((pair, count.ilog2())));
        self.words.extend(new);
        self.words.len() > before
    }
}

fn hash(what: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}

/// How long it took: the time of the processor where that is known, for others may keep this process waiting.
fn spent(begin: Instant, before: Option<Duration>) -> Duration {
    match (before, busy()) {
        (Some(before), Some(after)) => after.saturating_sub(before),
        _ => begin.elapsed(),
    }
}

/// The time that the processor spent on all threads of this process, where the system tells it (Linux, `proc(5)`).
fn busy() -> Option<Duration> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The name of the program may hold anything but ends with the last bracket; then fields 3 and on.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut times = fields.split_whitespace().skip(11).take(2);
    let ticks = times.next()?.parse::<u64>().ok()? + times.next()?.parse::<u64>().ok()?;
    // The unit that the kernel shows to programs is a hundredth of a second.
    Some(Duration::from_millis(ticks.saturating_mul(10)))
}

/// The most memory that this process ever had, where the system tells it.
fn peak_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|rest| rest.split_whitespace().next())
        .and_then(|number| number.parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Breaks on what only a changed input has.
    const BRITTLE: Target = Target {
        name: "brittle",
        run: |input| {
            assert!(!input.contains(&0xff), "a byte that the seed has not");
            String::new()
        },
    };

    #[test]
    fn a_fault_is_found_and_its_input_kept() {
        let folder = tempfile::tempdir().unwrap();
        let mut hunt = Hunt::new(&BRITTLE, folder.path(), 1).unwrap();
        let seeds = [vec![7; 40]];
        let error = hunt.run(&seeds, Duration::from_secs(3600)).unwrap_err();
        assert!(error.to_string().contains("brittle panicked"));
        let kept = fs::read(current(folder.path(), "brittle")).unwrap();
        assert!(kept.contains(&0xff));
    }

    #[test]
    fn only_what_was_never_said_is_new() {
        let folder = tempfile::tempdir().unwrap();
        let mut hunt = Hunt::new(&BRITTLE, folder.path(), 1).unwrap();
        assert!(hunt.is_new("Header { count: 3, name: \"abc\" }"));
        assert!(!hunt.is_new("Header { count: 99, name: \"xyz\" }"));
        assert!(hunt.is_new("Header { count: TooMany, name: \"abc\" }"));
        let parts = |count| "Part { at: 1 }, ".repeat(count);
        assert!(hunt.is_new(&parts(5)));
        assert!(!hunt.is_new(&parts(7)));
        assert!(hunt.is_new(&parts(8)));
    }
}
