//! Payment cards and bank accounts.

use tutela_core::Confidence::{High, Low, Medium};

use super::PersonalKind::{Iban, PaymentCard};
use super::recogniser::{Recogniser, Rule, is_one_digit, part};
use crate::checkdigit::{luhn, mod_97};

/// Payment cards and bank accounts.
pub(super) const RECOGNISERS: &[Recogniser] = &[
    Recogniser {
        kind: PaymentCard,
        shape: r"\d{12,19}|\d{4}(?: \d{4}){3}(?: \d{3})?|\d{4}(?:-\d{4}){3}|\d{4} \d{6} \d{4,5}|\d{4}-\d{6}-\d{4,5}",
        rule: Rule::Code(|code| Some(luhn(code) && is_issued(code)? && !is_one_digit(code))),
        written: Some(Medium),
        bare: Some(Low),
        words: &[
            "card",
            "creditcard",
            "visa",
            "mastercard",
            "amex",
            "american express",
            "discover",
            "diners",
            "jcb",
            "maestro",
            "unionpay",
            "kreditkarte",
            "kartennummer",
            "carte",
            "tarjeta",
            "carta di credito",
            "cartão",
            "pan",
            "cc",
        ],
    },
    Recogniser {
        kind: Iban,
        shape: r"[A-Z]{2}\d{2}(?:[A-Z0-9]{11,29}|(?: [A-Z0-9]{4}){2,7}(?: [A-Z0-9]{1,3})?)",
        rule: Rule::Code(is_iban),
        written: Some(High),
        bare: None,
        words: &[
            "iban", "account", "konto", "compte", "cuenta", "conto", "rekening",
        ],
    },
];

/// Whether a card number begins as its issuer's do and has a length that the issuer uses (ISO/IEC 7812).
fn is_issued(code: &[u8]) -> Option<bool> {
    let (two, three, four) = (part(code, 0..2)?, part(code, 0..3)?, part(code, 0..4)?);
    let length = code.len();
    let visa = two / 10 == 4 && matches!(length, 13 | 16 | 19);
    let mastercard = (matches!(two, 51..=55) || matches!(four, 2221..=2720)) && length == 16;
    let american_express = matches!(two, 34 | 37) && length == 15;
    let discover =
        (four == 6011 || matches!(three, 644..=649) || two == 65) && (16..=19).contains(&length);
    let diners =
        (matches!(three, 300..=305) || matches!(two, 36 | 38 | 39)) && (14..=19).contains(&length);
    let jcb = matches!(four, 3528..=3589) && (16..=19).contains(&length);
    let union_pay = two == 62 && (16..=19).contains(&length);
    let maestro =
        matches!(four, 5018 | 5020 | 5038 | 5893 | 6304 | 6759 | 6761..=6763) && length >= 12;
    let mir = matches!(four, 2200..=2204) && (16..=19).contains(&length);
    Some(
        visa || mastercard
            || american_express
            || discover
            || diners
            || jcb
            || union_pay
            || maestro
            || mir,
    )
}

/// ISO 13616: the length is the country's, and with the first four characters moved to the end the
/// remainder is one.
fn is_iban(code: &[u8]) -> Option<bool> {
    let (country, rest) = code.split_at_checked(2)?;
    let (check, account) = rest.split_at_checked(2)?;
    let is_length = |(length, countries): &(usize, &str)| {
        *length == code.len() && countries.split(' ').any(|one| one.as_bytes() == country)
    };
    // ISO 7064 makes check digits from 02 to 98 only.
    let sound = (2..=98).contains(&part(check, 0..2)?) && COUNTRIES.iter().any(is_length);
    Some(sound && mod_97(&[account, country, check].concat()))
}

/// The countries whose IBAN has this length (SWIFT, IBAN Registry, release 101).
const COUNTRIES: &[(usize, &str)] = &[
    (15, "NO"),
    (16, "BE"),
    (18, "DK FI FK FO GL NL SD"),
    (19, "MK SI"),
    (20, "AT BA EE KZ LT LU MN XK"),
    (21, "CH HR LI LV"),
    (22, "BG BH CR DE GB GE IE ME RS VA"),
    (23, "AE GI IL IQ OM SO TL"),
    (24, "AD CZ ES MD PK RO SA SE SK TN VG"),
    (25, "LY PT ST"),
    (26, "IS TR"),
    (27, "BI DJ FR GR IT MC MR SM"),
    (28, "AL AZ BY CY DO GT HN HU LB NI PL SV"),
    (29, "BR EG PS QA UA"),
    (30, "JO KW MU YE"),
    (31, "MT SC"),
    (32, "LC"),
    (33, "RU"),
];
