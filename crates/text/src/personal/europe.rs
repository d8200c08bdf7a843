//! Numbers that European states give to people.
//!
//! Each rule names where its arithmetic is published; the tests check every rule against numbers made
//! with another implementation.

use tutela_core::Confidence::{High, Low, Medium};

use super::PersonalKind;
use super::recogniser::{Recogniser, Rule, is_one_digit, part};
use crate::checkdigit::{digit, digits, is_date, is_short_date, luhn, mod_11_10, number, weighted};

/// Numbers that European states give to people.
pub(super) const RECOGNISERS: &[Recogniser] = &[
    Recogniser {
        kind: PersonalKind::national("de", "steuer-id"),
        shape: r"\d{11}|\d{2} \d{3} \d{3} \d{3}",
        rule: Rule::Code(is_steuer_id),
        written: Some(Medium),
        bare: Some(Low),
        words: &["steuer", "idnr", "tin", "tax"],
    },
    Recogniser {
        kind: PersonalKind::national("fr", "nir"),
        shape: r"[1-478]\d{4}(?:\d{2}|2[AB])\d{8}|[1-478] \d{2} \d{2} (?:\d{2}|2[AB]) \d{3} \d{3} \d{2}",
        rule: Rule::Code(is_nir),
        written: Some(High),
        bare: Some(Low),
        words: &[
            "nir",
            "insee",
            "sécurité sociale",
            "securite sociale",
            "numéro de sécu",
            "nss",
        ],
    },
    Recogniser {
        kind: PersonalKind::national("es", "dni"),
        shape: r"(?:\d{8}|[XYZ]-?\d{7})-?[A-Z]",
        rule: Rule::Code(is_dni),
        written: Some(Medium),
        bare: None,
        words: &["dni", "nie", "nif", "documento", "identidad"],
    },
    Recogniser {
        kind: PersonalKind::national("it", "codice-fiscale"),
        shape: r"[A-Z]{6}[0-9L-NP-V]{2}[ABCDEHLMPRST][0-9L-NP-V]{2}[A-Z][0-9L-NP-V]{3}[A-Z]",
        rule: Rule::Code(is_codice_fiscale),
        written: Some(High),
        bare: None,
        words: &["codice fiscale", "cf", "fiscal"],
    },
    Recogniser {
        kind: PersonalKind::national("pl", "pesel"),
        shape: r"\d{11}",
        rule: Rule::Code(is_pesel),
        written: None,
        bare: Some(Low),
        words: &["pesel"],
    },
    Recogniser {
        kind: PersonalKind::national("se", "personnummer"),
        shape: r"(?:\d{2})?\d{6}[-+]?\d{4}",
        rule: Rule::Code(is_personnummer),
        written: Some(Medium),
        bare: Some(Low),
        words: &["personnummer", "personnr", "pnr", "samordningsnummer"],
    },
    Recogniser {
        kind: PersonalKind::national("fi", "henkilötunnus"),
        shape: r"\d{6}[-+A-FU-Y]\d{3}[0-9A-FHJ-NPR-Y]",
        rule: Rule::Code(is_hetu),
        written: Some(High),
        bare: None,
        words: &["hetu", "henkilötunnus", "henkilotunnus", "personbeteckning"],
    },
    Recogniser {
        kind: PersonalKind::national("nl", "bsn"),
        shape: r"\d{9}|\d{4}[. ]\d{2}[. ]\d{3}",
        rule: Rule::Code(is_bsn),
        written: Some(Medium),
        bare: Some(Low),
        words: &["bsn", "burgerservicenummer", "sofi"],
    },
    Recogniser {
        kind: PersonalKind::national("be", "rijksregisternummer"),
        shape: r"\d{11}|\d{2}\.\d{2}\.\d{2}[ -]\d{3}[. -]\d{2}",
        rule: Rule::Code(is_belgian),
        written: Some(High),
        bare: Some(Low),
        words: &[
            "rijksregister",
            "registre national",
            "national number",
            "insz",
            "niss",
            "nn",
        ],
    },
    Recogniser {
        kind: PersonalKind::national("pt", "nif"),
        shape: r"\d{9}|\d{3} \d{3} \d{3}",
        rule: Rule::Code(is_portuguese_nif),
        written: Some(Low),
        bare: Some(Low),
        words: &["nif", "contribuinte", "fiscal"],
    },
    Recogniser {
        kind: PersonalKind::national("gb", "nhs"),
        shape: r"\d{10}|\d{3}[ -]\d{3}[ -]\d{4}",
        rule: Rule::Code(is_nhs),
        written: Some(Medium),
        bare: Some(Low),
        words: &["nhs", "patient", "health service"],
    },
    // No check digit: prefixes that were never issued are the only rule (HMRC, NIM39110).
    Recogniser {
        kind: PersonalKind::national("gb", "nino"),
        shape: r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]",
        rule: Rule::Code(|code| {
            let barred: [&[u8]; 7] = [b"BG", b"GB", b"KN", b"NK", b"NT", b"TN", b"ZZ"];
            Some(!barred.contains(&code.get(..2)?))
        }),
        written: Some(Medium),
        bare: None,
        words: &["national insurance", "nino", "ni number"],
    },
    Recogniser {
        kind: PersonalKind::national("no", "fodselsnummer"),
        shape: r"\d{6} ?\d{5}",
        rule: Rule::Code(is_fodselsnummer),
        written: Some(Medium),
        bare: Some(Low),
        words: &["fødselsnummer", "fodselsnummer", "personnummer", "fnr"],
    },
    // Numbers since 2007 obey no check digit (CPR-kontoret), so the date is all there is.
    Recogniser {
        kind: PersonalKind::national("dk", "cpr"),
        shape: r"\d{6}-?\d{4}",
        rule: Rule::Code(|code| {
            Some(is_short_date(
                part(code, 4..6)?,
                part(code, 2..4)?,
                part(code, 0..2)?,
            ))
        }),
        written: Some(Low),
        bare: None,
        words: &["cpr", "personnummer"],
    },
    Recogniser {
        kind: PersonalKind::national("ch", "ahv"),
        shape: r"756\d{10}|756\.\d{4}\.\d{4}\.\d{2}",
        rule: Rule::Code(|code| {
            Some(weighted(code, &[1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1])?.is_multiple_of(10))
        }),
        written: Some(High),
        bare: Some(Low),
        words: &["ahv", "avs", "sozialversicherung"],
    },
    Recogniser {
        kind: PersonalKind::national("at", "svnr"),
        shape: r"[1-9]\d{3}[ -]?\d{6}",
        rule: Rule::Code(is_austrian),
        written: Some(Medium),
        bare: Some(Low),
        words: &["svnr", "sozialversicherung", "versicherungsnummer"],
    },
    Recogniser {
        kind: PersonalKind::national("ro", "cnp"),
        shape: r"[1-9]\d{12}",
        rule: Rule::Code(is_cnp),
        written: None,
        bare: Some(Low),
        words: &["cnp", "cod numeric"],
    },
    Recogniser {
        kind: PersonalKind::national("bg", "egn"),
        shape: r"\d{10}",
        rule: Rule::Code(is_egn),
        written: None,
        bare: Some(Low),
        words: &["egn", "егн"],
    },
    Recogniser {
        kind: PersonalKind::national("cz", "rodne-cislo"),
        shape: r"\d{6}/?\d{4}",
        rule: Rule::Code(is_rodne_cislo),
        written: Some(Medium),
        bare: Some(Low),
        words: &["rodné", "rodne", "birth number"],
    },
    Recogniser {
        kind: PersonalKind::national("ee", "isikukood"),
        shape: r"[1-8]\d{10}",
        rule: Rule::Code(is_baltic),
        written: None,
        bare: Some(Low),
        words: &["isikukood", "asmens kodas", "personal code"],
    },
    Recogniser {
        kind: PersonalKind::national("hr", "oib"),
        shape: r"\d{11}",
        rule: Rule::Code(|code| Some(mod_11_10(code) && !is_one_digit(code))),
        written: None,
        bare: Some(Low),
        words: &["oib"],
    },
    Recogniser {
        kind: PersonalKind::national("ie", "pps"),
        shape: r"\d{7}[A-W][A-IW]?",
        rule: Rule::Code(is_pps),
        written: Some(Medium),
        bare: None,
        words: &["pps", "ppsn"],
    },
];

/// ISO 7064 MOD 11,10, and the pattern of repeats that the Bundeszentralamt für Steuern prescribes: of
/// the first ten digits one stands twice or thrice (not three in a row), every other at most once.
fn is_steuer_id(code: &[u8]) -> Option<bool> {
    let body = code.get(..10)?;
    let mut counts = [0_usize; 10];
    for digit in digits(body)? {
        *counts.get_mut(usize::try_from(digit).ok()?)? += 1;
    }
    let repeated: Vec<usize> = counts.into_iter().filter(|count| *count > 1).collect();
    let in_a_row = body.windows(3).any(is_one_digit);
    let pattern = matches!(repeated.as_slice(), [2 | 3]) && !in_a_row;
    Some(pattern && digit(code, 0)? != 0 && mod_11_10(code))
}

/// INSEE: key = 97 − (number mod 97); Corsica's 2A and 2B count as 19 and 18.
fn is_nir(code: &[u8]) -> Option<bool> {
    let mut body = code.get(..13)?.to_vec();
    let corsica = match body.get(5..7)? {
        b"2A" => Some(b"19"),
        b"2B" => Some(b"18"),
        _ => None,
    };
    if let Some(department) = corsica {
        body.get_mut(5..7)?.copy_from_slice(department);
    }
    // 13–19 and 43–49 are no months, and 20–42 and 50–99 stand for unknown ones.
    let month = part(code, 3..5)?;
    let is_month = (1..=12).contains(&month) || (20..=42).contains(&month) || month >= 50;
    Some(is_month && 97 - number(&body)? % 97 == part(code, 13..15)?)
}

/// Real Decreto 1553/2005: the letter is the number modulo 23; X, Y, Z of a foreigner count 0, 1, 2.
fn is_dni(code: &[u8]) -> Option<bool> {
    let (letter, body) = code.split_last()?;
    let mut body = body.to_vec();
    let first = body.first_mut()?;
    if let b'X'..=b'Z' = *first {
        *first -= b'X' - b'0';
    }
    let place = usize::try_from(number(&body)? % 23).ok()?;
    Some(b"TRWAGMYFPDXBNJZSQVHLCKE".get(place) == Some(letter))
}

/// Decreto Ministeriale 23 December 1976: odd places by table, even places by value, modulo 26.
fn is_codice_fiscale(code: &[u8]) -> Option<bool> {
    const ODD: [u32; 26] = [
        1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24,
        23,
    ];
    let (check, body) = code.split_last()?;
    let sum = body
        .iter()
        .enumerate()
        .try_fold(0_u32, |sum, (place, byte)| {
            // A digit counts as the letter of the same rank: 0 as A, 1 as B.
            let value = if byte.is_ascii_digit() {
                byte - b'0'
            } else {
                byte.checked_sub(b'A')?
            };
            let counted = if place % 2 == 0 {
                *ODD.get(usize::from(value))?
            } else {
                u32::from(value)
            };
            Some(sum + counted)
        })?;
    Some(sum % 26 == u32::from(check.checked_sub(b'A')?))
}

/// Ustawa o ewidencji ludności: weights 1 3 7 9; the month carries the century.
fn is_pesel(code: &[u8]) -> Option<bool> {
    let month = part(code, 2..4)?;
    let year =
        [1900, 2000, 2100, 2200, 1800].get(usize::try_from(month / 20).ok()?)? + part(code, 0..2)?;
    let sum = weighted(code, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1])?;
    Some(sum.is_multiple_of(10) && is_date(year, month % 20, part(code, 4..6)?))
}

/// Skatteverket SKV 704: Luhn over the last ten; coordination numbers have 60 added to the day.
fn is_personnummer(code: &[u8]) -> Option<bool> {
    let century = code.len().checked_sub(10)?;
    let body = code.get(century..)?;
    let day = part(body, 4..6)?;
    let day = if day > 60 { day - 60 } else { day };
    let (year, month) = (part(body, 0..2)?, part(body, 2..4)?);
    let is_day = match century {
        0 => is_short_date(year, month, day),
        2 => matches!(part(code, 0..2)?, 18..=20) && is_date(part(code, 0..4)?, month, day),
        _ => false,
    };
    Some(is_day && luhn(body))
}

/// Väestörekisteri: the character is date and individual number modulo 31.
fn is_hetu(code: &[u8]) -> Option<bool> {
    let (check, body) = code.split_last()?;
    let individual = body.get(body.len().checked_sub(3)?..)?;
    let date = body.get(..6)?;
    let whole = number(&[date, individual].concat())?;
    let expected = b"0123456789ABCDEFHJKLMNPRSTUVWXY".get(usize::try_from(whole % 31).ok()?);
    let is_day = is_short_date(part(date, 4..6)?, part(date, 2..4)?, part(date, 0..2)?);
    Some(is_day && number(individual)? >= 2 && expected == Some(check))
}

/// The eleven-test: weights 9 … 2 and −1 for the last digit.
fn is_bsn(code: &[u8]) -> Option<bool> {
    let sum = weighted(code, &[9, 8, 7, 6, 5, 4, 3, 2])?;
    Some(code.len() == 9 && sum % 11 == digit(code, 8)? && !is_one_digit(code))
}

/// Koninklijk besluit 3 April 1984: 97 − (number mod 97), with a 2 in front for births from 2000 on.
fn is_belgian(code: &[u8]) -> Option<bool> {
    let (body, check) = (part(code, 0..9)?, part(code, 9..11)?);
    let month = part(code, 2..4)?;
    let day = part(code, 4..6)?;
    // Bis numbers add 20 or 40 to the month; an unknown birthday has zeros.
    let is_day = (month % 20 <= 12) && month < 53 && day <= 31;
    Some(is_day && (97 - body % 97 == check || 97 - (2_000_000_000 + body) % 97 == check))
}

/// Decreto-Lei 14/2013: weights 9 … 2 modulo 11; natural persons have 1, 2, 3 or 45 in front.
fn is_portuguese_nif(code: &[u8]) -> Option<bool> {
    let sum = weighted(code, &[9, 8, 7, 6, 5, 4, 3, 2])?;
    let check = (11 - sum % 11) % 11 % 10;
    let is_person = matches!(digit(code, 0)?, 1..=3) || part(code, 0..2)? == 45;
    Some(is_person && code.len() == 9 && check == digit(code, 8)? && !is_one_digit(code))
}

/// NHS data dictionary: weights 10 … 2 modulo 11; a check digit of ten is never issued.
fn is_nhs(code: &[u8]) -> Option<bool> {
    let sum = weighted(code, &[10, 9, 8, 7, 6, 5, 4, 3, 2, 1])?;
    Some(code.len() == 10 && sum.is_multiple_of(11) && !is_one_digit(code))
}

/// Skatteetaten: two check digits modulo 11; D numbers add 40 to the day, test numbers 80 to the month.
fn is_fodselsnummer(code: &[u8]) -> Option<bool> {
    let (day, month) = (part(code, 0..2)?, part(code, 2..4)?);
    let is_day = is_short_date(part(code, 4..6)?, month % 40, day % 40);
    let first = weighted(code, &[3, 7, 6, 1, 8, 9, 4, 5, 2, 1])?;
    let second = weighted(code, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1])?;
    Some(is_day && first.is_multiple_of(11) && second.is_multiple_of(11))
}

/// Dachverband der Sozialversicherungsträger: the fourth digit is the weighted sum of the others mod 11.
fn is_austrian(code: &[u8]) -> Option<bool> {
    let sum = weighted(code, &[3, 7, 9, 0, 5, 8, 4, 2, 1, 6])?;
    // Months up to 15 stand for people whose birthday is not known.
    let is_day = (1..=31).contains(&part(code, 4..6)?) && (1..=15).contains(&part(code, 6..8)?);
    Some(is_day && sum % 11 == digit(code, 3)?)
}

/// Legea 105/1996: the sum with weights 279146358279 modulo 11, ten counting as one.
fn is_cnp(code: &[u8]) -> Option<bool> {
    let sum = weighted(code, &[2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9])? % 11;
    let is_day = is_short_date(part(code, 1..3)?, part(code, 3..5)?, part(code, 5..7)?);
    Some(is_day && (if sum == 10 { 1 } else { sum }) == digit(code, 12)?)
}

/// GRAO: weights are powers of two modulo 11; 20 or 40 on the month stand for other centuries.
fn is_egn(code: &[u8]) -> Option<bool> {
    let month = part(code, 2..4)?;
    let century = *[1900, 1800, 2000].get(usize::try_from(month / 20).ok()?)?;
    let sum = weighted(code, &[2, 4, 8, 5, 10, 9, 7, 3, 6])?;
    let is_day = is_date(century + part(code, 0..2)?, month % 20, part(code, 4..6)?);
    Some(is_day && sum % 11 % 10 == digit(code, 9)?)
}

/// Zákon 133/2000 Sb.: divisible by eleven; women have 50 added to the month, overflow 20.
fn is_rodne_cislo(code: &[u8]) -> Option<bool> {
    let month = part(code, 2..4)? % 50 % 20;
    let (body, check) = (part(code, 0..9)?, part(code, 9..10)?);
    let is_day = is_short_date(part(code, 0..2)?, month, part(code, 4..6)?);
    Some(is_day && body % 11 % 10 == check)
}

/// EVS 585 and the Lithuanian code alike: weights 1 2 3 …, and 3 4 5 … where the first give ten.
fn is_baltic(code: &[u8]) -> Option<bool> {
    let first = weighted(code, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 1])? % 11;
    let second = weighted(code, &[3, 4, 5, 6, 7, 8, 9, 1, 2, 3])? % 11;
    let check = if first < 10 { first } else { second % 10 };
    let century = 1800 + (part(code, 0..1)? - 1) / 2 * 100;
    let is_day = is_date(
        century + part(code, 1..3)?,
        part(code, 3..5)?,
        part(code, 5..7)?,
    );
    Some(is_day && check == digit(code, 10)?)
}

/// Department of Social Protection: weights 8 … 2, a second letter counting nine, modulo 23.
fn is_pps(code: &[u8]) -> Option<bool> {
    let second = match code.get(8) {
        None | Some(b'W') => 0,
        Some(letter) => u32::from(letter.checked_sub(b'A')?) + 1,
    };
    let sum = weighted(code, &[8, 7, 6, 5, 4, 3, 2])? + second * 9;
    let place = usize::try_from(sum % 23).ok()?;
    Some(b"WABCDEFGHIJKLMNOPQRSTUV".get(place) == code.get(7))
}
