//! Brings Arrow's many types down to the few that [`Cell`](crate::Cell) knows.

use arrow_array::cast::AsArray as _;
use arrow_array::types::Int64Type;
use arrow_array::{Array as _, ArrayRef};
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_cast::{CastOptions, cast_with_options};
use arrow_schema::{ArrowError, DataType, TimeUnit};

use crate::batch::Values;
use crate::{Error, Kind};

/// Decimals of up to this many digits read back exactly from the shortest form of a double.
const EXACT_DIGITS: u8 = 15;

/// The sort of values that an Arrow type holds here.
pub(crate) fn kind(data_type: &DataType) -> Kind {
    match data_type {
        DataType::Boolean => Kind::Boolean,
        DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::Int64
        | DataType::UInt8
        | DataType::UInt16
        | DataType::UInt32
        | DataType::UInt64 => Kind::Integer,
        DataType::Float16 | DataType::Float32 | DataType::Float64 => Kind::Real,
        DataType::Decimal32(digits, _)
        | DataType::Decimal64(digits, _)
        | DataType::Decimal128(digits, _)
        | DataType::Decimal256(digits, _)
            if *digits <= EXACT_DIGITS =>
        {
            Kind::Real
        }
        DataType::Date32 => Kind::Date,
        DataType::Date64 | DataType::Timestamp(..) => Kind::Moment,
        DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::FixedSizeBinary(_) => Kind::Bytes,
        DataType::Dictionary(_, values) => kind(values),
        DataType::RunEndEncoded(_, values) => kind(values.data_type()),
        _ => Kind::Text,
    }
}

/// Takes over one array.
pub(crate) fn values(array: &ArrayRef) -> Result<Values, Error> {
    let failed = |error: ArrowError| Error::Unsupported {
        path: String::new(),
        what: format!("a value of type {}: {error}", array.data_type()),
    };
    convert(array).map_err(failed)
}

fn convert(array: &ArrayRef) -> Result<Values, ArrowError> {
    let data_type = array.data_type();
    if let DataType::Dictionary(_, values) = data_type {
        return convert(&cast(array, values)?);
    }
    if let DataType::RunEndEncoded(_, values) = data_type {
        return convert(&cast(array, values.data_type())?);
    }
    Ok(match kind(data_type) {
        Kind::Boolean => Values::Boolean(array.as_boolean().clone()),
        Kind::Integer if *data_type == DataType::UInt64 => {
            Values::Unsigned(array.as_primitive().clone())
        }
        Kind::Integer => Values::Integer(cast(array, &DataType::Int64)?.as_primitive().clone()),
        Kind::Real => Values::Real(cast(array, &DataType::Float64)?.as_primitive().clone()),
        Kind::Date => Values::Date(array.as_primitive().clone()),
        Kind::Moment => Values::Moment(
            cast(array, &DataType::Int64)?
                .as_primitive::<Int64Type>()
                .clone(),
            unit_nanoseconds(data_type),
        ),
        Kind::Bytes if *data_type == DataType::BinaryView => {
            Values::SharedBytes(array.as_binary_view().clone())
        }
        Kind::Text if *data_type == DataType::Utf8View => {
            Values::SharedText(array.as_string_view().clone())
        }
        Kind::Bytes => Values::Bytes(cast(array, &DataType::Binary)?.as_binary().clone()),
        Kind::Text => Values::Text(text(array)?.as_string().clone()),
    })
}

fn text(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    match array.data_type() {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Null => cast(array, &DataType::Utf8),
        _ => display(array),
    }
}

/// Arrow's own notation, for lists, structures, durations, long decimals and so on.
fn display(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let options = FormatOptions::new().with_display_error(false);
    let formatter = ArrayFormatter::try_new(array, &options)?;
    let mut texts = arrow_array::builder::StringBuilder::new();
    for row in 0..array.len() {
        if array.is_null(row) {
            texts.append_null();
        } else {
            texts.append_value(formatter.value(row).try_to_string()?);
        }
    }
    Ok(std::sync::Arc::new(texts.finish()))
}

fn cast(array: &ArrayRef, data_type: &DataType) -> Result<ArrayRef, ArrowError> {
    // Not safe in Arrow's sense: that would quietly turn what does not fit into missing values.
    let options = CastOptions {
        safe: false,
        ..CastOptions::default()
    };
    cast_with_options(array, data_type, &options)
}

const fn unit_nanoseconds(data_type: &DataType) -> i128 {
    match data_type {
        DataType::Timestamp(TimeUnit::Second, _) => 1_000_000_000,
        // `Date64` counts milliseconds.
        DataType::Timestamp(TimeUnit::Millisecond, _) | DataType::Date64 => 1_000_000,
        DataType::Timestamp(TimeUnit::Microsecond, _) => 1_000,
        _ => 1,
    }
}
