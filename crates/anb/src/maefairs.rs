//! The student-count file for MAEFAIRS, and the reconciliation of a count between systems.

use crate::csv_rows::csv_rows;
use crate::{
    AnbError, CountPeriod, CsvRow, District, Fraction, Grade, Interpretation, Law, Pupil, PupilProgram,
    PupilRules,
};
use chrono::NaiveDate;
use opi_dictionary::{
    Citation, DistrictNumber, FiscalYear, LegalEntityNumber, LocalId, SchoolNumber, SchoolYear,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Grades that are counted together in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub enum GradeBand {
    /// Preschool.
    #[serde(rename = "PK")]
    Preschool,
    /// Kindergarten, half-time program.
    #[serde(rename = "KH")]
    KindergartenHalfTime,
    /// Kindergarten, full-time program.
    #[serde(rename = "KF")]
    KindergartenFullTime,
    /// Grades 1 to 6.
    #[serde(rename = "1-6")]
    Grades1To6,
    /// Grades 7 and 8.
    #[serde(rename = "7-8")]
    Grades7To8,
    /// Grades 9 to 12.
    #[serde(rename = "9-12")]
    Grades9To12,
    /// Without a grade, or with a code that is no grade.
    #[serde(rename = "other")]
    Other,
}

impl GradeBand {
    /// The band of a pupil.
    #[must_use]
    pub fn of(pupil: &Pupil) -> Self {
        match (pupil.program, &pupil.grade) {
            (PupilProgram::KindergartenHalfTime, _) => GradeBand::KindergartenHalfTime,
            (PupilProgram::KindergartenFullTime, _) => GradeBand::KindergartenFullTime,
            (program, _) if program.is_preschool() || program == PupilProgram::EarlyLiteracyHome => {
                GradeBand::Preschool
            }
            (_, Some(Grade::Preschool)) => GradeBand::Preschool,
            (_, Some(Grade::Kindergarten)) => GradeBand::KindergartenFullTime,
            (_, Some(Grade::Number(1..=6))) => GradeBand::Grades1To6,
            (_, Some(Grade::Number(7..=8))) => GradeBand::Grades7To8,
            (_, Some(Grade::Number(9..=12))) => GradeBand::Grades9To12,
            _ => GradeBand::Other,
        }
    }
}

/// Aggregate hours that are counted together in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub enum HoursBand {
    /// Fewer than quarter-time.
    #[serde(rename = "under quarter")]
    UnderQuarter,
    /// Quarter-time.
    #[serde(rename = "quarter")]
    Quarter,
    /// Half-time.
    #[serde(rename = "half")]
    Half,
    /// Three-quarter-time.
    #[serde(rename = "three quarters")]
    ThreeQuarters,
    /// Full-time.
    #[serde(rename = "full")]
    Full,
}

impl HoursBand {
    /// The band of aggregate hours under the rules of the year.
    #[must_use]
    pub fn of(hours: Fraction, rules: &PupilRules) -> Self {
        let weight = rules.weights().bands(hours);
        if weight == Fraction::ONE {
            HoursBand::Full
        } else if weight == Fraction::THREE_QUARTERS {
            HoursBand::ThreeQuarters
        } else if weight == Fraction::HALF {
            HoursBand::Half
        } else if weight == Fraction::QUARTER {
            HoursBand::Quarter
        } else {
            HoursBand::UnderQuarter
        }
    }
}

/// One row of the file: a district, school, count, grade band and hours band.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct CountFileRow {
    /// The school year of the counts.
    pub school_year: SchoolYear,
    /// The count.
    pub count: CountPeriod,
    /// The day on which it was taken.
    pub count_date: NaiveDate,
    /// The district.
    pub district: DistrictNumber,
    /// Its legal entity, where the case names one.
    pub legal_entity: Option<LegalEntityNumber>,
    /// The school, where the pupils have one.
    pub school: Option<SchoolNumber>,
    /// The grades.
    pub grade_band: GradeBand,
    /// The aggregate hours.
    pub hours_band: HoursBand,
    /// Pupils enrolled.
    pub enrolled: u64,
    /// Of them, those who are not counted.
    pub not_counted: u64,
    /// The weights of those who are, added up.
    pub adjusted: Fraction,
    /// American Indian pupils among those enrolled.
    pub american_indian: u64,
}

impl CsvRow for CountFileRow {
    const COLUMNS: &'static [&'static str] = &[
        "school_year",
        "count",
        "count_date",
        "district",
        "legal_entity",
        "school",
        "grade_band",
        "hours_band",
        "enrolled",
        "not_counted",
        "adjusted",
        "american_indian",
    ];
}

/// What a row is of, in the order of the file.
type CountFileKey = (CountPeriod, Option<SchoolNumber>, GradeBand, HoursBand);

impl CountFileRow {
    pub(crate) fn key(&self) -> CountFileKey {
        (self.count, self.school, self.grade_band, self.hours_band)
    }
}

/// The rows of one district for the counts that fund a fiscal year, in order, and for a winter count that was taken.
/// Counts given otherwise than by pupils have no school and no grades, so they cannot be in the file.
///
/// # Errors
/// When a count is given otherwise than by pupils, or a pupil cannot be judged.
pub fn count_file(
    law: &Law,
    choices: &Interpretation,
    year: FiscalYear,
    district: &District,
) -> Result<Vec<CountFileRow>, AnbError> {
    let counts_of = Law::counts_funding(year)?;
    let mut rows: BTreeMap<CountFileKey, CountFileRow> = BTreeMap::new();
    for period in [CountPeriod::Fall, CountPeriod::Winter, CountPeriod::Spring] {
        if district.units.iter().all(|unit| unit.count(period).is_none()) {
            continue;
        }
        let rules = PupilRules::of_count(law, choices, counts_of, period)?.in_district(period, district)?;
        let count_date = rules.count_date();
        for unit in &district.units {
            let Some(count) = unit.count(period) else { continue };
            let place = || format!("district {}, unit {}", district.district, unit.unit);
            if count.adjusted.is_some() || !count.bands.is_empty() || count.early_graduates.is_some() {
                let problem = format!("the {} count has parts that are not given by pupils", period.word());
                return Err(AnbError::case(place(), problem));
            }
            for (number, pupil) in count.pupils.iter().enumerate() {
                let decision = rules.judge(pupil).map_err(|error| {
                    AnbError::case(place(), format!("{} count, pupil {}: {error}", period.word(), number + 1))
                })?;
                let (grade_band, hours_band) = (GradeBand::of(pupil), HoursBand::of(pupil.hours, &rules));
                let key = (period, pupil.school, grade_band, hours_band);
                let row = rows.entry(key).or_insert_with(|| CountFileRow {
                    school_year: counts_of,
                    count: period,
                    count_date,
                    district: district.district,
                    legal_entity: district.legal_entity,
                    school: pupil.school,
                    grade_band,
                    hours_band,
                    enrolled: 0,
                    not_counted: 0,
                    adjusted: Fraction::ZERO,
                    american_indian: 0,
                });
                row.enrolled += 1;
                row.not_counted += u64::from(decision.weight.is_zero());
                row.american_indian += u64::from(pupil.american_indian);
                row.adjusted = row.adjusted.plus(decision.weight)?;
            }
        }
    }
    Ok(rows.into_values().collect())
}

/// One pupil of a count as one system has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CountEntry {
    /// The key by which the systems know the pupil.
    pub key: LocalId,
    /// The school.
    #[serde(default)]
    pub school: Option<SchoolNumber>,
    /// The grade.
    #[serde(default)]
    pub grade: Option<Grade>,
    /// Aggregate hours.
    #[serde(deserialize_with = "crate::fraction::from_text")]
    pub hours: Fraction,
    /// The weight with which the pupil is counted.
    #[serde(deserialize_with = "crate::fraction::from_text")]
    pub weight: Fraction,
}

impl CountEntry {
    /// The entries of a CSV with the columns `key`, `school`, `grade`, `hours`, `weight`.
    ///
    /// # Errors
    /// When a row cannot be read; its line is named, its values are not.
    pub fn from_csv(text: &str) -> Result<Vec<Self>, AnbError> {
        let entry = |(line, entry): (u64, Result<Self, String>)| {
            let problem = format!("line {line}: a row needs key, school, grade, hours and weight");
            entry.map_err(|_| AnbError::Document { what: "the count".into(), problem })
        };
        csv_rows(text).into_iter().map(entry).collect()
    }

    /// The entries of the pupils of a count under the rules of its date. Pupils without a key are an error.
    ///
    /// # Errors
    /// When a pupil has no key or cannot be judged.
    pub fn of_pupils(pupils: &[Pupil], rules: &PupilRules) -> Result<Vec<Self>, AnbError> {
        let entry = |(place, pupil): (usize, &Pupil)| {
            let at = || format!("pupil {}", place + 1);
            let key = pupil.key.clone().ok_or_else(|| AnbError::case(at(), "has no key to be found by"))?;
            let weight = rules.judge(pupil).map_err(|error| AnbError::case(at(), error.to_string()))?.weight;
            let (school, grade, hours) = (pupil.school, pupil.grade.clone(), pupil.hours);
            Ok(CountEntry { key, school, grade, hours, weight })
        };
        pupils.iter().enumerate().map(entry).collect()
    }
}

/// The three places in which a count stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum CountSystem {
    /// The certified count in AIM.
    Certified,
    /// The count in MAEFAIRS.
    Maefairs,
    /// The count in the district's own system.
    Local,
}

impl CountSystem {
    /// The word used in files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            CountSystem::Certified => "certified",
            CountSystem::Maefairs => "maefairs",
            CountSystem::Local => "local",
        }
    }
}

/// What differs between the systems for one pupil. Its key is personal: it stands here because the caller
/// asked for differences by pupil.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct PupilDifference {
    /// The key of the pupil.
    pub key: LocalId,
    /// What differs: `presence`, `times`, `school`, `grade`, `hours` or `weight`.
    pub field: &'static str,
    /// What each system has; `absent` where it lacks the pupil.
    pub values: Vec<(CountSystem, String)>,
}

/// A count held against itself in several systems.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Reconciliation {
    /// Pupils and adjusted enrollment of each system.
    pub totals: Vec<(CountSystem, u64, Fraction)>,
    /// Pupils who are the same in all systems.
    pub agree: u64,
    /// What differs, by key.
    pub differences: Vec<PupilDifference>,
    /// What the three should be: equal.
    pub citation: Citation,
}

impl Reconciliation {
    /// Totals and how many pupils differ in what, as text that names nobody.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for (system, pupils, adjusted) in &self.totals {
            let _ = writeln!(text, "{:<10} {pupils:>8} pupils, adjusted {adjusted}", system.word());
        }
        let _ = writeln!(text, "{} pupils agree, {} differences", self.agree, self.differences.len());
        let mut by_field: BTreeMap<&str, u64> = BTreeMap::new();
        for difference in &self.differences {
            *by_field.entry(difference.field).or_default() += 1;
        }
        for (field, pupils) in by_field {
            let _ = writeln!(text, "{pupils:>8} differ in {field}");
        }
        text
    }

    /// The differences by pupil as text. Their keys and values are shown: the caller asked for them.
    #[must_use]
    pub fn differences_to_text(&self) -> String {
        let mut text = String::new();
        for PupilDifference { key, field, values } in &self.differences {
            let values: Vec<String> =
                values.iter().map(|(system, value)| format!("{} {value}", system.word())).collect();
            let _ = writeln!(text, "{} {field}: {}", key.reveal(), values.join(", "));
        }
        text
    }
}

/// Holds the certified count, the MAEFAIRS count and the local one against each other, pupil by pupil.
///
/// # Errors
/// When a sum leaves exact arithmetic.
pub fn reconcile(counts: &[(CountSystem, Vec<CountEntry>)]) -> Result<Reconciliation, AnbError> {
    let mut by_key: BTreeMap<LocalId, BTreeMap<CountSystem, Vec<&CountEntry>>> = BTreeMap::new();
    let mut totals = Vec::with_capacity(counts.len());
    for (system, entries) in counts {
        let mut adjusted = Fraction::ZERO;
        for entry in entries {
            adjusted = adjusted.plus(entry.weight)?;
            by_key.entry(entry.key.clone()).or_default().entry(*system).or_default().push(entry);
        }
        totals.push((*system, entries.len() as u64, adjusted));
    }
    let (mut agree, mut differences) = (0, Vec::new());
    for (key, found) in by_key {
        let before = differences.len();
        let mut hold = |field: &'static str, value: &dyn Fn(&[&CountEntry]) -> String| {
            let of = |(system, _): &(CountSystem, Vec<CountEntry>)| {
                (*system, found.get(system).map_or("absent".to_owned(), |entries| value(entries)))
            };
            let values: Vec<(CountSystem, String)> = counts.iter().map(of).collect();
            let present = || values.iter().map(|(_, value)| value).filter(|value| *value != "absent");
            let presence = field == "presence";
            let first = if presence { values.first().map(|(_, value)| value) } else { present().next() };
            let differs = |value: &String| Some(value) != first;
            let any = if presence { values.iter().any(|(_, v)| differs(v)) } else { present().any(differs) };
            if any {
                differences.push(PupilDifference { key: key.clone(), field, values });
            }
        };
        hold("presence", &|_| "present".into());
        hold("times", &|entries| entries.len().to_string());
        hold("school", &|entries| {
            joined(entries, |e| e.school.map_or("none".into(), |school| school.to_string()))
        });
        hold("grade", &|entries| {
            joined(entries, |e| e.grade.as_ref().map_or("none".into(), ToString::to_string))
        });
        hold("hours", &|entries| joined(entries, |e| e.hours.to_string()));
        hold("weight", &|entries| joined(entries, |e| e.weight.to_string()));
        agree += u64::from(differences.len() == before);
    }
    let citation = Citation::sourced("AIM checklist of the fall count: local, AIM and MAEFAIRS counts agree");
    Ok(Reconciliation { totals, agree, differences, citation })
}

fn joined(entries: &[&CountEntry], value: impl Fn(&CountEntry) -> String) -> String {
    let mut values: Vec<String> = entries.iter().map(|entry| value(entry)).collect();
    values.sort_unstable();
    values.join(" and ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(key: &str, hours: &str, weight: &str) -> CountEntry {
        CountEntry {
            key: key.parse().unwrap(),
            school: "0007".parse().ok(),
            grade: Some(Grade::Number(5)),
            hours: hours.parse().unwrap(),
            weight: weight.parse().unwrap(),
        }
    }

    #[test]
    fn differences_are_listed_by_pupil() {
        let certified = vec![entry("A1", "1080", "1"), entry("A2", "600", "3/4"), entry("A3", "1080", "1")];
        let maefairs = vec![entry("A1", "1080", "1"), entry("A2", "500", "1/2")];
        let local = vec![entry("A1", "1080", "1"), entry("A2", "600", "3/4"), entry("A3", "1080", "1")];
        let found = reconcile(&[
            (CountSystem::Certified, certified),
            (CountSystem::Maefairs, maefairs),
            (CountSystem::Local, local),
        ])
        .unwrap();
        assert_eq!(found.agree, 1);
        let lines: Vec<String> = found
            .differences
            .iter()
            .map(|d| {
                let values: Vec<&str> = d.values.iter().map(|(_, value)| value.as_str()).collect();
                format!("{} {} {}", d.key.reveal(), d.field, values.join(", "))
            })
            .collect();
        assert_eq!(
            lines,
            ["A2 hours 600, 500, 600", "A2 weight 3/4, 1/2, 3/4", "A3 presence present, absent, present"]
        );
        assert_eq!(found.totals[1].2.to_string(), "3/2");
        assert!(!format!("{found:?}").contains("A2"));
    }

    #[test]
    fn entries_are_read_from_csv_without_showing_values() {
        let good = CountEntry::from_csv("key,school,grade,hours,weight\nA1,0007,05,1080,1\n").unwrap();
        assert_eq!(good, [entry("A1", "1080", "1")]);
        let bad = CountEntry::from_csv("key,school,grade,hours,weight\nSecret,7,05,x,1\n").unwrap_err();
        insta::assert_snapshot!(bad, @"the count cannot be read: line 2: a row needs key, school, grade, hours and weight");
    }

    #[test]
    fn grade_bands() {
        let band = |program, grade: &str| {
            GradeBand::of(&Pupil { program, grade: Some(Grade::from(grade.to_owned())), ..Pupil::default() })
        };
        assert_eq!(band(PupilProgram::K12, "06"), GradeBand::Grades1To6);
        assert_eq!(band(PupilProgram::K12, "07"), GradeBand::Grades7To8);
        assert_eq!(band(PupilProgram::K12, "08"), GradeBand::Grades7To8);
        assert_eq!(band(PupilProgram::K12, "09"), GradeBand::Grades9To12);
        assert_eq!(band(PupilProgram::K12, "UG"), GradeBand::Other);
        assert_eq!(band(PupilProgram::KindergartenHalfTime, "KF"), GradeBand::KindergartenHalfTime);
        assert_eq!(band(PupilProgram::PreschoolDisability, "PK"), GradeBand::Preschool);
    }
}
