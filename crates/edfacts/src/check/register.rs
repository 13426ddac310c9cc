//! Rules on the records of the directory: files 029.

use super::Found;
use super::directory::statuses;
use super::records::Checked;
use crate::Level;
use chrono::NaiveDate;
use std::collections::BTreeMap;

/// What a unit has one of.
const IDENTITY: [&str; 6] = [
    "LEAName",
    "SchoolName",
    "NCESLEAIDNumber",
    "NCESSchoolIDNumber",
    "CharterSchoolStatus",
    "ChrtSchoolLEAStatusID",
];

/// Runs the rules of a directory file on its own.
pub(crate) fn check(file: &Checked<'_>, found: &mut Found) {
    if file.opened.number.get() != 29 || file.opened.level == Level::Sea {
        return;
    }
    let name = file.opened.name.as_str();
    let mut seen: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    let value = |values: &[String], element: &str| -> String {
        file.element(element).and_then(|place| values.get(place)).cloned().unwrap_or_default()
    };
    for (line, values) in &file.fields {
        let lea = value(values, "StateLEAIDNumber");
        let school = value(values, "StateSchoolIDNumber");
        let subject = super::units::unit_name(&lea, &school);
        let (_, updated) = statuses(file, values);
        let date = value(values, "StatusEffectiveDate");
        if updated.is_empty() != date.is_empty() {
            found
                .at(name, "MTC-08", *line, Some("Updated operational status"))
                .say("updated status and effective date are not filled together")
                .about(&subject);
        } else if let Ok(day) = NaiveDate::parse_from_str(&date, "%Y-%m-%d")
            && !file.opened.year.contains(day)
        {
            found
                .at(name, "MTC-07", *line, Some("StatusEffectiveDate"))
                .say("the effective date lies outside the school year")
                .want(&format!("{} to {}", file.opened.year.first_day(), file.opened.year.last_day()))
                .about(&subject);
        }
        let identity = IDENTITY.iter().map(|element| value(values, element)).collect::<Vec<_>>();
        match seen.get(&(lea.clone(), school.clone())) {
            Some(known) if *known != identity => {
                found
                    .at(name, "STG-05", *line, None)
                    .say("the unit stands with two names, federal identifiers or charter values")
                    .about(&subject);
            }
            Some(_) => {
                found.at(name, "STG-05", *line, None).say("the unit stands twice").about(&subject);
            }
            None => {
                seen.insert((lea, school), identity);
            }
        }
    }
}
