//! Finds spans in text: personal data and secrets.
