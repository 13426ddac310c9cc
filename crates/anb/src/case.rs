//! The case: districts, their budget units and counts, as files and programs give them.

use crate::message::shown;
use crate::{
    AnbError, BudgetProgram, CountPeriod, EnrollmentIncrease, Fraction, HoursGroup, Interpretation, Money,
    Pupil, PupilProgram,
};
use chrono::NaiveDate;
use opi_dictionary::{CountyNumber, DistrictNumber, FiscalYear, LegalEntityNumber};
use serde::{Deserialize, Serialize};

/// Districts to be computed for one fiscal year.
///
/// ```
/// use opi_anb::Case;
/// let case = Case::from_toml(r#"
///     fiscal_year = "FY2026"
///     [[districts]]
///     district = "0123"
///     pir_days = 7
///     [[districts.units]]
///     unit = "K-8"
///     program = "elementary"
///     october = { adjusted = "150" }
///     february = { adjusted = "166" }
/// "#)?;
/// assert_eq!(case.districts.len(), 1);
/// # Ok::<(), opi_anb::AnbError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// The fiscal year budgeted, `FY2026` or 2026; the counts are those of the school year before.
    #[serde(deserialize_with = "fiscal_year")]
    #[cfg_attr(feature = "schemars", schemars(with = "WrittenYear"))]
    pub fiscal_year: FiscalYear,
    /// The choices that differ from the defaults.
    #[serde(default)]
    pub interpretation: Interpretation,
    /// The districts.
    pub districts: Vec<District>,
}

/// One district.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct District {
    /// The number of the district.
    pub district: DistrictNumber,
    /// The number of the legal entity.
    #[serde(default)]
    pub legal_entity: Option<LegalEntityNumber>,
    /// The name, for reports.
    #[serde(default)]
    pub name: Option<String>,
    /// Whole years that the district has existed; absent means three or more.
    #[serde(default)]
    pub years_in_existence: Option<u32>,
    /// Pupil-instruction-related days approved for the budget year.
    #[serde(default)]
    pub pir_days: Option<u32>,
    /// Pupil-instruction-related days of the year of the counts.
    #[serde(default)]
    pub pir_days_count_year: Option<u32>,
    /// The days on which it counted, where they are not those that the law names: its next school days.
    #[serde(default)]
    pub count_dates: CountDates,
    /// The budget units.
    pub units: Vec<BudgetUnit>,
    /// What the payments rest on besides ANB.
    #[serde(default)]
    pub payments: PaymentBasis,
    /// Hours offered below the minimum.
    #[serde(default)]
    pub hours_short: Vec<HoursShort>,
    /// For a joint district: pupils by county of residence. When absent, those of the counts by pupils that name a
    /// county.
    #[serde(default)]
    pub counties: Vec<CountyPupils>,
    /// The significant enrollment increase as determined, from FY2024.
    #[serde(default)]
    pub significant_increase: Option<Money>,
    /// Increases of enrollment that it applies or petitions for, in the years that had them.
    #[serde(default)]
    pub increases: Vec<EnrollmentIncrease>,
}

impl District {
    /// A district with its units and nothing else known of it.
    #[must_use]
    pub fn new(district: DistrictNumber, units: Vec<BudgetUnit>) -> Self {
        District {
            district,
            legal_entity: None,
            name: None,
            years_in_existence: None,
            pir_days: None,
            pir_days_count_year: None,
            count_dates: CountDates::default(),
            units,
            payments: PaymentBasis::default(),
            hours_short: Vec::new(),
            counties: Vec::new(),
            significant_increase: None,
            increases: Vec::new(),
        }
    }
}

/// The days on which a district counted. MCA 20-9-311(1)(a).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct CountDates {
    /// In October.
    pub fall: Option<NaiveDate>,
    /// In December.
    pub winter: Option<NaiveDate>,
    /// In February.
    pub spring: Option<NaiveDate>,
}

impl CountDates {
    /// The day of a count, where it is known.
    #[must_use]
    pub const fn of(&self, period: CountPeriod) -> Option<NaiveDate> {
        match period {
            CountPeriod::Fall => self.fall,
            CountPeriod::Winter => self.winter,
            CountPeriod::Spring => self.spring,
        }
    }
}

/// One budget unit: schools whose pupils are pooled for one ANB and one basic entitlement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct BudgetUnit {
    /// Its name, unique in the district.
    pub unit: String,
    /// The program by which it is funded.
    pub program: BudgetProgram,
    /// Why it stands apart from another unit of the same program.
    #[serde(default)]
    pub separate: Option<Separate>,
    /// The October count.
    #[serde(default)]
    pub october: Option<Count>,
    /// The December count, from the counts of 2013-14 on: in the count file, never averaged.
    #[serde(default)]
    pub december: Option<Count>,
    /// The February count.
    #[serde(default)]
    pub february: Option<Count>,
    /// Home and private school pupils in activities of the count year.
    #[serde(default)]
    pub activities: Vec<ActivityPupil>,
    /// ANB one year before the budget year, as computed then.
    #[serde(default)]
    pub anb_prior_1: Option<u32>,
    /// ANB two years before the budget year, as computed then.
    #[serde(default)]
    pub anb_prior_2: Option<u32>,
    /// The unit closed after the counts, or joined another.
    #[serde(default)]
    pub closed: Option<Closed>,
    /// A component of a consolidation or annexation in its sixth year or before.
    #[serde(default)]
    pub component: Option<Component>,
    /// ANB established for an opening, a reopening or a nearby closing, in place of the counts.
    #[serde(default)]
    pub established_anb: Option<Established>,
    /// ANB added for an approved unusual increase, through FY2021.
    #[serde(default)]
    pub approved_increase: Option<Fraction>,
    /// Its half-time kindergarten becomes full-time in the budget year, through FY2025. MCA 20-9-311(5).
    #[serde(default)]
    pub kindergarten_goes_full_time: bool,
    /// Declared nonaccredited for failing the standards: its pupils have no ANB.
    #[serde(default)]
    pub nonaccredited: bool,
}

impl BudgetUnit {
    /// A unit with no counts and nothing else known of it.
    #[must_use]
    pub fn new(unit: impl Into<String>, program: BudgetProgram) -> Self {
        BudgetUnit {
            unit: unit.into(),
            program,
            separate: None,
            october: None,
            december: None,
            february: None,
            activities: Vec::new(),
            anb_prior_1: None,
            anb_prior_2: None,
            closed: None,
            component: None,
            established_anb: None,
            approved_increase: None,
            kindergarten_goes_full_time: false,
            nonaccredited: false,
        }
    }

    /// A count of the unit.
    #[must_use]
    pub const fn count(&self, period: CountPeriod) -> Option<&Count> {
        match period {
            CountPeriod::Fall => self.october.as_ref(),
            CountPeriod::Winter => self.december.as_ref(),
            CountPeriod::Spring => self.february.as_ref(),
        }
    }
}

/// Why a unit is separate. MCA 20-9-311(8)(a); ARM 10.20.102(2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Separate {
    /// More than 20 miles beyond the limits of a city or town of the district and at least 20 miles from
    /// any other school of it.
    FarFromTown,
    /// No incorporated territory in the district and more than 20 miles from any other school of it.
    FarFromSchools,
    /// Approved on application for obstacles or unusual hardship.
    Approved,
    /// So determined by the State; which of the reasons is not told.
    Determined,
}

impl Separate {
    /// What distance alone says: miles beyond the limits of a city or town (`None` when the district has no
    /// incorporated territory) and miles to the nearest other school of the district.
    ///
    /// ```
    /// use opi_anb::{Fraction, Separate};
    /// let far = Separate::by_distance(Some(Fraction::whole(21)), Fraction::whole(20));
    /// assert_eq!(far, Some(Separate::FarFromTown));
    /// assert_eq!(Separate::by_distance(None, Fraction::whole(20)), None);
    /// ```
    #[must_use]
    pub fn by_distance(beyond_town: Option<Fraction>, to_other_school: Fraction) -> Option<Self> {
        let twenty = Fraction::whole(20);
        match beyond_town {
            Some(beyond) if beyond > twenty && to_other_school >= twenty => Some(Separate::FarFromTown),
            None if to_other_school > twenty => Some(Separate::FarFromSchools),
            _ => None,
        }
    }
}

/// A unit that closed: its enrollment joins another unit for the first year after. ARM 10.20.102(2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Closed {
    /// The unit that its pupils attend now.
    pub joins: String,
    /// The year after closing: 1 for the first.
    pub year: u32,
}

/// A component of a consolidation. ARM 10.23.108; MCA 20-9-311(8).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Component {
    /// The year after the consolidation: 1 to 6. Through the third the component has ANB of its own.
    pub year: u32,
    /// The unit that its pupils are pooled with from the fourth year on.
    pub joins: String,
}

impl Component {
    /// The share of the component's basic entitlement in a year: whole for three years, then 75%, 50%, 25%.
    #[must_use]
    pub fn basic_share(year: u32) -> Fraction {
        match year {
            1..=3 => Fraction::ONE,
            4 => Fraction::THREE_QUARTERS,
            5 => Fraction::HALF,
            6 => Fraction::QUARTER,
            _ => Fraction::ZERO,
        }
    }
}

/// ANB established by officials in place of counts. MCA 20-9-313(1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Established {
    /// The ANB.
    pub anb: u32,
    /// Why and by whom.
    pub case: EstablishedCase,
}

/// The cases in which ANB is established.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum EstablishedCase {
    /// An elementary school opens or reopens: by the county superintendent, approved by the State.
    ElementaryOpening,
    /// A high school or branch opens or reopens: by the county superintendent's estimate.
    HighSchoolOpening,
    /// A school nearby closes: estimated by trustees and county superintendent, decided by the State.
    NearbyClosing,
}

/// A count of one unit: pupils, aggregated bands, or an enrollment already adjusted. Parts add up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Count {
    /// Pupils one by one.
    pub pupils: Vec<Pupil>,
    /// Pupils by aggregate hours.
    pub bands: Vec<Band>,
    /// Adjusted enrollment, computed elsewhere.
    pub adjusted: Option<Fraction>,
    /// Early graduates at their weight before graduating, beside those among the pupils.
    pub early_graduates: Option<Fraction>,
}

/// Eligible pupils of one program at the same aggregate hours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Band {
    /// The program.
    #[serde(default)]
    pub program: PupilProgram,
    /// Aggregate hours, any number within the band.
    pub hours: Fraction,
    /// Weeks of a jumpstart program.
    #[serde(default)]
    pub weeks: Option<u32>,
    /// How many pupils.
    pub pupils: u32,
}

/// A home or private school pupil in activities completed in the school year. 2021 SB 72.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ActivityPupil {
    /// Activities of at least 6 weeks and fewer than 18.
    #[serde(default)]
    pub six_weeks: u32,
    /// Activities of at least 18 weeks.
    #[serde(default)]
    pub eighteen_weeks: u32,
    /// The weight at which the pupil is enrolled besides.
    #[serde(default)]
    pub enrolled: Option<Fraction>,
}

/// What the payments rest on besides ANB. What is absent leaves its part out, and the result says so.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct PaymentBasis {
    /// Full-time equivalent educators of the year before.
    pub quality_educator_fte: Option<Fraction>,
    /// American Indian pupils of the October count.
    pub american_indian_pupils: Option<u32>,
    /// Qualified staff members of a district that meets the benchmark, from FY2026.
    pub qualified_staff: Option<u32>,
    /// The at-risk payment.
    pub at_risk_payment: Option<Money>,
    /// The future ready payment, from FY2026.
    pub future_ready_payment: Option<Money>,
    /// The special education allowable cost payment.
    pub special_education_payment: Option<Money>,
    /// That payment two years before.
    pub special_education_payment_two_years_before: Option<Money>,
    /// Allowable cost expenditures two years before.
    pub special_education_expenditures_two_years_before: Option<Money>,
    /// The statewide ratio of guaranteed tax base aid.
    pub gtb_ratio: Option<Fraction>,
    /// The district's GTB area of the year before.
    pub gtb_area_prior_year: Option<Money>,
    /// The district's taxable value of the year before.
    pub taxable_value_prior_year: Option<Money>,
    /// The budget adopted last year.
    pub last_adopted_budget: Option<Money>,
    /// Direct state aid and the listed payments of last year.
    pub last_aid_and_payments: Option<Money>,
}

/// Hours below the minimum for a group of grades.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct HoursShort {
    /// The group.
    pub group: HoursGroup,
    /// Aggregate hours offered; a day closed for an unforeseen emergency is counted as held.
    pub hours: Fraction,
    /// The group's part of direct state aid.
    pub state_aid_of_group: Money,
    /// Whether operating below the minimum was approved.
    pub approved: bool,
}

/// Pupils of a joint district who reside in one county.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CountyPupils {
    /// The county.
    pub county: CountyNumber,
    /// Its pupils, counted or adjusted.
    pub pupils: Fraction,
}

impl Case {
    /// A case from TOML.
    ///
    /// # Errors
    /// When the text is no TOML, a key is unknown, or a value is not of its kind.
    pub fn from_toml(text: &str) -> Result<Self, AnbError> {
        toml::from_str(text).map_err(|error| AnbError::Document {
            what: "the case".into(),
            problem: shown(&error.to_string()),
        })
    }

    /// A case from JSON.
    ///
    /// # Errors
    /// When the text is no JSON, a key is unknown, or a value is not of its kind.
    pub fn from_json(text: &str) -> Result<Self, AnbError> {
        serde_json::from_str(text).map_err(|error| {
            let (message, place) =
                (error.to_string(), format!(" at line {} column {}", error.line(), error.column()));
            let message = shown(message.strip_suffix(&place).unwrap_or(&message));
            AnbError::Document { what: "the case".into(), problem: message + &place }
        })
    }

    /// A case from JSON when the text begins with a brace, else from TOML.
    ///
    /// # Errors
    /// As [`Case::from_json`] and [`Case::from_toml`].
    pub fn from_text(text: &str) -> Result<Self, AnbError> {
        if text.trim_start().starts_with('{') { Self::from_json(text) } else { Self::from_toml(text) }
    }
}

/// A fiscal year as text or as a number.
fn fiscal_year<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<FiscalYear, D::Error> {
    let year = match WrittenYear::deserialize(deserializer)? {
        WrittenYear::Number(number) => FiscalYear::ending(number),
        WrittenYear::Text(text) => text.parse(),
    };
    year.map_err(serde::de::Error::custom)
}

/// The two forms in which a fiscal year is written.
#[derive(Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(untagged)]
enum WrittenYear {
    /// The year in which it ends, such as 2026.
    Number(i32),
    /// As `FY2026`.
    Text(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_at_below_and_above_twenty_miles() {
        let miles = Fraction::whole;
        assert_eq!(Separate::by_distance(Some(miles(20)), miles(25)), None);
        assert_eq!(Separate::by_distance(Some(miles(21)), miles(19)), None);
        assert_eq!(Separate::by_distance(Some(miles(21)), miles(20)), Some(Separate::FarFromTown));
        assert_eq!(Separate::by_distance(None, miles(20)), None);
        assert_eq!(Separate::by_distance(None, miles(21)), Some(Separate::FarFromSchools));
    }

    #[test]
    fn the_share_of_a_component_falls_after_the_third_year() {
        let shares: Vec<String> = (0..=7).map(|year| Component::basic_share(year).to_string()).collect();
        assert_eq!(shares, ["0", "1", "1", "1", "3/4", "1/2", "1/4", "0"]);
    }

    #[test]
    fn numbers_are_whole_or_text_never_binary_fractions() {
        let case = |adjusted: &str| {
            let body = "fiscal_year = 2026\n[[districts]]\ndistrict = \"0001\"\n[[districts.units]]\nunit = \"K-8\"\nprogram = \"elementary\"\n";
            Case::from_toml(&format!("{body}october = {{ adjusted = {adjusted} }}"))
        };
        let adjusted = |text| case(text).unwrap().districts[0].units[0].october.as_ref().unwrap().adjusted;
        assert_eq!(adjusted("150"), Some(Fraction::whole(150)));
        assert_eq!(adjusted("\"150.5\""), Fraction::new(301, 2).ok());
        assert!(case("150.5").unwrap_err().to_string().contains("expected a whole number, or text"));
    }

    #[test]
    fn unknown_keys_and_wrong_values_are_errors_with_their_place() {
        let unknown = Case::from_toml("fiscal_year = \"FY2026\"\ndistricts = []\npir = 7").unwrap_err();
        insta::assert_snapshot!(unknown, @"the case cannot be read: TOML parse error at line 3, column 1 unknown field `pir`, expected one of `fiscal_year`, `interpretation`, `districts`");
        let json = Case::from_text("{\"fiscal_year\": \"FY2026\"}").unwrap_err();
        insta::assert_snapshot!(json, @"the case cannot be read: missing field `districts` at line 1 column 25");
        let year = Case::from_toml("fiscal_year = \"26\"\ndistricts = []").unwrap_err();
        insta::assert_snapshot!(year, @"the case cannot be read: TOML parse error at line 1, column 15 the value is no fiscal year: write FY2025 or 2025 (1950 to 2199)");
    }
}
