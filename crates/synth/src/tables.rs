//! The tables of distributions under `spec/`, read once.

use crate::SynthError;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

/// The surroundings of a school that shape who its pupils are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// A school on a reservation.
    Reservation,
    /// A colony school.
    Colony,
    /// Town and country.
    General,
    /// One of the big cities.
    City,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SystemKind {
    SmallTown,
    K12,
    Town,
    CountyHigh,
    City,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RuralKind {
    OneRoom,
    TwoSchool,
    K8,
    Colony,
}

/// The rows of tables. Each carries its source and standing, which a test looks at and nothing else needs.
macro_rules! sourced_rows {
    ($($visible:vis struct $name:ident { $($(#[$attribute:meta])* $shown:vis $field:ident: $kind:ty,)+ })+) => {$(
        #[derive(Clone, Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        $visible struct $name {
            $($(#[$attribute])* $shown $field: $kind,)+
            #[serde(rename = "source")]
            _source: String,
            #[serde(rename = "standing")]
            _standing: String,
        }
    )+};
}

sourced_rows! {
    pub(crate) struct SystemRow {
        pub(crate) kind: SystemKind,
        pub(crate) count: u32,
        pub(crate) largest: u32,
        pub(crate) smallest: u32,
        pub(crate) attraction: u32,
        pub(crate) reservation_every: u32,
        pub(crate) elementary_size: u32,
        pub(crate) middle_size: u32,
        pub(crate) high_size: u32,
        pub(crate) priority: u32,
    }

    pub(crate) struct RuralRow {
        pub(crate) kind: RuralKind,
        pub(crate) count: u32,
        pub(crate) largest: u32,
        pub(crate) smallest: u32,
        pub(crate) priority: u32,
    }

    pub(crate) struct GradeRow {
        pub(crate) grade: String,
        pub(crate) weight: u32,
    }

    pub(crate) struct RaceRow {
        pub(crate) profile: Profile,
        #[serde(rename = "group")]
        _group: String,
        pub(crate) flags: String,
        pub(crate) hispanic: String,
        pub(crate) weight: u32,
    }

    struct RateRow {
        name: String,
        reservation: u32,
        colony: u32,
        general: u32,
        city: u32,
    }

    struct WordRow {
        word: String,
        #[serde(rename = "kind")]
        _kind: String,
    }

    struct EndingRow {
        ending: String,
    }

    pub(crate) struct LanguageRow {
        pub(crate) profile: Profile,
        pub(crate) language: String,
        pub(crate) weight: u32,
    }

    pub(crate) struct AbsenceRow {
        pub(crate) profile: Profile,
        pub(crate) least: u32,
        pub(crate) most: u32,
        pub(crate) weight: u32,
    }

    struct CodeRow {
        purpose: String,
        code: String,
        weight: u32,
    }

    pub(crate) struct WeekRow {
        pub(crate) week: String,
        pub(crate) small_weight: u32,
        pub(crate) large_weight: u32,
        pub(crate) days: u32,
        pub(crate) minutes_a_day: u32,
    }
}

macro_rules! rates {
    ($($name:ident),+ $(,)?) => {
        /// How often things happen in ten thousand cases, for one profile.
        #[derive(Clone, Debug, Default)]
        pub(crate) struct Rates {
            $(pub(crate) $name: u32,)+
        }

        impl Rates {
            const NAMES: &'static [&'static str] = &[$(stringify!($name)),+];

            fn from_table(row: impl Fn(&str) -> Result<u32, SynthError>) -> Result<Self, SynthError> {
                Ok(Rates { $($name: row(stringify!($name))?,)+ })
            }
        }
    };
}

rates! {
    male, sibling, middle_name, suffix, english_learner_family, english_learner_exit_per_grade,
    special_education, section_504, free_meals, reduced_meals, homeless, military, foster, migrant,
    gifted_evaluated, gifted_identified, after_school_center, neglected, early_intervening, title_targeted,
    older_by_one, older_by_two, under_five, board_admitted, retained_kindergarten, retained_elementary,
    retained_high, retained_senior, leave_outside, leave_and_return, reentry, no_show, summer_leave,
    late_arrival, founding_newcomer, dropout_middle, dropout_high, grade_change, partial_only, special_only,
    partial_second, part_time, early_graduate, proficiency_diploma, absent_on_count, excluded_on_count,
    abroad_immigrant, exchange_student, half_day_kindergarten, count_monday_off, schoolwide, targeted_school,
    unaccompanied, removed, special_education_ends,
}

/// All tables.
#[derive(Clone, Debug)]
pub(crate) struct Tables {
    pub(crate) systems: Vec<SystemRow>,
    pub(crate) rural: Vec<RuralRow>,
    pub(crate) grades: Vec<GradeRow>,
    pub(crate) words: Vec<String>,
    pub(crate) name_endings: Vec<String>,
    pub(crate) place_endings: Vec<String>,
    pub(crate) weeks: Vec<WeekRow>,
    races: BTreeMap<Profile, Vec<RaceRow>>,
    languages: BTreeMap<Profile, Vec<LanguageRow>>,
    absences: BTreeMap<Profile, Vec<AbsenceRow>>,
    rates: BTreeMap<Profile, Rates>,
    codes: BTreeMap<String, Vec<(String, u32)>>,
}

const PROFILES: [Profile; 4] = [Profile::Reservation, Profile::Colony, Profile::General, Profile::City];

impl Tables {
    /// The tables built into the crate.
    pub(crate) fn built_in() -> Result<Self, SynthError> {
        let rates: Vec<RateRow> = read("rates.csv", include_str!("../spec/rates.csv"))?;
        let rates_of = |profile: Profile| {
            Rates::from_table(|name| {
                let mut found = rates.iter().filter(|row| row.name == name);
                match (found.next(), found.next()) {
                    (Some(row), None) => Ok(match profile {
                        Profile::Reservation => row.reservation,
                        Profile::Colony => row.colony,
                        Profile::General => row.general,
                        Profile::City => row.city,
                    }),
                    _ => Err(table("rates.csv", format!("{name} must stand there once"))),
                }
            })
            .map(|rates| (profile, rates))
        };
        if let Some(row) = rates.iter().find(|row| !Rates::NAMES.contains(&row.name.as_str())) {
            return Err(table("rates.csv", format!("{} is not used", row.name)));
        }
        let word = |row: WordRow| row.word;
        let ending = |row: EndingRow| row.ending;
        let name_endings = read("name-endings.csv", include_str!("../spec/name-endings.csv"))?;
        let place_endings = read("place-endings.csv", include_str!("../spec/place-endings.csv"))?;
        let words = read("words.csv", include_str!("../spec/words.csv"))?;
        let mut codes: BTreeMap<String, Vec<(String, u32)>> = BTreeMap::new();
        for row in read::<CodeRow>("codes.csv", include_str!("../spec/codes.csv"))? {
            codes.entry(row.purpose).or_default().push((row.code, row.weight));
        }
        Ok(Tables {
            systems: read("systems.csv", include_str!("../spec/systems.csv"))?,
            rural: read("rural.csv", include_str!("../spec/rural.csv"))?,
            grades: read("grades.csv", include_str!("../spec/grades.csv"))?,
            words: words.into_iter().map(word).collect(),
            name_endings: name_endings.into_iter().map(ending).collect(),
            place_endings: place_endings.into_iter().map(ending).collect(),
            weeks: read("weeks.csv", include_str!("../spec/weeks.csv"))?,
            races: grouped("races.csv", include_str!("../spec/races.csv"), |row: &RaceRow| row.profile)?,
            languages: grouped(
                "languages.csv",
                include_str!("../spec/languages.csv"),
                |row: &LanguageRow| row.profile,
            )?,
            absences: grouped("absences.csv", include_str!("../spec/absences.csv"), |row: &AbsenceRow| {
                row.profile
            })?,
            rates: PROFILES.into_iter().map(rates_of).collect::<Result<_, _>>()?,
            codes,
        })
    }

    pub(crate) fn races(&self, profile: Profile) -> &[RaceRow] {
        self.races.get(&profile).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn languages(&self, profile: Profile) -> &[LanguageRow] {
        self.languages.get(&profile).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn absences(&self, profile: Profile) -> &[AbsenceRow] {
        self.absences.get(&profile).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn rates(&self, profile: Profile) -> &Rates {
        static NONE: std::sync::OnceLock<Rates> = std::sync::OnceLock::new();
        self.rates.get(&profile).unwrap_or_else(|| NONE.get_or_init(Rates::default))
    }

    /// The codes that may be written for a purpose, with their weights.
    pub(crate) fn codes(&self, purpose: &str) -> &[(String, u32)] {
        self.codes.get(purpose).map_or(&[], Vec::as_slice)
    }

    /// The one code for a purpose, or the first of several.
    pub(crate) fn code(&self, purpose: &str) -> &str {
        self.codes(purpose).first().map_or("", |(code, _)| code.as_str())
    }
}

fn table(name: &str, problem: String) -> SynthError {
    SynthError::Table { table: name.to_owned(), problem }
}

fn read<T: DeserializeOwned>(name: &str, text: &str) -> Result<Vec<T>, SynthError> {
    let rows: Result<Vec<T>, csv::Error> =
        csv::Reader::from_reader(text.as_bytes()).into_deserialize().collect();
    let rows = rows.map_err(|error| table(name, error.to_string()))?;
    if rows.is_empty() { Err(table(name, "has no rows".to_owned())) } else { Ok(rows) }
}

fn grouped<T: DeserializeOwned>(
    name: &str,
    text: &str,
    key: impl Fn(&T) -> Profile,
) -> Result<BTreeMap<Profile, Vec<T>>, SynthError> {
    let mut groups: BTreeMap<Profile, Vec<T>> = BTreeMap::new();
    for row in read(name, text)? {
        groups.entry(key(&row)).or_default().push(row);
    }
    match PROFILES.iter().find(|profile| !groups.contains_key(profile)) {
        Some(missing) => Err(table(name, format!("has no row for {missing:?}"))),
        None => Ok(groups),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use opi_dictionary::Standing;

    const SPEC: &[(&str, &str)] = &[
        ("absences.csv", include_str!("../spec/absences.csv")),
        ("codes.csv", include_str!("../spec/codes.csv")),
        ("defects.csv", include_str!("../spec/defects.csv")),
        ("grades.csv", include_str!("../spec/grades.csv")),
        ("languages.csv", include_str!("../spec/languages.csv")),
        ("name-endings.csv", include_str!("../spec/name-endings.csv")),
        ("place-endings.csv", include_str!("../spec/place-endings.csv")),
        ("races.csv", include_str!("../spec/races.csv")),
        ("rates.csv", include_str!("../spec/rates.csv")),
        ("rural.csv", include_str!("../spec/rural.csv")),
        ("systems.csv", include_str!("../spec/systems.csv")),
        ("weeks.csv", include_str!("../spec/weeks.csv")),
        ("words.csv", include_str!("../spec/words.csv")),
    ];

    #[test]
    fn every_row_has_source_and_standing() {
        for (name, text) in SPEC {
            let mut reader = csv::Reader::from_reader(text.as_bytes());
            let headers = reader.headers().unwrap().clone();
            let column = |wanted: &str| headers.iter().position(|header| header == wanted).unwrap();
            let (source, standing) = (column("source"), column("standing"));
            for row in reader.records() {
                let row = row.unwrap();
                assert!(!row[source].trim().is_empty(), "{name}: {row:?}");
                assert!(row[standing].parse::<Standing>().is_ok(), "{name}: {row:?}");
            }
        }
    }

    #[test]
    fn tables_are_whole() {
        let tables = Tables::built_in().unwrap();
        assert_eq!(tables.grades.len(), crate::geography::GRADES);
        let mut words = tables.words.clone();
        words.sort();
        words.dedup();
        assert_eq!(words.len(), tables.words.len(), "each word once");
        for profile in PROFILES {
            assert!(tables.races(profile).iter().map(|row| row.weight).sum::<u32>() > 0);
            assert!(tables.absences(profile).iter().all(|row| row.least <= row.most && row.most < 10_000));
            let rates = tables.rates(profile);
            assert!(rates.free_meals + rates.reduced_meals < 10_000 && rates.male < 10_000);
        }
    }

    #[test]
    fn codes_are_those_of_the_dictionary() {
        let dictionary = opi_dictionary::Dictionary::built_in();
        let tables = Tables::built_in().unwrap();
        for (start, set) in [
            ("start_", "enrollment-start-status"),
            ("end_", "enrollment-end-status"),
            ("diploma_", "diploma-type"),
            ("period_", "diploma-period"),
            ("homeless", "homeless-nighttime-residence"),
            ("military", "military-connection"),
            ("suffix", "name-suffix"),
            ("disability", "disability"),
            ("setting_", "sped-setting"),
            ("discipline_method", "discipline-method"),
            ("expulsion_services", "educational-services"),
            ("interim_removal_reason", "interim-removal-reason"),
            ("firearm_result", "firearm-result"),
            ("lunch_program", "lunch-program-status"),
        ] {
            let set = dictionary.code_set(set).unwrap();
            let codes = tables
                .codes
                .iter()
                .filter(|(purpose, _)| purpose.starts_with(start))
                .flat_map(|(_, codes)| codes);
            for (code, _) in codes {
                assert!(set.look_up(code, None).is_permitted(), "{start}: {code}");
            }
        }
    }
}
