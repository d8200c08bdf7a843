//! Reads a Python literal as `ast.literal_eval` does: texts with escapes, numbers, tuples, lists, dictionaries.

/// Levels that are followed: the header of the deepest structured type stays far below. Python's own parser breaks
/// at about a hundred, and its compiler crashes on more (`max_header_size` of `numpy.load`).
pub(super) const DEPTH: usize = 64;

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Literal {
    Dict(Vec<(Self, Self)>),
    List(Vec<Self>),
    Tuple(Vec<Self>),
    Text(String),
    Bool(bool),
    /// A whole number; none when it is too large for any use.
    Number(Option<i128>),
    /// `None`, a fraction, an imaginary number or bytes, none of which a header has a use for.
    Other,
}

/// Why a text is no literal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Broken {
    /// Nested too deep.
    Deep,
    /// Not a literal at all.
    Grammar,
}

/// Reads the whole text as one value.
pub(super) fn read(text: &str) -> Result<Literal, Broken> {
    let mut reader = Reader {
        rest: text.trim_start_matches([' ', '\t']),
    };
    let value = reader.value(0)?;
    reader.skip();
    if reader.rest.is_empty() {
        Ok(value)
    } else {
        Err(Broken::Grammar)
    }
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn step(&mut self) -> Option<char> {
        let mut letters = self.rest.chars();
        let letter = letters.next();
        self.rest = letters.as_str();
        letter
    }

    fn eat(&mut self, wanted: char) -> bool {
        let is_next = self.peek() == Some(wanted);
        if is_next {
            self.step();
        }
        is_next
    }

    /// White space, comments and joined lines mean nothing between brackets.
    fn skip(&mut self) {
        loop {
            self.rest = self
                .rest
                .trim_start_matches([' ', '\t', '\n', '\r', '\u{c}']);
            if let Some(rest) = self.rest.strip_prefix("\\\n") {
                self.rest = rest;
            } else if self.rest.starts_with('#') {
                let end = self.rest.find('\n').unwrap_or(self.rest.len());
                self.rest = self.rest.get(end..).unwrap_or_default();
            } else {
                return;
            }
        }
    }

    /// Recurses once a level, to [`DEPTH`].
    fn value(&mut self, depth: usize) -> Result<Literal, Broken> {
        if depth > DEPTH {
            return Err(Broken::Deep);
        }
        self.skip();
        match self.peek() {
            Some('{') => self.dict(depth),
            Some('[') => Ok(Literal::List(self.items(']', depth)?.0)),
            Some('(') => {
                let (mut items, has_comma) = self.items(')', depth)?;
                // Brackets around one value are only brackets.
                let alone = !has_comma && items.len() == 1;
                Ok(match items.pop() {
                    Some(only) if alone => only,
                    last => Literal::Tuple(items.into_iter().chain(last).collect()),
                })
            }
            Some('\'' | '"') => self.texts(),
            Some('+' | '-' | '.' | '0'..='9') => self.number(),
            Some(_) => self.word(),
            None => Err(Broken::Grammar),
        }
    }

    fn items(&mut self, close: char, depth: usize) -> Result<(Vec<Literal>, bool), Broken> {
        let mut items = Vec::new();
        let mut has_comma = false;
        self.step();
        loop {
            self.skip();
            if self.eat(close) {
                return Ok((items, has_comma));
            }
            items.push(self.value(depth.saturating_add(1))?);
            self.skip();
            if self.eat(',') {
                has_comma = true;
            } else if self.peek() != Some(close) {
                return Err(Broken::Grammar);
            }
        }
    }

    fn dict(&mut self, depth: usize) -> Result<Literal, Broken> {
        let mut entries = Vec::new();
        self.step();
        loop {
            self.skip();
            if self.eat('}') {
                return Ok(Literal::Dict(entries));
            }
            let key = self.value(depth.saturating_add(1))?;
            self.skip();
            if !self.eat(':') {
                return Err(Broken::Grammar);
            }
            let value = self.value(depth.saturating_add(1))?;
            entries.push((key, value));
            self.skip();
            if !self.eat(',') && self.peek() != Some('}') {
                return Err(Broken::Grammar);
            }
        }
    }

    /// Texts that stand one behind the other are one.
    fn texts(&mut self) -> Result<Literal, Broken> {
        let mut whole = String::new();
        while matches!(self.peek(), Some('\'' | '"')) {
            self.text(&mut whole, true)?;
            self.skip();
        }
        Ok(Literal::Text(whole))
    }

    fn text(&mut self, whole: &mut String, escapes: bool) -> Result<(), Broken> {
        let quote = self.peek().ok_or(Broken::Grammar)?;
        let three = [quote; 3].iter().collect::<String>();
        let (end, is_long) = match self.rest.strip_prefix(three.as_str()) {
            Some(rest) => {
                self.rest = rest;
                (three, true)
            }
            None => {
                self.step();
                (quote.to_string(), false)
            }
        };
        loop {
            if let Some(rest) = self.rest.strip_prefix(end.as_str()) {
                self.rest = rest;
                return Ok(());
            }
            match self.step().ok_or(Broken::Grammar)? {
                '\n' if !is_long => return Err(Broken::Grammar),
                '\\' if escapes => self.escape(whole)?,
                letter => whole.push(letter),
            }
        }
    }

    fn escape(&mut self, whole: &mut String) -> Result<(), Broken> {
        let letter = self.step().ok_or(Broken::Grammar)?;
        let plain = match letter {
            '\n' => return Ok(()),
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'a' => '\u{7}',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'v' => '\u{b}',
            '\\' | '\'' | '"' => letter,
            'x' => self.code(2, 16)?,
            'u' => self.code(4, 16)?,
            'U' => self.code(8, 16)?,
            'N' => return self.named(whole),
            '0'..='7' => {
                let more = self
                    .rest
                    .chars()
                    .take(2)
                    .take_while(|next| next.is_digit(8));
                let digits: String = [letter].into_iter().chain(more).collect();
                self.rest = self
                    .rest
                    .get(digits.len().saturating_sub(1)..)
                    .unwrap_or_default();
                let code = u32::from_str_radix(&digits, 8).ok();
                code.and_then(char::from_u32).ok_or(Broken::Grammar)?
            }
            other => {
                // What is no escape stays as it is.
                whole.push('\\');
                other
            }
        };
        whole.push(plain);
        Ok(())
    }

    fn code(&mut self, digits: usize, radix: u32) -> Result<char, Broken> {
        let code = self.rest.get(..digits).ok_or(Broken::Grammar)?;
        self.rest = self.rest.get(digits..).unwrap_or_default();
        let number = u32::from_str_radix(code, radix).map_err(|_not_digits| Broken::Grammar)?;
        Ok(char::from_u32(number).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    /// A character by its name: the letters that could make a type are spelled out in it.
    fn named(&mut self, whole: &mut String) -> Result<(), Broken> {
        let rest = self.rest.strip_prefix('{').ok_or(Broken::Grammar)?;
        let (name, rest) = rest.split_once('}').ok_or(Broken::Grammar)?;
        self.rest = rest;
        let letter = name.to_ascii_uppercase();
        let capital = letter.strip_prefix("LATIN CAPITAL LETTER ");
        let small = letter.strip_prefix("LATIN SMALL LETTER ");
        match (capital, small) {
            (Some(letter), _) if letter.len() == 1 => whole.push_str(letter),
            (_, Some(letter)) if letter.len() == 1 => whole.push_str(&letter.to_lowercase()),
            _ => whole.push(char::REPLACEMENT_CHARACTER),
        }
        Ok(())
    }

    fn number(&mut self) -> Result<Literal, Broken> {
        let mut sign = 1;
        while let Some(letter @ ('+' | '-')) = self.peek() {
            sign = if letter == '-' { -sign } else { sign };
            self.step();
            self.skip();
        }
        let is_part = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.');
        let end = self
            .rest
            .find(|letter| !is_part(letter))
            .unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at_checked(end).unwrap_or_default();
        self.rest = rest;
        // `L` is a long number of Python 2, which numpy takes off.
        let digits = word.trim_end_matches(['l', 'L']).replace('_', "");
        let (radix, digits) = match digits.get(..2).map(str::to_ascii_lowercase).as_deref() {
            Some("0x") => (16, digits.get(2..).unwrap_or_default()),
            Some("0o") => (8, digits.get(2..).unwrap_or_default()),
            Some("0b") => (2, digits.get(2..).unwrap_or_default()),
            _ => (10, digits.as_str()),
        };
        if digits.is_empty() {
            return Err(Broken::Grammar);
        }
        if digits.chars().all(|digit| digit.is_digit(radix)) {
            let number = i128::from_str_radix(digits, radix).ok();
            return Ok(Literal::Number(
                number.map(|number| number.saturating_mul(sign)),
            ));
        }
        let fraction = digits.trim_end_matches(['j', 'J']).parse::<f64>();
        fraction
            .map(|_| Literal::Other)
            .map_err(|_no_number| Broken::Grammar)
    }

    /// `True`, `False`, `None`, or a text with letters in front of its quotes.
    fn word(&mut self) -> Result<Literal, Broken> {
        let end = self
            .rest
            .find(|letter: char| !letter.is_alphanumeric() && letter != '_');
        let (word, rest) = self
            .rest
            .split_at_checked(end.unwrap_or(self.rest.len()))
            .unwrap_or_default();
        self.rest = rest;
        match word {
            "True" => Ok(Literal::Bool(true)),
            "False" => Ok(Literal::Bool(false)),
            "None" => Ok(Literal::Other),
            "u" | "U" if matches!(self.peek(), Some('\'' | '"')) => self.texts(),
            "r" | "R" if matches!(self.peek(), Some('\'' | '"')) => {
                let mut whole = String::new();
                self.text(&mut whole, false)?;
                Ok(Literal::Text(whole))
            }
            "b" | "B" if matches!(self.peek(), Some('\'' | '"')) => {
                self.texts()?;
                Ok(Literal::Other)
            }
            _ => Err(Broken::Grammar),
        }
    }
}
