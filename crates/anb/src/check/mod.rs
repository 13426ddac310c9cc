//! Worked examples as files: each names a calculation, its inputs and what is expected.

mod calculations;
mod inputs;
mod kinds;
mod value;

use crate::{AnbError, Law};
use inputs::{Inputs, fiscal_year};
use kinds::{InputKey, KINDS, Kind, RATES_FISCAL_YEAR, ResultKey};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use toml::{Table, Value as Toml};
use value::Value;

/// The keys of an example itself.
const EXAMPLE_KEYS: [&str; 9] =
    ["id", "kind", "fiscal_year", "topic", "standing", "source", "arithmetic", "inputs", "expected"];

/// What came of a file of examples.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct CheckReport {
    /// Examples in which every expected key agrees.
    pub agree: usize,
    /// Examples in which a key differs.
    pub differ: usize,
    /// Examples that could not be computed.
    pub errors: usize,
    /// Each example, in the order of the file.
    pub examples: Vec<ExampleResult>,
}

/// What came of one example.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct ExampleResult {
    /// Its id, or its place in the file when it has none.
    pub id: String,
    /// Its kind, when it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Whether every expected key agrees.
    pub agrees: bool,
    /// Each expected key.
    pub keys: Vec<KeyResult>,
    /// Why it could not be computed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// One expected key beside what was computed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct KeyResult {
    /// The key.
    pub key: String,
    /// What the example expects.
    pub expected: String,
    /// What was computed.
    pub got: String,
    /// Whether they are equal.
    pub agrees: bool,
}

impl CheckReport {
    /// Whether every example agrees.
    #[must_use]
    pub const fn all_agree(&self) -> bool {
        self.differ == 0 && self.errors == 0
    }

    /// The report as text: per id each key with expected and got.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for example in &self.examples {
            let mark = match (&example.error, example.agrees) {
                (Some(_), _) => "ERROR",
                (None, true) => "ok",
                (None, false) => "DIFFERS",
            };
            let _ = writeln!(text, "{mark:<8}{}  {}", example.id, example.kind.as_deref().unwrap_or("-"));
            if let Some(error) = &example.error {
                let _ = writeln!(text, "          {error}");
            }
            for key in &example.keys {
                let sign = if key.agrees { "=" } else { "!" };
                let _ =
                    writeln!(text, "        {sign} {}: expected {}, got {}", key.key, key.expected, key.got);
            }
        }
        let total = self.examples.len();
        let _ = writeln!(
            text,
            "{total} examples: {} agree, {} differ, {} could not be computed",
            self.agree, self.differ, self.errors
        );
        text
    }
}

/// The names of the kinds of example.
pub fn example_kinds() -> impl Iterator<Item = &'static str> {
    KINDS.iter().map(|kind| kind.name)
}

/// Computes every example of a file and compares.
///
/// ```
/// use opi_anb::{Law, check_examples};
/// let report = check_examples(&Law::embedded()?, r#"
///     [[example]]
///     id = "whole"
///     kind = "count_to_anb"
///     inputs = { october = "180", february = "180", pir_days = 9 }
///     expected = { anb_exact = "187", pir_used = 7 }
/// "#)?;
/// assert!(report.all_agree());
/// # Ok::<(), opi_anb::AnbError>(())
/// ```
///
/// # Errors
/// When the text is not TOML or not a list of examples. An example that cannot be computed is an error of that
/// example, in the report.
pub fn check_examples(law: &Law, text: &str) -> Result<CheckReport, AnbError> {
    let document = |problem: String| AnbError::Document { what: "the file of examples".into(), problem };
    let mut file: Table = text.parse().map_err(|error: toml::de::Error| document(error.to_string()))?;
    let examples = file.remove("example");
    if let Some(key) = file.keys().next() {
        return Err(document(format!("unknown key {key:?}; a file holds [[example]] tables only")));
    }
    let Some(Toml::Array(examples)) = examples else {
        return Err(document("it holds no [[example]]".into()));
    };
    let mut ids = BTreeSet::new();
    let results: Vec<ExampleResult> = examples
        .iter()
        .enumerate()
        .map(|(place, example)| {
            let mut result = check_one(law, place, example);
            if result.error.is_none() && !ids.insert(result.id.clone()) {
                result.agrees = false;
                result.error = Some("the id stands twice in the file".into());
            }
            result
        })
        .collect();
    let errors = results.iter().filter(|result| result.error.is_some()).count();
    let agree = results.iter().filter(|result| result.agrees).count();
    Ok(CheckReport { agree, differ: results.len() - agree - errors, errors, examples: results })
}

fn check_one(law: &Law, place: usize, example: &Toml) -> ExampleResult {
    let text = |key: &str| example.get(key).and_then(Toml::as_str).map(str::to_owned);
    let id = text("id").filter(|id| !id.is_empty());
    let missing_id = id.is_none();
    let id = id.unwrap_or_else(|| format!("example {}", place + 1));
    let kind = text("kind");
    let outcome = match missing_id {
        true => Err(AnbError::case("id", "every example needs an id, a string")),
        false => compute(law, example),
    };
    match outcome {
        Ok(keys) => {
            let agrees = keys.iter().all(|key| key.agrees);
            ExampleResult { id, kind, agrees, keys, error: None }
        }
        Err(error) => {
            ExampleResult { id, kind, agrees: false, keys: Vec::new(), error: Some(error.to_string()) }
        }
    }
}

fn compute(law: &Law, example: &Toml) -> Result<Vec<KeyResult>, AnbError> {
    let table = example.as_table().ok_or_else(|| AnbError::case("example", "should be a table"))?;
    known_keys("the example", table.keys(), EXAMPLE_KEYS.into_iter())?;
    let kind = match table.get("kind") {
        Some(Toml::String(name)) => KINDS.iter().find(|kind| kind.name == name).ok_or_else(|| {
            AnbError::unreadable(
                "kind",
                name,
                format!("one of {}", example_kinds().collect::<Vec<_>>().join(", ")),
            )
        })?,
        _ => return Err(AnbError::case("kind", "every example needs a kind, a string")),
    };
    let year = match table.get("fiscal_year") {
        None => None,
        Some(Toml::Integer(year)) => Some(fiscal_year("fiscal_year", (*year).into())?),
        Some(other) => {
            return Err(AnbError::range("fiscal_year", value::as_written(other), "a TOML integer"));
        }
    };
    for key in ["topic", "standing", "source", "arithmetic"] {
        if table.get(key).is_some_and(|value| !value.is_str()) {
            return Err(AnbError::case(key, "should be a string"));
        }
    }
    let part = |key: &str| match table.get(key) {
        Some(Toml::Table(part)) => Ok(part),
        _ => Err(AnbError::case(key, format!("every example needs a table [example.{key}]"))),
    };
    let (inputs, expected) = (part("inputs")?, part("expected")?);
    let keys = || kind.inputs.iter().chain([&RATES_FISCAL_YEAR]);
    known_keys(&format!("inputs of {}", kind.name), inputs.keys(), keys().map(|key| key.name))?;
    known_keys(
        &format!("expected of {}", kind.name),
        expected.keys(),
        kind.results.iter().map(|key| key.name),
    )?;
    if let Some(key) = kind.inputs.iter().find(|key| key.required && !inputs.contains_key(key.name)) {
        return Err(AnbError::case(format!("inputs.{}", key.name), "this key is required"));
    }
    if expected.is_empty() {
        return Err(AnbError::case("expected", "nothing is expected, so nothing would be compared"));
    }
    let runs = match batch_length(keys(), inputs)? {
        None => vec![run_once(law, kind, year, inputs, None)?],
        Some(length) => {
            (0..length).map(|run| run_once(law, kind, year, inputs, Some(run))).collect::<Result<_, _>>()?
        }
    };
    let batch = batch_length(keys(), inputs)?.is_some();
    expected.iter().map(|(key, raw)| compare(kind, key, raw, &runs, batch)).collect()
}

fn known_keys<'a>(
    place: &str,
    found: impl Iterator<Item = &'a String>,
    known: impl Iterator<Item = &'static str> + Clone,
) -> Result<(), AnbError> {
    for key in found {
        if !known.clone().any(|name| name == key) {
            let known: Vec<&str> = known.collect();
            return Err(AnbError::case(
                place,
                format!("unknown key {key:?}; known are {}", known.join(", ")),
            ));
        }
    }
    Ok(())
}

/// The number of runs when an input that is not a list by nature is a list.
fn batch_length<'a>(
    mut keys: impl Iterator<Item = &'a InputKey>,
    inputs: &Table,
) -> Result<Option<usize>, AnbError> {
    keys.try_fold(None, |length: Option<usize>, key| match inputs.get(key.name) {
        Some(Toml::Array(values)) if !key.list => match (length, values.len()) {
            (_, 0) => {
                Err(AnbError::range(format!("inputs.{}", key.name), "an empty list", "at least one value"))
            }
            (Some(length), found) if length != found => {
                let expected = format!("{length} values, as the other lists of the batch");
                Err(AnbError::range(format!("inputs.{}", key.name), format!("{found} values"), expected))
            }
            (_, found) => Ok(Some(found)),
        },
        _ => Ok(length),
    })
}

fn run_once(
    law: &Law,
    kind: &Kind,
    fiscal_year: Option<opi_dictionary::FiscalYear>,
    inputs: &Table,
    run: Option<usize>,
) -> Result<kinds::Results, AnbError> {
    let mut values = BTreeMap::new();
    for key in kind.inputs.iter().chain([&RATES_FISCAL_YEAR]) {
        let Some(raw) = inputs.get(key.name) else { continue };
        let value = match (key.list, raw, run) {
            (true, raw, _) => value::read_list(key.name, key.kind, raw)?,
            (false, Toml::Array(items), Some(run)) => {
                let item = items.get(run).ok_or_else(|| AnbError::case(key.name, "a value is missing"))?;
                value::read(&format!("{}[{run}]", key.name), key.kind, item)?
            }
            (false, raw, _) => value::read(key.name, key.kind, raw)?,
        };
        values.insert(key.name, value);
    }
    (kind.run)(&Inputs { law, values, fiscal_year }).map_err(|error| match run {
        Some(run) => AnbError::case(format!("run {} of the batch", run + 1), error.to_string()),
        None => error,
    })
}

fn compare(
    kind: &Kind,
    key: &str,
    raw: &Toml,
    runs: &[kinds::Results],
    batch: bool,
) -> Result<KeyResult, AnbError> {
    let result = kind.results.iter().find(|result| result.name == key);
    let result = result.ok_or_else(|| AnbError::case(key, "unknown key"))?;
    let place = format!("expected.{key}");
    let expected = match (batch, raw) {
        (false, raw) => read_result(&place, result, raw)?,
        (true, Toml::Array(items)) if items.len() == runs.len() => {
            let items = items.iter().map(|item| read_result(&place, result, item));
            Value::List(items.collect::<Result<Vec<_>, _>>()?)
        }
        (true, other) => {
            let wanted = format!("a list of {} values, one a run of the batch", runs.len());
            return Err(AnbError::range(place, value::as_written(other), wanted));
        }
    };
    let of_run = |results: &kinds::Results| {
        let found = results.iter().find(|(name, _)| *name == key).map(|(_, value)| value.clone());
        found.ok_or_else(|| {
            AnbError::case(&place, "cannot be given: it follows from ANB, and none are in the inputs")
        })
    };
    let mut got = runs.iter().map(of_run).collect::<Result<Vec<_>, _>>()?;
    let got = match (batch, got.pop()) {
        (false, Some(single)) => single,
        (_, last) => Value::List(got.into_iter().chain(last).collect()),
    };
    Ok(KeyResult {
        key: key.to_owned(),
        agrees: expected == got,
        expected: expected.to_string(),
        got: got.to_string(),
    })
}

fn read_result(place: &str, result: &ResultKey, raw: &Toml) -> Result<Value, AnbError> {
    match result.list {
        true => value::read_list(place, result.kind, raw),
        false => value::read(place, result.kind, raw),
    }
}
