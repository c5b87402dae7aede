//! TOML, by the parser that keeps each value's place.

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{DEPTH_MAX, Fault, Position, Value, Written, lines::Lines, too_deep};

pub(super) fn parse(text: &str) -> Result<Written, Fault> {
    let lines = Lines::of(text);
    let parsed = DeTable::parse(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        (lines.position(at), error.message().to_owned())
    })?;
    Ok(Written { at: Position::START, value: table(parsed.into_inner(), &lines, 1)? })
}

fn table(entries: DeTable<'_>, lines: &Lines, depth: usize) -> Result<Value, Fault> {
    let entry = |(key, entry): (Spanned<_>, Spanned<DeValue<'_>>)| {
        let at = lines.position(key.span().start);
        let key: std::borrow::Cow<'_, str> = key.into_inner();
        Ok((key.into_owned(), Written { at, value: value(entry.into_inner(), at, lines, depth)? }))
    };
    entries.into_iter().map(entry).collect::<Result<_, Fault>>().map(Value::Table)
}

fn value(value: DeValue<'_>, at: Position, lines: &Lines, depth: usize) -> Result<Value, Fault> {
    if depth > DEPTH_MAX {
        return Err((at, too_deep()));
    }
    Ok(match value {
        DeValue::String(text) => Value::Text(text.into_owned()),
        // TOML's own range is narrower, so that nothing the parser takes is out of range here.
        DeValue::Integer(number) => match i128::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => Value::Number(number),
            Err(_) => return Err((at, format!("{number} is more than a number can be"))),
        },
        DeValue::Float(number) => Value::Fraction(number.as_str().into()),
        DeValue::Boolean(flag) => Value::Flag(flag),
        DeValue::Datetime(_) => Value::Date,
        DeValue::Array(items) => {
            let item = |item: Spanned<DeValue<'_>>| {
                let at = lines.position(item.span().start);
                Ok(Written { at, value: self::value(item.into_inner(), at, lines, depth + 1)? })
            };
            Value::List(items.into_iter().map(item).collect::<Result<_, Fault>>()?)
        }
        DeValue::Table(entries) => table(entries, lines, depth + 1)?,
    })
}
