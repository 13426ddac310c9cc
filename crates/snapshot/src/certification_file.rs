//! `certifications.csv`: every step of every certification, one a row, in the order in which they were taken.

use crate::certification::{Certification, CertificationEvent, CertifiedContent, Validation, Window};
use crate::{Member, SnapshotError, TimeGiven};
use chrono::NaiveDate;
use opi_dictionary::{CsvRows, DistrictNumber, SchoolYear};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::str::FromStr;

/// One row of the file. A cell that does not belong to the step is blank.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StepRow {
    school_year: String,
    collection: String,
    district: String,
    step: String,
    by: String,
    at: String,
    /// `opened`: user ids or roles, parted by `;`.
    primary_members: String,
    /// `opened`: the first day.
    opens: String,
    /// `opened`, `extended`, `reopened`: the last day.
    closes: String,
    /// `validated`, `nothing_to_report`.
    rule_set: String,
    /// `validated`, `certified`.
    content: String,
    /// `validated`: `table=rows`, parted by `;`.
    rows: String,
    /// `validated`: how many findings block.
    blocking: String,
    /// `extended`: yes or no.
    recertify: String,
    /// `reopened`.
    reason: String,
}

const COLUMNS: [&str; 15] = [
    "school_year",
    "collection",
    "district",
    "step",
    "by",
    "at",
    "primary_members",
    "opens",
    "closes",
    "rule_set",
    "content",
    "rows",
    "blocking",
    "recertify",
    "reason",
];

/// Reads certifications. Every step is taken again, so that a file that tells an impossible story is refused.
///
/// ```
/// use opi_snapshot::{CertificationState, read_certifications};
/// let file = "school_year,collection,district,step,by,at,primary_members,opens,closes,rule_set,content,rows,\
///     blocking,recertify,reason\n\
///     2025-26,Behavior,9901,opened,state,2026-05-11T08:00:00,clerk,2026-05-11,2026-06-19,,,,,,\n";
/// let certifications = read_certifications(file)?;
/// assert_eq!(certifications[0].state(), CertificationState::Open);
/// # Ok::<(), opi_snapshot::SnapshotError>(())
/// ```
///
/// # Errors
/// When a column is missing, unknown or in another place, a cell cannot be read or does not belong to its step, or
/// a step is not possible; the error names the line.
pub fn read_certifications(text: &str) -> Result<Vec<Certification>, SnapshotError> {
    let rows = CsvRows::<StepRow>::new(text.as_bytes()).map_err(|problem| wrong(1, problem))?;
    if !rows.header().eq(COLUMNS) {
        return Err(wrong(1, format!("expected the columns {}", COLUMNS.join(","))));
    }
    let mut by_key: BTreeMap<(SchoolYear, String, DistrictNumber), Certification> = BTreeMap::new();
    for (line, row) in rows {
        row.and_then(|row| take(&mut by_key, &row)).map_err(|problem| wrong(line, problem))?;
    }
    Ok(by_key.into_values().collect())
}

/// Writes certifications in order of year, collection and district.
///
/// # Errors
/// None in practice: every step can be written.
pub fn write_certifications<'c>(
    certifications: impl IntoIterator<Item = &'c Certification>,
) -> Result<String, SnapshotError> {
    let mut sorted: Vec<&Certification> = certifications.into_iter().collect();
    sorted.sort_by_key(|c| (c.school_year(), c.collection().to_owned(), c.district()));
    let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    let failed = |error: csv::Error| wrong(0, error.to_string());
    writer.write_record(COLUMNS).map_err(failed)?;
    for certification in sorted {
        for (by, at, event) in certification.history() {
            writer.serialize(row_of(certification, by, at, event)).map_err(failed)?;
        }
    }
    let bytes = writer.into_inner().map_err(|error| wrong(0, error.to_string()))?;
    String::from_utf8(bytes).map_err(|error| wrong(0, error.to_string()))
}

fn take(
    by_key: &mut BTreeMap<(SchoolYear, String, DistrictNumber), Certification>,
    row: &StepRow,
) -> Result<(), String> {
    let year: SchoolYear = cell("school_year", &row.school_year)?;
    let district: DistrictNumber = cell("district", &row.district)?;
    let by: Member = cell("by", &row.by)?;
    let at: TimeGiven = cell("at", &row.at)?;
    if row.collection.trim().is_empty() {
        return Err("collection: blank, expected the name of a collection".to_owned());
    }
    let event = event_of(row)?;
    let key = (year, row.collection.clone(), district);
    match (by_key.get_mut(&key), event) {
        (Some(held), event) => held.apply(by, at, event).map_err(|error| error.to_string()),
        (None, CertificationEvent::Opened { primary_members, window }) => {
            let collection = row.collection.clone();
            let opened = Certification::open(district, collection, year, primary_members, window, by, at);
            by_key.insert(key, opened.map_err(|error| error.to_string())?);
            Ok(())
        }
        (None, _) => Err("the first step of a certification must be opened".to_owned()),
    }
}

fn event_of(row: &StepRow) -> Result<CertificationEvent, String> {
    let (event, belongs): (CertificationEvent, &[&str]) = match row.step.as_str() {
        "opened" => {
            let members = row.primary_members.split(';').filter(|member| !member.is_empty());
            let members: Result<Vec<Member>, String> =
                members.map(|member| cell("primary_members", member)).collect();
            let window = Window {
                opens: optional_day("opens", &row.opens)?,
                closes: optional_day("closes", &row.closes)?,
            };
            let event = CertificationEvent::Opened { primary_members: members?, window };
            (event, &["primary_members", "opens", "closes"])
        }
        "validated" => {
            let of = CertifiedContent { content: cell("content", &row.content)?, rows: counts(&row.rows)? };
            let blocking = cell("blocking", &row.blocking)?;
            let found = Validation { rule_set: row.rule_set.clone(), of, blocking };
            (CertificationEvent::Validated(found), &["rule_set", "content", "rows", "blocking"])
        }
        "certified" => {
            let content = cell("content", &row.content)?;
            (CertificationEvent::Certified { content }, &["content"])
        }
        "nothing_to_report" => {
            let (rule_set, of) = (row.rule_set.clone(), CertifiedContent::of(&[]));
            (CertificationEvent::NothingToReport { rule_set, of }, &["rule_set"])
        }
        "extended" => {
            let recertify = match row.recertify.as_str() {
                "yes" => true,
                "no" => false,
                _ => return Err("recertify: expected yes or no".to_owned()),
            };
            let until = day("closes", &row.closes)?;
            (CertificationEvent::Extended { until, recertify }, &["closes", "recertify"])
        }
        "reopened" => {
            let until = optional_day("closes", &row.closes)?;
            let reason = row.reason.clone();
            (CertificationEvent::Reopened { reason, until }, &["closes", "reason"])
        }
        _ => {
            return Err(
                "step: expected opened, validated, certified, nothing_to_report, extended or reopened"
                    .to_owned(),
            );
        }
    };
    let cells = [
        ("primary_members", &row.primary_members),
        ("opens", &row.opens),
        ("closes", &row.closes),
        ("rule_set", &row.rule_set),
        ("content", &row.content),
        ("rows", &row.rows),
        ("blocking", &row.blocking),
        ("recertify", &row.recertify),
        ("reason", &row.reason),
    ];
    match cells.iter().find(|(name, text)| !text.is_empty() && !belongs.contains(name)) {
        Some((name, _)) => Err(format!("{name}: does not belong to the step {}, expected blank", row.step)),
        None => Ok(event),
    }
}

fn row_of(certification: &Certification, by: &Member, at: TimeGiven, event: &CertificationEvent) -> StepRow {
    let mut row = StepRow {
        school_year: certification.school_year().to_string(),
        collection: certification.collection().to_owned(),
        district: certification.district().to_string(),
        by: by.to_string(),
        at: at.to_string(),
        ..StepRow::default()
    };
    let day = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
    let step = match event {
        CertificationEvent::Opened { primary_members, window } => {
            let members: Vec<&str> = primary_members.iter().map(Member::as_str).collect();
            row.primary_members = members.join(";");
            (row.opens, row.closes) = (day(window.opens), day(window.closes));
            "opened"
        }
        CertificationEvent::Validated(found) => {
            row.rule_set.clone_from(&found.rule_set);
            row.content = found.of.content.to_string();
            let rows: Vec<String> =
                found.of.rows.iter().map(|(table, rows)| format!("{table}={rows}")).collect();
            row.rows = rows.join(";");
            row.blocking = found.blocking.to_string();
            "validated"
        }
        CertificationEvent::Certified { content } => {
            row.content = content.to_string();
            "certified"
        }
        CertificationEvent::NothingToReport { rule_set, .. } => {
            row.rule_set.clone_from(rule_set);
            "nothing_to_report"
        }
        CertificationEvent::Extended { until, recertify } => {
            row.closes = until.to_string();
            row.recertify = if *recertify { "yes" } else { "no" }.to_owned();
            "extended"
        }
        CertificationEvent::Reopened { reason, until } => {
            row.closes = day(*until);
            row.reason.clone_from(reason);
            "reopened"
        }
    };
    row.step = step.to_owned();
    row
}

fn counts(text: &str) -> Result<BTreeMap<String, u64>, String> {
    let mut counts = BTreeMap::new();
    for part in text.split(';').filter(|part| !part.is_empty()) {
        let (table, rows) = part.split_once('=').ok_or("rows: expected table=rows, parted by ;")?;
        if counts.insert(table.to_owned(), cell("rows", rows)?).is_some() {
            return Err(format!("rows: {table:?} stands twice"));
        }
    }
    Ok(counts)
}

fn cell<T: FromStr>(name: &str, text: &str) -> Result<T, String>
where
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|error: T::Err| format!("{name}: {error}"))
}

fn day(name: &str, text: &str) -> Result<NaiveDate, String> {
    text.parse().map_err(|_| format!("{name}: expected a day, such as 2025-10-22"))
}

fn optional_day(name: &str, text: &str) -> Result<Option<NaiveDate>, String> {
    if text.is_empty() { Ok(None) } else { day(name, text).map(Some) }
}

fn wrong(line: u64, problem: impl Into<String>) -> SnapshotError {
    SnapshotError::CertificationFile { line, problem: problem.into() }
}
