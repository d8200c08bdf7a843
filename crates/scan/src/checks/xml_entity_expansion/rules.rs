//! What the parts of an XML document do to the parser that reads it.

use tutela_core::Severity;
use tutela_formats::xml::{Element, Xml};

use crate::config::{Remark, shown};

/// More text than this from entities is an attack: honest ones stand for a few words.
const EXPANDED: u64 = 10 << 20;

/// Everything in a document that leads a parser astray.
pub(super) fn judge(xml: &Xml) -> Vec<Remark> {
    let mut remarks = Vec::new();
    let is_model = matches!(xml.root.as_str(), "PMML" | "net") || xml.root.ends_with(":PMML");
    if let Some(encoding) = &xml.hidden_by {
        let encoding = shown(encoding);
        let message = format!(
            "the document is encoded in {encoding}, in which its bytes show nothing of what it says"
        );
        remarks.push(remark(Severity::High, (0, 1), message));
    }
    document_type(xml, is_model, &mut remarks);
    entities(xml, &mut remarks);
    for element in &xml.elements {
        let is_include = inclusion(element, &mut remarks);
        if is_model && !is_include {
            model_element(element, &mut remarks);
        }
    }
    remarks
}

fn remark(severity: Severity, region: (u64, u64), message: String) -> Remark {
    Remark {
        severity,
        message,
        region,
    }
}

fn document_type(xml: &Xml, is_model: bool, remarks: &mut Vec<Remark>) {
    let Some(external) = &xml.external else {
        return;
    };
    let severity = match (leads_out(&external.system), external.is_public) {
        _ if is_model => Severity::High,
        // The DTDs of standards are named by address; parsers have them at hand.
        (_, true) => return,
        (true, false) => Severity::High,
        (false, false) => Severity::Low,
    };
    let message = format!("the document type refers to `{}`", shown(&external.system));
    remarks.push(remark(severity, external.region, message));
}

fn entities(xml: &Xml, remarks: &mut Vec<Remark>) {
    let mut largest = xml.expanded;
    for entity in &xml.entities {
        let kind = if entity.is_parameter {
            "parameter entity"
        } else {
            "entity"
        };
        if let Some(address) = &entity.external {
            let message = format!(
                "the {kind} `{}` refers to `{}`",
                shown(&entity.name),
                shown(address)
            );
            remarks.push(remark(Severity::High, entity.region, message));
        }
        largest = largest.max(entity.expanded);
    }
    if let Some(first) = xml.entities.first()
        && largest > EXPANDED
    {
        let size = if largest == u64::MAX {
            "endless text".to_owned()
        } else {
            format!("{largest} bytes")
        };
        let message = format!(
            "the entities of the document stand for {size}, which exhausts a parser's memory"
        );
        remarks.push(remark(Severity::High, first.region, message));
    }
}

fn inclusion(element: &Element, remarks: &mut Vec<Remark>) -> bool {
    let is_include = element.name == "xi:include"
        || element.name.ends_with(":include")
            && element.attributes.iter().any(|(key, _)| key == "href")
        || element.name == "include"
            && element
                .attributes
                .iter()
                .any(|(key, value)| key == "xmlns" && value.contains("XInclude"));
    if is_include {
        let target = element
            .attributes
            .iter()
            .find(|(key, _)| key == "href")
            .map_or("", |(_, value)| value);
        let message = format!("`{}` includes `{}`", shown(&element.name), shown(target));
        remarks.push(remark(Severity::High, element.region, message));
    }
    is_include
}

/// Scripts, libraries and paths in a PMML or `OpenVINO` model.
fn model_element(element: &Element, remarks: &mut Vec<Remark>) {
    let name = shown(&element.name);
    let values = element.attributes.iter().map(|(_, value)| value.as_str());
    let program = values
        .chain(std::iter::once(element.content.as_str()))
        .find(|text| is_program(text));
    if let Some(text) = program {
        let message = format!("`{name}` holds a program: `{}`", shown(text.trim()));
        remarks.push(remark(Severity::High, element.region, message));
    }
    for (key, value) in &element.attributes {
        let lower = value.trim().to_ascii_lowercase();
        let is_library = [".so", ".dll", ".dylib", ".exe", ".py", ".sh", ".bat"]
            .iter()
            .any(|end| lower.ends_with(end));
        if is_library && !key.starts_with("xmlns") {
            let message = format!("`{name}` names the program or library `{}`", shown(value));
            remarks.push(remark(Severity::High, element.region, message));
        } else if key != "xmlns"
            && (lower.contains("../") || lower.contains("..\\") || lower.starts_with("file:"))
        {
            let message = format!(
                "`{name}` names `{}`, which leads out of the model's folder",
                shown(value)
            );
            remarks.push(remark(Severity::High, element.region, message));
        }
    }
}

/// Whether a text has what only a program has.
fn is_program(text: &str) -> bool {
    const PARTS: &[&str] = &[
        "<script",
        "Runtime.getRuntime",
        "ProcessBuilder",
        "java.lang.Runtime",
        "javascript:",
        "ScriptEngine",
        "__import__(",
        "os.system(",
        "subprocess.",
        "eval(",
        "exec(",
        "System.exec",
        "/bin/sh",
        "powershell",
    ];
    PARTS.iter().any(|part| text.contains(part))
}

/// Whether an address leads to the file system by a whole path, or to a network.
fn leads_out(address: &str) -> bool {
    let lower = address.trim().to_ascii_lowercase();
    lower.contains(':') || lower.starts_with('/') || lower.starts_with('\\') || lower.contains("..")
}

#[cfg(test)]
mod tests {
    use tutela_formats::xml;

    use super::*;

    fn worst(text: &str) -> Option<Severity> {
        judge(&xml::parse(text))
            .iter()
            .map(|remark| remark.severity)
            .max()
    }

    #[test]
    fn attacks_are_found() {
        let bomb: String = (1..10)
            .map(|level| {
                format!(
                    "<!ENTITY l{level} \"{}\">",
                    format!("&l{};", level - 1).repeat(10)
                )
            })
            .collect();
        let quadratic = format!(
            "<!DOCTYPE x [<!ENTITY a \"{}\">]><x>{}</x>",
            "a".repeat(9_000),
            "&a;".repeat(2_000)
        );
        for text in [
            "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><x>&e;</x>",
            "<!DOCTYPE x [<!ENTITY % e SYSTEM \"http://host/x.dtd\"> %e;]><x/>",
            "<!DOCTYPE x [<!ENTITY e PUBLIC 'a' 'x.txt'>]><x/>",
            "<!DOCTYPE x SYSTEM \"http://host/x.dtd\"><x/>",
            "<!DOCTYPE PMML PUBLIC \"a\" \"http://host/x.dtd\"><PMML/>",
            "<x xmlns:xi=\"http://www.w3.org/2001/XInclude\"><xi:include href=\"file:///etc/passwd\" parse=\"text\"/></x>",
            "<PMML><Extension name='a'><![CDATA[x]]>java.lang.Runtime.getRuntime().exec('x')</Extension></PMML>",
            "<net><layers><layer type='Custom' library='inert.so'/></layers></net>",
            "<net><data path='../../../etc/passwd'/></net>",
            &format!("<!DOCTYPE x [<!ENTITY l0 \"lol\">{bomb}]><x>&l9;</x>"),
            &quadratic,
        ] {
            assert!(
                worst(text) >= Some(Severity::High),
                "{}",
                text.chars().take(200).collect::<String>()
            );
        }
    }

    #[test]
    fn ordinary_documents_are_not() {
        for text in [
            "<?xml version='1.0'?><PMML xmlns='http://www.dmg.org/PMML-4_4' version='4.4'><Header><Extension name='created' value='2024'/></Header></PMML>",
            "<?xml version='1.0'?><net name='m' version='11'><layers><layer id='0' name='x' type='Const'><data offset='0' size='4'/></layer></layers></net>",
            "<?xml version='1.0'?><!DOCTYPE svg PUBLIC '-//W3C//DTD SVG 1.1//EN' 'http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd'><svg/>",
            "<!DOCTYPE x [<!ENTITY copy \"(c)\">]><x>&copy; &amp; &#38;</x>",
            "<x><a href='http://host/'/><include file='other.xml'/></x>",
        ] {
            assert_eq!(worst(text), None, "{text}");
        }
    }
}
