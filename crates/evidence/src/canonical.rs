//! Canonical JSON (RFC 8785): one spelling for one value, so that a digest names a value.

use serde::Serialize;
use serde_json::Value;

/// Integers beyond this are not exact in the JSON of RFC 8785 (its section 3.2.2.3: IEEE 754 doubles).
const EXACT: u64 = (1 << 53) - 1;

/// A value that has no canonical JSON.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CanonicalError {
    /// An integer that a reader would round.
    #[error("the integer {0} has no exact form in canonical JSON; the largest is 2^53 - 1")]
    Integer(String),
    /// A value that JSON cannot express.
    #[error("the value has no form in JSON")]
    Value(#[source] serde_json::Error),
}

/// Writes a value as canonical JSON.
///
/// # Errors
/// [`CanonicalError`] when the value has no exact canonical form.
pub fn canonical_json<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, CanonicalError> {
    let value = serde_json::to_value(value).map_err(CanonicalError::Value)?;
    exact(&value)?;
    serde_json_canonicalizer::to_vec(&value).map_err(CanonicalError::Value)
}

/// Whether bytes are the canonical JSON of some value.
pub(crate) fn is_canonical(bytes: &[u8]) -> bool {
    serde_json::from_slice::<Value>(bytes).is_ok_and(|value| {
        serde_json_canonicalizer::to_vec(&value).is_ok_and(|canonical| canonical == bytes)
    })
}

/// Refuses integers that would be rounded silently.
fn exact(value: &Value) -> Result<(), CanonicalError> {
    let mut open = vec![value];
    while let Some(value) = open.pop() {
        match value {
            Value::Number(number) => {
                let size = number
                    .as_u64()
                    .or_else(|| number.as_i64().map(i64::unsigned_abs));
                if size.is_some_and(|size| size > EXACT) {
                    return Err(CanonicalError::Integer(number.to_string()));
                }
            }
            Value::Array(items) => open.extend(items),
            Value::Object(members) => open.extend(members.values()),
            Value::Null | Value::Bool(_) | Value::String(_) => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8785, section 3.2.2: the sample object and its canonical form.
    #[test]
    fn the_sample_of_the_standard() {
        let sample = r#"{
            "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
            "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
            "literals": [null, true, false]
        }"#;
        let value: Value = serde_json::from_str(sample).unwrap();
        let expected = "{\"literals\":[null,true,false],\
            \"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],\
            \"string\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}";
        assert_eq!(
            String::from_utf8(canonical_json(&value).unwrap()).unwrap(),
            expected
        );
    }

    /// RFC 8785, section 3.2.3: names are sorted by UTF-16 code units.
    #[test]
    fn names_are_sorted_as_the_standard_says() {
        let sample = r#"{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh",
            "1":"One","\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}"#;
        let value: Value = serde_json::from_str(sample).unwrap();
        let text = String::from_utf8(canonical_json(&value).unwrap()).unwrap();
        let order = [
            "Carriage", "One", "Control", "Latin", "Euro", "Emoji", "Hebrew",
        ];
        let places: Vec<usize> = order.iter().map(|word| text.find(word).unwrap()).collect();
        assert!(places.is_sorted(), "{text}");
    }

    /// RFC 8785, appendix B: IEEE 754 bit patterns and their text.
    #[test]
    fn numbers_of_the_appendix() {
        let cases = [
            (0x0000_0000_0000_0000_u64, "0"),
            (0x8000_0000_0000_0000, "0"),
            (0x0000_0000_0000_0001, "5e-324"),
            (0x8000_0000_0000_0001, "-5e-324"),
            (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
            (0x4340_0000_0000_0000, "9007199254740992"),
            (0xc340_0000_0000_0000, "-9007199254740992"),
            (0x4430_0000_0000_0000, "295147905179352830000"),
            (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
            (0x44b5_2d02_c7e1_4af6, "1e+23"),
            (0x44b5_2d02_c7e1_4af7, "1.0000000000000001e+23"),
            (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
            (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"),
            (0x444b_1ae4_d6e2_ef50, "1e+21"),
            (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
            (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
            (0x41b3_de43_5555_5553, "333333333.3333332"),
            (0x41b3_de43_5555_5554, "333333333.33333325"),
            (0x41b3_de43_5555_5555, "333333333.3333333"),
            (0x41b3_de43_5555_5556, "333333333.3333334"),
            (0x41b3_de43_5555_5557, "333333333.33333343"),
            (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
            (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
        ];
        for (bits, text) in cases {
            let canonical = canonical_json(&f64::from_bits(bits)).unwrap();
            assert_eq!(String::from_utf8(canonical.clone()).unwrap(), text);
            assert!(is_canonical(&canonical), "{text}");
        }
    }

    #[test]
    fn what_would_be_rounded_is_refused() {
        assert!(canonical_json(&EXACT).is_ok());
        assert!(matches!(
            canonical_json(&serde_json::json!({"a": [u64::MAX]})),
            Err(CanonicalError::Integer(_))
        ));
        assert!(canonical_json(&i64::MIN).is_err());
    }

    #[test]
    fn other_spellings_are_not_canonical() {
        assert!(is_canonical(br#"{"a":1,"b":2}"#));
        for other in [
            r#"{"b":2,"a":1}"#,
            r#"{"a":1, "b":2}"#,
            r#"{"a":1,"a":1}"#,
            r#"{"a":1.0}"#,
            "{\"a\":1}\n",
            r#"{"a":"\u0041"}"#,
            "",
        ] {
            assert!(!is_canonical(other.as_bytes()), "{other}");
        }
    }
}
