//! Numbers that states outside Europe give to people.

use tutela_core::Confidence::{High, Low, Medium};

use super::PersonalKind;
use super::recogniser::{Recogniser, Rule, is_one_digit, part};
use crate::checkdigit::{
    digit, digits, is_date, is_short_date, luhn, mod_11_2, verhoeff, weighted,
};

/// Numbers that states outside Europe give to people.
pub(super) const RECOGNISERS: &[Recogniser] = &[
    // No check digit: only blocks that were never issued (Social Security Administration, since 2011).
    Recogniser {
        kind: PersonalKind::national("us", "ssn"),
        shape: r"\d{9}|\d{3}-\d{2}-\d{4}|\d{3} \d{2} \d{4}",
        rule: Rule::Code(|code| {
            let area = part(code, 0..3)?;
            let issued =
                !matches!(area, 0 | 666 | 900..) && part(code, 3..5)? > 0 && part(code, 5..9)? > 0;
            // Printed in advertisements (1938 and 1940), so never anyone's.
            Some(issued && !matches!(code, b"078051120" | b"219099999") && !is_one_digit(code))
        }),
        written: Some(Medium),
        bare: None,
        words: &["ssn", "social security", "soc sec"],
    },
    Recogniser {
        kind: PersonalKind::national("ca", "sin"),
        shape: r"[1-79]\d{8}|[1-79]\d{2}[ -]\d{3}[ -]\d{3}",
        rule: Rule::Code(|code| Some(luhn(code) && !is_one_digit(code))),
        written: Some(Low),
        bare: Some(Low),
        words: &["sin", "social insurance"],
    },
    Recogniser {
        kind: PersonalKind::national("br", "cpf"),
        shape: r"\d{11}|\d{3}\.\d{3}\.\d{3}-\d{2}",
        rule: Rule::Code(is_cpf),
        written: Some(High),
        bare: Some(Low),
        words: &["cpf", "contribuinte"],
    },
    Recogniser {
        kind: PersonalKind::national("mx", "curp"),
        shape: r"[A-Z]{4}\d{6}[HMX][A-Z]{5}[A-Z0-9]\d",
        rule: Rule::Text(is_curp),
        written: Some(High),
        bare: None,
        words: &["curp"],
    },
    Recogniser {
        kind: PersonalKind::national("cl", "rut"),
        shape: r"\d{1,2}\.\d{3}\.\d{3}-[0-9Kk]|\d{7,8}-[0-9Kk]",
        rule: Rule::Code(is_rut),
        written: Some(Medium),
        bare: None,
        words: &["rut", "run", "rol único"],
    },
    Recogniser {
        kind: PersonalKind::national("in", "aadhaar"),
        shape: r"[2-9]\d{11}|[2-9]\d{3} \d{4} \d{4}|[2-9]\d{3}-\d{4}-\d{4}",
        rule: Rule::Code(|code| Some(verhoeff(code) && !is_one_digit(code))),
        written: Some(Medium),
        bare: Some(Low),
        words: &["aadhaar", "aadhar", "uidai", "आधार"],
    },
    // No check digit is published; the fourth letter P says that the holder is a person.
    Recogniser {
        kind: PersonalKind::national("in", "pan"),
        shape: r"[A-Z]{3}P[A-Z]\d{4}[A-Z]",
        rule: Rule::Code(|code| Some(part(code, 5..9)? > 0)),
        written: Some(Low),
        bare: None,
        words: &["pan", "permanent account"],
    },
    Recogniser {
        kind: PersonalKind::national("cn", "resident-id"),
        shape: r"[1-9]\d{16}[0-9X]",
        rule: Rule::Code(|code| {
            let is_day = is_date(part(code, 6..10)?, part(code, 10..12)?, part(code, 12..14)?);
            Some(is_day && matches!(part(code, 6..8)?, 18..=20) && mod_11_2(code))
        }),
        written: Some(High),
        bare: Some(Low),
        words: &[
            "身份证",
            "身份證",
            "identity card",
            "resident id",
            "id card",
            "sfz",
            "shenfenzheng",
        ],
    },
    Recogniser {
        kind: PersonalKind::national("tr", "kimlik"),
        shape: r"[1-9]\d{10}",
        rule: Rule::Code(is_kimlik),
        written: None,
        bare: Some(Low),
        words: &["kimlik", "tckn", "tc no"],
    },
    // Numbers since October 2020 are random after the date and sex (Ministry of the Interior).
    Recogniser {
        kind: PersonalKind::national("kr", "rrn"),
        shape: r"\d{6}-?[1-8]\d{6}",
        rule: Rule::Code(|code| {
            Some(is_short_date(
                part(code, 0..2)?,
                part(code, 2..4)?,
                part(code, 4..6)?,
            ))
        }),
        written: Some(Medium),
        bare: None,
        words: &["rrn", "resident registration", "주민등록번호"],
    },
    Recogniser {
        kind: PersonalKind::national("sg", "nric"),
        shape: r"[STFG]\d{7}[A-Z]",
        rule: Rule::Code(is_nric),
        written: Some(Medium),
        bare: None,
        words: &["nric", "fin"],
    },
    Recogniser {
        kind: PersonalKind::national("th", "citizen-id"),
        shape: r"[1-8]\d{12}|[1-8]-\d{4}-\d{5}-\d{2}-\d",
        rule: Rule::Code(|code| {
            let sum = weighted(code, &[13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2])?;
            Some((11 - sum % 11) % 10 == digit(code, 12)? && !is_one_digit(code))
        }),
        written: Some(High),
        bare: Some(Low),
        words: &["บัตรประชาชน", "thai id", "citizen id"],
    },
    Recogniser {
        kind: PersonalKind::national("za", "id"),
        shape: r"\d{13}|\d{6} \d{4} \d{3}",
        rule: Rule::Code(|code| {
            let is_day = is_short_date(part(code, 0..2)?, part(code, 2..4)?, part(code, 4..6)?);
            Some(is_day && digit(code, 10)? <= 2 && luhn(code))
        }),
        written: Some(Medium),
        bare: Some(Low),
        words: &["id number", "identity number", "rsa id", "za id"],
    },
    Recogniser {
        kind: PersonalKind::national("il", "teudat-zehut"),
        shape: r"\d{9}|\d{8}-\d",
        rule: Rule::Code(|code| Some(luhn(code) && !is_one_digit(code))),
        written: Some(Low),
        bare: Some(Low),
        words: &["teudat", "zehut", "תעודת זהות"],
    },
    Recogniser {
        kind: PersonalKind::national("au", "tfn"),
        shape: r"\d{9}|\d{3} \d{3} \d{3}",
        rule: Rule::Code(|code| {
            let sum = weighted(code, &[1, 4, 3, 7, 5, 8, 6, 9, 10])?;
            Some(sum.is_multiple_of(11) && !is_one_digit(code))
        }),
        written: Some(Low),
        bare: Some(Low),
        words: &["tfn", "tax file"],
    },
    Recogniser {
        kind: PersonalKind::national("jp", "my-number"),
        shape: r"\d{12}|\d{4} \d{4} \d{4}",
        rule: Rule::Code(|code| {
            let sum = weighted(code, &[6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2])? % 11;
            Some((if sum < 2 { 0 } else { 11 - sum }) == digit(code, 11)? && !is_one_digit(code))
        }),
        written: Some(Low),
        bare: Some(Low),
        words: &["my number", "mynumber", "マイナンバー", "個人番号"],
    },
];

/// Receita Federal: two check digits, weights 10 … 2 and 11 … 2; (sum × 10 mod 11) mod 10.
fn is_cpf(code: &[u8]) -> Option<bool> {
    let first = weighted(code, &[10, 9, 8, 7, 6, 5, 4, 3, 2])? * 10 % 11 % 10;
    let second = weighted(code, &[11, 10, 9, 8, 7, 6, 5, 4, 3, 2])? * 10 % 11 % 10;
    Some(first == digit(code, 9)? && second == digit(code, 10)? && !is_one_digit(code))
}

/// Registro Nacional de Población: weights 18 … 2 over ranks in `0–9A–NÑO–Z`, modulo 10.
fn is_curp(text: &[u8]) -> Option<bool> {
    let (check, body) = text.split_last()?;
    let sum = body
        .iter()
        .zip((2..=18).rev())
        .try_fold(0_u32, |sum, (byte, weight)| {
            let rank = char::from(*byte).to_digit(36)?;
            // Ñ stands between N and O in the Spanish alphabet.
            Some(sum + (rank + u32::from(*byte > b'N')) * weight)
        })?;
    let expected = (10 - sum % 10) % 10;
    let is_day = is_short_date(part(text, 4..6)?, part(text, 6..8)?, part(text, 8..10)?);
    Some(is_day && char::from(*check).to_digit(10)? == expected)
}

/// Servicio de Impuestos Internos: weights 2 … 7 from the right, modulo 11; K stands for ten.
fn is_rut(code: &[u8]) -> Option<bool> {
    let (check, body) = code.split_last()?;
    let sum: u32 = digits(body)?
        .iter()
        .rev()
        .zip((2..=7).cycle())
        .map(|(digit, weight)| digit * weight)
        .sum();
    let expected = b"0123456789K0".get(usize::try_from(11 - sum % 11).ok()?)?;
    Some(check == expected && !is_one_digit(body))
}

/// Nüfus ve Vatandaşlık İşleri: the tenth digit from odd and even places, the eleventh from all ten.
fn is_kimlik(code: &[u8]) -> Option<bool> {
    let odd = weighted(code, &[1, 0, 1, 0, 1, 0, 1, 0, 1])?;
    let even = weighted(code, &[0, 1, 0, 1, 0, 1, 0, 1, 0])?;
    // 10 × 8 is more than the even digits can add up to, so the difference stays positive.
    let tenth = (odd * 7 + 80 - even) % 10;
    let all = weighted(code, &[1; 10])?;
    Some(tenth == digit(code, 9)? && all % 10 == digit(code, 10)?)
}

/// Singapore: weights 2 7 6 5 4 3 2 modulo 11; T and G add four; the letter comes from a table.
fn is_nric(code: &[u8]) -> Option<bool> {
    let (check, body) = code.split_last()?;
    let (prefix, body) = body.split_first()?;
    let later = if matches!(prefix, b'T' | b'G') { 4 } else { 0 };
    let sum = weighted(body, &[2, 7, 6, 5, 4, 3, 2])? + later;
    let letters = if matches!(prefix, b'S' | b'T') {
        b"JZIHGFEDCBA"
    } else {
        b"XWUTRQPNMLK"
    };
    Some(letters.get(usize::try_from(sum % 11).ok()?) == Some(check))
}
