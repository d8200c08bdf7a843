//! Reads the header's JSON so that duplicate keys are seen, which ordinary readers silently drop.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// Values of one header. A tensor takes about eight; a value takes more memory than its two bytes of text.
const VALUES: u64 = 2_000_000;

/// A JSON value that keeps every entry of an object, in order.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Json {
    Text(String),
    Whole(u64),
    /// A number that is not a whole one, a Boolean or null.
    Other,
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
}

/// Parses a text that is nothing but one JSON value. `serde_json` keeps its own limit on depth.
pub(super) fn parse(text: &str) -> Result<Json, serde_json::Error> {
    let left = Cell::new(VALUES);
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let json = AnyJson(&left).deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(json)
}

/// Reads any value, as long as there are not too many.
#[derive(Clone, Copy)]
struct AnyJson<'a>(&'a Cell<u64>);

impl<'de> DeserializeSeed<'de> for AnyJson<'_> {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        let left = self.0.get().checked_sub(1).ok_or_else(|| {
            D::Error::custom(format_args!("there are more than {VALUES} values in it"))
        })?;
        self.0.set(left);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for AnyJson<'_> {
    type Value = Json;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_bool<E>(self, _value: bool) -> Result<Json, E> {
        Ok(Json::Other)
    }

    fn visit_i64<E>(self, _value: i64) -> Result<Json, E> {
        Ok(Json::Other)
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Whole(value))
    }

    fn visit_f64<E>(self, _value: f64) -> Result<Json, E> {
        Ok(Json::Other)
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Other)
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Json, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = sequence.next_element_seed(self)? {
            items.push(item);
        }
        Ok(Json::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key()? {
            entries.push((key, map.next_value_seed(self)?));
        }
        Ok(Json::Object(entries))
    }
}
