//! Documents in every encoding, and entities in each of them.

use proptest::prelude::*;

use super::*;

const TEXT: &str = "<?xml version='1.0'?>\n<!-- <!DOCTYPE no> -->\n<!DOCTYPE PMML SYSTEM \"file:///etc/x\" [\n\
    <!ENTITY a \"0123456789\">\n<!ENTITY b '&a;&a;'>\n<!ENTITY % p SYSTEM \"http://x/y\">\n\
    <!ENTITY c PUBLIC \"n\" \"file:///z\">\n<!ELEMENT x (#PCDATA)>\n]>\n\
    <PMML version=\"4.4\"><Extension name='x > y'>run()</Extension><![CDATA[<no/>]]>&b;&b;</PMML>";

#[test]
fn what_leads_outside_is_described() {
    let xml = parse(TEXT);
    assert_eq!(xml.root, "PMML");
    assert_eq!(xml.external.unwrap().system, "file:///etc/x");
    let entities: Vec<_> = xml
        .entities
        .iter()
        .map(|entity| {
            (
                entity.name.as_str(),
                entity.is_parameter,
                entity.external.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        entities,
        [
            ("a", false, None),
            ("b", false, None),
            ("p", true, Some("http://x/y")),
            ("c", false, Some("file:///z"))
        ]
    );
    assert_eq!(xml.entities[1].expanded, 26);
    assert_eq!(xml.expanded, 52);
    assert_eq!(
        xml.elements[0].attributes,
        [("name".to_owned(), "x > y".to_owned())]
    );
    assert_eq!(xml.elements[0].content, "run()");
}

#[test]
fn a_bomb_is_counted_not_expanded() {
    let entities: String = (1..20)
        .map(|level| {
            format!(
                "<!ENTITY e{level} \"{}\">",
                format!("&e{};", level - 1).repeat(10)
            )
        })
        .collect();
    let text = format!("<!DOCTYPE x [<!ENTITY e0 \"lol\">{entities}]><x>&e19;</x>");
    assert!(parse(&text).expanded > 1 << 50);
    let endless = "<!DOCTYPE x [<!ENTITY a \"&b;\"><!ENTITY b \"&a;\">]><x>&a;</x>";
    assert!(parse(endless).expanded > 1 << 50);
}

#[test]
fn xml_is_told_from_html_and_text() {
    for text in [
        "<?xml version=\"1.0\"?><a/>",
        " <!DOCTYPE a [",
        "<PMML version=\"4\">",
        "<net name=\"x\">",
        "<a xmlns=\"b\">",
    ] {
        assert!(looks_like(text.as_bytes()), "{text}");
    }
    for text in [
        "<html></html>",
        "<!DOCTYPE html><html>",
        "<s>",
        "< a",
        "a < b",
        "",
        "<|im_start|>xmlns",
    ] {
        assert!(!looks_like(text.as_bytes()), "{text}");
    }
    let wide: Vec<u8> = "<?xml version=\"1.0\"?>"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    assert!(looks_like(&wide));
}

#[test]
fn every_cut_is_read_to_its_end() {
    for end in 0..TEXT.len() {
        let xml = parse(&TEXT[..end]);
        assert!(xml.root == "PMML" || xml.unread.is_some() || xml.root.len() < 4);
    }
}

proptest! {
    #[test]
    fn nothing_makes_it_panic(at in 0..TEXT.len(), character in any::<char>(), cut in 0..TEXT.len()) {
        let mut text: String = TEXT.chars().take(cut).collect();
        text.insert(at.min(text.len()), character);
        drop(parse(&text));
    }
}
