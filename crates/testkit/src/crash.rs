//! Kills a program at random moments while it acknowledges work, many times over.
//!
//! The program under test is the test binary itself, started again for one ignored test with an
//! environment variable set (see [`Crash::role`]). It prints one line for each piece of work *after* that is
//! durable; the harness reads the lines, kills the process (SIGKILL: no handler runs), and hands what was
//! acknowledged to the caller, who opens the files and checks that nothing is missing.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// Set for the child; its value is the folder to work in.
const VARIABLE: &str = "TUTELA_CRASH_FOLDER";
/// Marks the lines that are ours: a test binary also prints its own.
const MARK: &str = "acknowledged ";

/// A series of kills of one test binary.
#[derive(Debug)]
pub struct Crash {
    test: String,
    folder: PathBuf,
    random: u64,
}

impl Crash {
    /// Prepares to run the test of this full name (`module::function`) of the present binary as a child.
    #[must_use]
    pub fn new(test: &str, folder: &Path, seed: u64) -> Self {
        Self {
            test: test.to_owned(),
            folder: folder.to_owned(),
            random: seed | 1,
        }
    }

    /// In the test that plays the child: the folder to work in; none when nobody asked for a child.
    #[must_use]
    pub fn role() -> Option<PathBuf> {
        std::env::var_os(VARIABLE).map(PathBuf::from)
    }

    /// In the child: tells the harness that this is durable now.
    #[expect(clippy::print_stdout, reason = "the pipe to the harness")]
    pub fn acknowledge(what: &str) {
        use std::io::Write as _;
        // One write of a whole line: a kill leaves it out or in, never cut.
        let line = format!("\n{MARK}{what}\n");
        print!("{line}");
        std::io::stdout().flush().unwrap();
    }

    /// Starts the child, kills it after a random time, and returns what it acknowledged, in order.
    ///
    /// # Panics
    /// When the child cannot be started, or ends by itself: it must work until it is killed.
    #[must_use]
    pub fn kill_once(&mut self) -> Vec<String> {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", &self.test, "--nocapture", "--include-ignored"])
            .env(VARIABLE, &self.folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (first, at_work) = std::sync::mpsc::channel();
        let reader = std::thread::spawn(move || {
            let told = lines
                .map_while(Result::ok)
                .filter_map(|line| line.strip_prefix(MARK).map(str::to_owned));
            told.inspect(|_| {
                let _nobody_waits_any_more = first.send(());
            })
            .collect::<Vec<_>>()
        });
        // Three of four are hit at work, the fourth anywhere: perhaps before it has begun.
        if self.draw(4) > 0 {
            let _or_it_ended = at_work.recv_timeout(Duration::from_secs(60));
        }
        // Not to wait for something, but to hit any moment.
        std::thread::sleep(Duration::from_micros(self.draw(40_000)));
        let ended = child.try_wait().unwrap();
        child.kill().unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(
            ended.is_none(),
            "the child ended by itself: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        reader.join().unwrap()
    }

    /// How many kills to make: the number in `TUTELA_KILLS`, or `otherwise`.
    #[must_use]
    pub fn kills(otherwise: usize) -> usize {
        std::env::var("TUTELA_KILLS")
            .ok()
            .and_then(|number| number.parse().ok())
            .unwrap_or(otherwise)
    }

    /// A number below `limit` (xorshift64*).
    fn draw(&mut self, limit: u64) -> u64 {
        self.random ^= self.random >> 12;
        self.random ^= self.random << 25;
        self.random ^= self.random >> 27;
        (self.random.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32) % limit
    }
}
