//! Published and generated numbers, and the text in which they must not be seen.

use tutela_core::Confidence::{High, Low, Medium};
use tutela_text::{Hint, PersonalSpan, find_personal, find_personal_in};

fn found(text: &str) -> Vec<(String, &str, tutela_core::Confidence)> {
    let spans = find_personal(text);
    spans
        .into_iter()
        .map(|span| (span.kind.code(), &text[span.range], span.confidence))
        .collect()
}

fn of_kind(text: &str, hint: &str, code: &str) -> Vec<PersonalSpan> {
    let mut spans = find_personal_in(text.as_bytes(), &Hint::of(hint));
    spans.retain(|span| span.kind.code() == code);
    spans
}

fn vectors() -> impl Iterator<Item = (&'static str, bool, &'static str)> {
    let lines = include_str!("data/national_ids.txt").lines();
    lines.filter(|line| !line.starts_with('#')).map(|line| {
        let mut words = line.splitn(3, ' ');
        let kind = words.next().unwrap();
        let valid = words.next().unwrap() == "valid";
        (kind, valid, words.next().unwrap())
    })
}

#[test]
fn national_ids_agree_with_another_implementation() {
    let mut seen = std::collections::BTreeSet::new();
    for (kind, valid, text) in vectors() {
        seen.insert(kind);
        let helped = of_kind(text, kind, kind);
        let alone = of_kind(text, "", kind);
        if valid {
            let whole = |span: &PersonalSpan| span.range == (0..text.len()) && span.valid;
            assert!(
                helped
                    .iter()
                    .any(|span| whole(span) && span.confidence == High),
                "{kind} {text}"
            );
        } else {
            assert!(alone.is_empty(), "{kind} {text}: {alone:?}");
            let unsure = |span: &PersonalSpan| !span.valid && span.confidence == Low;
            assert!(helped.iter().all(unsure), "{kind} {text}: {helped:?}");
        }
    }
    assert_eq!(seen.len(), 33);
}

#[test]
fn published_examples_of_national_ids() {
    for (kind, text) in [
        ("de-steuer-id", "86095742719"),
        ("de-steuer-id", "65 929 970 489"),
        ("fr-nir", "2 95 10 99 126 111 93"),
        ("fr-nir", "253072B07300470"),
        ("es-dni", "12345678Z"),
        ("es-dni", "X-1234567-L"),
        ("it-codice-fiscale", "RSSMRA85T10A562S"),
        ("pl-pesel", "44051401359"),
        ("se-personnummer", "811218-9876"),
        ("se-personnummer", "19811218-9876"),
        ("fi-henkilötunnus", "131052-308T"),
        ("nl-bsn", "111222333"),
        ("be-rijksregisternummer", "85.07.30-033.28"),
        ("pt-nif", "123456789"),
        ("gb-nhs", "943 476 5919"),
        ("gb-nino", "AB 12 34 56 C"),
        ("us-ssn", "536-90-4399"),
        ("br-cpf", "111.444.777-35"),
        ("in-aadhaar", "2341 2341 2346"),
        ("cn-resident-id", "11010519491231002X"),
        ("tr-kimlik", "10000000146"),
        ("ch-ahv", "756.9217.0769.85"),
        ("at-svnr", "1237 010180"),
        ("ie-pps", "6433435F"),
        ("sg-nric", "S1234567D"),
        ("jp-my-number", "123456789018"),
        ("kr-rrn", "971013-9019902"),
        ("in-pan", "AAAPL1234C"),
    ] {
        // The Korean example is of someone born 18xx; that block is not looked for.
        let expected = kind != "kr-rrn";
        let spans = of_kind(text, "", kind)
            .into_iter()
            .chain(of_kind(text, kind, kind));
        assert_eq!(
            spans.filter(|span| span.valid).count() > 0,
            expected,
            "{kind} {text}"
        );
    }
}

#[test]
fn ibans_of_the_registry() {
    let registry = "AL47212110090000000235698741 AD1200012030200359100100 AT611904300234573201 \
        BE68539007547034 BG80BNBG96611020345678 CH9300762011623852957 CZ6508000000192000145399 \
        DE89370400440532013000 DK5000400440116243 EE382200221020145685 ES9121000418450200051332 \
        FI2112345600000785 FR1420041010050500013M02606 GB29NWBK60161331926819 GR1601101250000000012300695 \
        HU42117730161111101800000000 IE29AIBK93115212345678 IT60X0542811101000000123456 \
        LU280019400644750000 MT84MALT011000012345MTLCAST001S NL91ABNA0417164300 NO9386011117947 \
        PL61109010140000071219812874 PT50000201231234567890154 RO49AAAA1B31007593840000 \
        SE4550000000058398257466 SI56191000000123438 SK3112000000198742637541 TR330006100519786457841326";
    for iban in registry.split_whitespace() {
        let groups: Vec<&str> = iban
            .as_bytes()
            .chunks(4)
            .map(|part| std::str::from_utf8(part).unwrap())
            .collect();
        for text in [iban.to_owned(), groups.join(" ")] {
            let spans = of_kind(&text, "", "iban");
            assert_eq!(spans.len(), 1, "{text}");
            assert_eq!(
                (spans[0].range.clone(), spans[0].confidence),
                (0..text.len(), High)
            );
        }
        assert!(
            of_kind(&iban[..iban.len() - 1], "", "iban").is_empty(),
            "{iban} cut short"
        );
    }
}

#[test]
fn test_numbers_of_card_issuers() {
    for card in [
        "4111111111111111",
        "4012888888881881",
        "4222222222222",
        "5555555555554444",
        "5105105105105100",
        "2223003122003222",
        "378282246310005",
        "371449635398431",
        "6011111111111117",
        "6011000990139424",
        "30569309025904",
        "38520000023237",
        "3530111333300000",
        "6200000000000005",
        "6759649826438453",
    ] {
        let spans = of_kind(card, "", "payment-card");
        assert_eq!(spans.len(), 1, "{card}");
        assert_eq!(spans[0].confidence, Low, "a bare number proves little");
        assert_eq!(
            of_kind(card, "card_number", "payment-card")[0].confidence,
            High
        );
    }
    assert_eq!(found("4111-1111-1111-1111")[0].2, Medium);
    assert_eq!(
        found("Visa: 3782 822463 10005.")[0],
        ("payment-card".to_owned(), "3782 822463 10005", High)
    );
    // No issuer begins with 9, and no Visa has 15 digits.
    assert!(of_kind("9111111111111119", "", "payment-card").is_empty());
    assert!(of_kind("411111111111116", "", "payment-card").is_empty());
}

#[test]
fn addresses() {
    let expected = [(
        "e-mail".to_owned(),
        "ada.lovelace+x@mail.example.co.uk",
        High,
    )];
    assert_eq!(
        found("Write to <ada.lovelace+x@mail.example.co.uk>."),
        expected
    );
    assert_eq!(found("a1@b2.de,c@d.org")[1].1, "c@d.org");
    assert_eq!(found("邮箱ada@example.org电话")[0].1, "ada@example.org");
    assert_eq!(found("info@example.org")[0].2, Low, "a role, not a person");
    for nothing in [
        "icon@2x.png",
        "pip install pkg@1.2.3",
        "git@github.com:owner/name",
        "https://bob@example.org/x",
        "@decorator",
        "user@localhost",
        "a..b@example.org.",
        "x@-bad.org",
        "@@",
        "npm i @scope/name",
        "a@b",
    ] {
        let spans = found(nothing);
        assert!(
            spans.iter().all(|span| span.0 != "e-mail"),
            "{nothing}: {spans:?}"
        );
    }
}

#[test]
fn phones() {
    for (text, confidence) in [
        ("+49 30 901820", High),
        ("+1 (212) 555-0123", High),
        ("+442079460958", High),
        ("0044 20 7946 0958", Medium),
        ("(212) 555-0123", Medium),
        ("212.555.0123", Medium),
        ("030 901820 12", Low),
        ("01.23.45.67.89", Low),
    ] {
        let spans = of_kind(text, "", "phone");
        assert_eq!(spans.len(), 1, "{text}");
        assert_eq!(
            (spans[0].range.clone(), spans[0].confidence),
            (0..text.len(), confidence),
            "{text}"
        );
    }
    assert_eq!(
        of_kind("Tel. 030 901820 12", "", "phone")[0].confidence,
        High
    );
    assert_eq!(
        of_kind("9018200", "mobile_phone", "phone")[0].confidence,
        High
    );
}

#[test]
fn plain_numbers_are_not_phones_or_people() {
    for text in [
        "2024-01-15 10:30:00",
        "01/02/2024 12:30",
        "3.14159265358979",
        "1,234,567.89",
        "0.123456789012",
        "550e8400-e29b-41d4-a716-446655440000",
        "v1.22.333.4444",
        "1700000000",
        "ISBN 978-3-16-148410-0",
        "192.168.1.10",
        "127.0.0.1",
        "203.0.113.7",
        "2001:db8::1",
        "12:30:45",
        "x = +12345678",
        "+262142-12-31",
        "1 + 2 = 3",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "rows 100 200 300 400",
    ] {
        let spans = found(text);
        assert!(
            spans
                .iter()
                .all(|span| span.2 == Low && span.0.contains('-')),
            "{text}: {spans:?}"
        );
        assert!(
            spans
                .iter()
                .all(|span| span.0 != "phone" && span.0 != "ip-address"),
            "{text}: {spans:?}"
        );
    }
    assert_eq!(
        found("from 8.8.8.8")[0],
        ("ip-address".to_owned(), "8.8.8.8", Low)
    );
    assert_eq!(found("client ip 2606:4700:4700::1111")[0].2, High);
}

#[test]
fn a_word_beside_a_number_counts_and_one_far_away_does_not() {
    assert_eq!(
        of_kind("PESEL: 44051401359", "", "pl-pesel")[0].confidence,
        High
    );
    assert_eq!(of_kind("44051401359", "", "pl-pesel")[0].confidence, Low);
    assert_eq!(
        of_kind("PESEL\n44051401359", "", "pl-pesel")[0].confidence,
        Low,
        "another line"
    );
    let wrong = &of_kind("PESEL: 44051401358", "", "pl-pesel")[0];
    assert_eq!((wrong.confidence, wrong.valid), (Low, false));
    assert_eq!(
        of_kind("身份证号11010519491231002X", "", "cn-resident-id")[0].confidence,
        High
    );
}

#[test]
fn several_numbers_on_one_line() {
    let text =
        "42,ada@example.org,+49 30 901820,DE89 3704 0044 0532 0130 00,4111 1111 1111 1111,end";
    let kinds: Vec<String> = found(text)
        .into_iter()
        .filter(|span| span.2 > Low)
        .map(|span| span.0)
        .collect();
    assert_eq!(kinds, ["e-mail", "phone", "iban", "payment-card"]);
}
