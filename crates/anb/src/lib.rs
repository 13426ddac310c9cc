#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![warn(missing_docs)]
#![deny(clippy::float_arithmetic)]

/// The types of the data dictionary that appear here: years, identifiers, citations, standing.
pub use opi_dictionary as dictionary;

mod anb;
mod articles;
mod case;
mod check;
mod concerns;
mod count_date;
mod csv_rows;
mod decisions;
mod district;
mod dollars;
mod eligibility;
mod error;
mod forecast;
mod fraction;
mod funding;
mod grade;
mod history;
mod increase;
mod increases;
mod interpretation;
mod judgement;
mod law;
mod maefairs;
mod message;
mod money;
mod payments;
mod pupil;
mod reason;
mod report;
#[cfg(feature = "schemars")]
mod schema;
mod state;
mod step;
mod table;
mod tally;
mod units;
mod weights;
mod what_if;

pub use anb::{
    FACTOR_DAYS, MOST_PIR_DAYS, UnitAnb, average_enrollment, average_to_anb, count_to_anb, pir_days_for,
    pir_days_used, round_anb, three_year_mean,
};
pub use articles::{ARTICLES_CSV, Article, articles, articles_page};
pub use case::{
    ActivityPupil, Band, BudgetUnit, Case, Closed, Component, Count, CountDates, CountyPupils, District,
    Established, EstablishedCase, HoursShort, PaymentBasis, Separate,
};
pub use check::{CheckReport, ExampleResult, KeyResult, check_examples, example_kinds};
pub use count_date::{CountPeriod, WeeklyCalendar, count_date, funded_fiscal_year, nominal_count_date};
pub use csv_rows::{CsvRow, to_csv};
pub use decisions::{PupilDecision, pupil_decisions};
pub use district::{
    Alternatives, Amount, AnbUsed, CaseResult, ChoiceEffect, CountyShare, Difference, DistrictFailure,
    DistrictResult, Level, LevelResult, UnitResult, Unsourced, compute_case, compute_district,
};
pub use dollars::{
    BasicEntitlement, BudgetProgram, Ladder, base_part, basic_entitlement, direct_state_aid, gtb_area_part,
    inflate, special_education_base, special_education_maximum,
};
pub use eligibility::{
    DayMark, EXCEPTION_AGE, KINDERGARTEN_AGE, MOST_ABSENCES, UPPER_AGE, absence_run, absence_run_of_letters,
    age_on_september_10, eleventh_day_bars, kindergarten_age_bars, september_10, upper_age_bars,
};
pub use error::AnbError;
pub use forecast::{
    DistrictForecast, Forecast, OpenCount, SpringBounds, forecast_anb, forecast_case, forecast_district,
    open_counts_from_toml,
};
pub use fraction::Fraction;
pub use grade::Grade;
pub use history::AnbHistory;
pub use increase::{
    Increase, IncreaseRule, budget_amendment_ceiling, first_kindergarten_year, significant_increase,
    unanticipated_increase, unusual_increase,
};
pub use increases::{AmendedBudget, EnrollmentIncrease, IncreaseResult};
pub use interpretation::{
    Alternative, AnbRounding, BasicSteps, Comparison, ConcurrentShare, EarlyGraduates, EqualBudgets,
    Extracurricular, INTERPRETATIONS_CSV, IncreaseFunding, Interpretation, JumpstartCap, KindergartenWeight,
    LadderScope, PirDays, QuarterTime, ShortHistory, SpringCount, YouthChallenge,
};
pub use judgement::PupilRules;
pub use law::{Law, LawInForce};
pub use maefairs::{
    CountEntry, CountFileRow, CountSystem, GradeBand, HoursBand, PupilDifference, Reconciliation, count_file,
    reconcile,
};
pub use money::Money;
pub use payments::{
    CountyShares, HoursGroup, Payment, county_shares, data_for_achievement_is_paid, general_fund_budget,
    gtb_aid_per_mill, highest_adopted_budget, hours_reduction, over_base_levy_needs_vote, payment_amount,
    school_facility_entitlement, school_major_maintenance, special_education_parts,
};
pub use pupil::{Attendance, Pupil};
pub use reason::{Decision, Reason};
pub use report::Detail;
#[cfg(feature = "schemars")]
pub use schema::{schema_of_case, schema_of_change, schema_of_check, schema_of_open_count, schema_of_result};
pub use state::{AnbRow, EntitlementRow, StateFiles, state_files};
pub use step::{Explained, Operation, Step, Unit};
pub use table::{
    Basis, ENTITLEMENTS_CSV, EntitlementTable, Figure, FigureUnit, TIMELINE_CSV, Timeline, TimelineRow,
};
pub use tally::{Tally, TallyLine, TallyRow};
pub use units::activity_weight;
pub use weights::{PupilProgram, WeightRules, concurrent_total};
pub use what_if::{Change, WhatIf, changes_from_toml, what_if, what_if_case};
