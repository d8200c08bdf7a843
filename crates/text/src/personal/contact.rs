//! Phone numbers and internet addresses.

use std::net::{Ipv4Addr, Ipv6Addr};

use tutela_core::Confidence::{High, Low, Medium};

use super::PersonalKind::{IpAddress, Phone};
use super::recogniser::{Recogniser, Rule, compact, is_one_digit, part};
use crate::checkdigit::digit;

const PHONE_WORDS: &[&str] = &[
    "phone",
    "telephone",
    "tel",
    "telefon",
    "téléphone",
    "teléfono",
    "telefono",
    "telefone",
    "telefoon",
    "mobile",
    "mobil",
    "móvil",
    "celular",
    "cellphone",
    "handy",
    "fax",
    "gsm",
    "sms",
    "whatsapp",
    "msisdn",
    "电话",
    "手机",
    "電話",
    "전화",
];
const IP_WORDS: &[&str] = &[
    "ip",
    "ipv4",
    "ipv6",
    "client ip",
    "remote addr",
    "x forwarded for",
];

/// Phone numbers and internet addresses.
pub(super) const RECOGNISERS: &[Recogniser] = &[
    // E.164: `+`, the country's calling code, at most fifteen digits in all.
    Recogniser {
        kind: Phone,
        shape: r"\+\d{1,4}(?:[ .\-/]?\(?\d{1,5}\)?){1,6}",
        rule: Rule::Text(|text| Some(!is_date(text) && is_international(&compact(text))?)),
        written: Some(High),
        bare: None,
        words: PHONE_WORDS,
    },
    // The same, dialled with the prefix 00.
    Recogniser {
        kind: Phone,
        shape: r"00\d{1,4}(?:[ .\-/]?\(?\d{1,5}\)?){1,6}",
        rule: Rule::Code(|code| is_international(code.get(2..)?)),
        written: Some(Medium),
        bare: None,
        words: PHONE_WORDS,
    },
    // North American numbering plan: area and exchange never begin with 0 or 1.
    Recogniser {
        kind: Phone,
        shape: r"(?:1[ .\-])?(?:\(\d{3}\) ?|\d{3}[ .\-])\d{3}[ .\-]\d{4}",
        rule: Rule::Code(|code| is_north_american(code.strip_prefix(b"1").unwrap_or(code))),
        written: Some(Medium),
        bare: None,
        words: PHONE_WORDS,
    },
    // Most other countries: a trunk 0, then an area code set apart.
    Recogniser {
        kind: Phone,
        shape: r"\(?0[1-9]\d{0,4}\)?[ /\-]\d{2,8}(?: \d{2,5}){0,4}|0[1-9](?:\.\d{2}){4}|0[1-9](?:-\d{2}){4}",
        rule: Rule::Code(|code| Some((9..=11).contains(&code.len()) && !is_one_digit(code))),
        written: Some(Low),
        bare: None,
        words: PHONE_WORDS,
    },
    Recogniser {
        kind: Phone,
        shape: r"\d{7,15}",
        rule: Rule::Code(|code| Some(!is_one_digit(code))),
        written: None,
        bare: None,
        words: PHONE_WORDS,
    },
    Recogniser {
        kind: IpAddress,
        shape: r"\d{1,3}(?:\.\d{1,3}){3}",
        rule: Rule::Text(is_public_v4),
        written: Some(Low),
        bare: None,
        words: IP_WORDS,
    },
    Recogniser {
        kind: IpAddress,
        shape: r"(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}",
        rule: Rule::Text(is_public_v6),
        written: Some(Low),
        bare: None,
        words: IP_WORDS,
    },
];

fn is_international(code: &[u8]) -> Option<bool> {
    let length = calling_code(code)?;
    let national = code.get(length..)?;
    if code.first() == Some(&b'1') {
        return is_north_american(national);
    }
    Some((9..=15).contains(&code.len()) && !is_one_digit(national))
}

/// A date in a year of more than four digits (ISO 8601): `+262142-12-31`.
fn is_date(text: &[u8]) -> bool {
    let groups: Vec<usize> = text.split(|byte| *byte == b'-').map(<[u8]>::len).collect();
    matches!(groups.as_slice(), [year, 2, 2] if *year >= 6)
}

fn is_north_american(code: &[u8]) -> Option<bool> {
    Some(code.len() == 10 && digit(code, 0)? >= 2 && digit(code, 3)? >= 2 && !is_one_digit(code))
}

/// How many digits the country's calling code has (ITU-T E.164, list of assigned codes).
fn calling_code(code: &[u8]) -> Option<usize> {
    if matches!(code.first()?, b'1' | b'7') {
        return Some(1);
    }
    let two = part(code, 0..2)?;
    let of_two = matches!(two,
        20 | 27 | 30..=34 | 36 | 39..=41 | 43..=49 | 51..=58 | 60..=66 | 81 | 82 | 84 | 86 | 90..=95 | 98);
    if of_two {
        return Some(2);
    }
    let of_three = matches!(part(code, 0..3)?,
        211..=213 | 216 | 218 | 220..=258 | 260..=269 | 290 | 291 | 297..=299 | 350..=359 | 370..=383
        | 385..=387 | 389 | 420 | 421 | 423 | 500..=509 | 590..=599 | 670 | 672..=683 | 685..=692
        | 850 | 852 | 853 | 855 | 856 | 870 | 878 | 880..=883 | 886 | 888 | 960..=968 | 970..=977
        | 979 | 992..=996 | 998);
    of_three.then_some(3)
}

/// An address that can be some person's connection: not private, local, reserved or for examples.
fn is_public_v4(text: &[u8]) -> Option<bool> {
    let address: Ipv4Addr = std::str::from_utf8(text).ok()?.parse().ok()?;
    let [first, second, ..] = address.octets();
    let shared = first == 100 && (64..128).contains(&second);
    let special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation();
    Some(!special && !shared && (1..224).contains(&first))
}

/// Global unicast (`2000::/3`) without the documentation prefix `2001:db8::/32`.
fn is_public_v6(text: &[u8]) -> Option<bool> {
    let address: Ipv6Addr = std::str::from_utf8(text).ok()?.parse().ok()?;
    let [first, second, ..] = address.segments();
    Some((0x2000..0x4000).contains(&first) && (first, second) != (0x2001, 0xdb8))
}
