//! What is wrong with a project file, and where.

use std::fmt::Write as _;
use std::ops::Range;

/// One thing that is wrong with a project file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What was found and what was expected.
    pub message: String,
    /// Bytes of the project file that it is about.
    pub span: Range<usize>,
    /// What to do about it.
    pub hint: Option<String>,
}

/// A project file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// The file, as the user named it.
    pub file: String,
    /// Its text.
    pub text: String,
    /// Everything that is wrong with it, in the order of the file.
    pub problems: Vec<Problem>,
}

impl ConfigError {
    /// Renders every problem with its line, as compilers do.
    #[must_use]
    pub fn render(&self) -> String {
        let mut output = String::new();
        for problem in &self.problems {
            self.render_one(problem, &mut output);
        }
        output
    }

    fn render_one(&self, problem: &Problem, output: &mut String) {
        let place = Place::find(&self.text, problem.span.start);
        let gutter = " ".repeat(place.line.to_string().len());
        let indent = " ".repeat(place.column.saturating_sub(1));
        let carets = "^".repeat(place.width(&problem.span));
        let line = tutela_core::escape(place.text, 160);
        // Keys and values of the file are part of the message, and the file may be anybody's.
        let message = tutela_core::escape(&problem.message, 1000);
        let _ = write!(
            output,
            "error: {}\n{gutter}--> {}:{}:{}\n{gutter} |\n{} | {line}\n{gutter} | {indent}{carets}\n",
            message, self.file, place.line, place.column, place.line,
        );
        if let Some(hint) = &problem.hint {
            let _ = writeln!(output, "{gutter} hint: {}", tutela_core::escape(hint, 1000));
        }
    }
}

/// A line of the project file.
struct Place<'a> {
    line: usize,
    column: usize,
    text: &'a str,
    start: usize,
}

impl<'a> Place<'a> {
    fn find(text: &'a str, offset: usize) -> Self {
        let offset = text.floor_char_boundary(offset.min(text.len()));
        let before = text.get(..offset).unwrap_or_default();
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let rest = text.get(start..).unwrap_or_default();
        Self {
            line: before.matches('\n').count() + 1,
            column: before.get(start..).unwrap_or_default().chars().count() + 1,
            text: rest.lines().next().unwrap_or_default(),
            start,
        }
    }

    /// How many carets fit under the part of the span that lies on this line.
    fn width(&self, span: &Range<usize>) -> usize {
        let end = span.end.min(self.start.saturating_add(self.text.len()));
        end.saturating_sub(span.start).max(1)
    }
}

/// The known word nearest to a misspelt one, as a hint.
#[must_use]
pub fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    known
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(word, candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.78)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, candidate)| format!("did you mean `{candidate}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_points_at_its_line() {
        let text = "schema = 1\n[[data]]\n  lable = \"x\"\n";
        let start = text.find("lable").unwrap();
        let error = ConfigError {
            file: "tutela.toml".into(),
            text: text.into(),
            problems: vec![Problem {
                message: "unknown key `lable` in `[[data]]`".into(),
                span: start..start + 5,
                hint: did_you_mean("lable", ["id", "label", "path"]),
            }],
        };
        let expected = "error: unknown key `lable` in `[[data]]`\n --> tutela.toml:3:3\n  |\n3 |   lable = \"x\"\n  |   ^^^^^\n  hint: did you mean `label`?\n";
        assert_eq!(error.render(), expected);
    }

    #[test]
    fn places_at_the_ends_of_a_file_exist() {
        assert_eq!(Place::find("", 0).line, 1);
        assert_eq!(Place::find("a\n", 99).line, 2);
        assert_eq!(Place::find("é", 1).column, 1);
    }
}
