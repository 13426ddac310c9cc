//! The kinds of example: the keys of each and the calculation that it names.

use super::calculations as run;
use super::inputs::Inputs;
use super::value::Type::{self, Bool, Date, Dec4, Int, Money, Num, SchoolYear, Text};
use super::value::Value;
use crate::AnbError;

/// A key of the inputs.
#[derive(Clone, Copy, Debug)]
pub(super) struct InputKey {
    pub(super) name: &'static str,
    pub(super) kind: Type,
    /// A list by nature; any other list makes the example a batch.
    pub(super) list: bool,
    pub(super) required: bool,
}

const fn need(name: &'static str, kind: Type) -> InputKey {
    InputKey { name, kind, list: false, required: true }
}

const fn may(name: &'static str, kind: Type) -> InputKey {
    InputKey { name, kind, list: false, required: false }
}

const fn needs(name: &'static str, kind: Type) -> InputKey {
    InputKey { name, kind, list: true, required: true }
}

const fn mays(name: &'static str, kind: Type) -> InputKey {
    InputKey { name, kind, list: true, required: false }
}

/// A key of what is expected.
#[derive(Clone, Copy, Debug)]
pub(super) struct ResultKey {
    pub(super) name: &'static str,
    pub(super) kind: Type,
    pub(super) list: bool,
}

const fn one(name: &'static str, kind: Type) -> ResultKey {
    ResultKey { name, kind, list: false }
}

const fn list(name: &'static str, kind: Type) -> ResultKey {
    ResultKey { name, kind, list: true }
}

/// What a calculation gives: each key with its value.
pub(super) type Results = Vec<(&'static str, Value)>;

/// A kind of example.
pub(super) struct Kind {
    pub(super) name: &'static str,
    pub(super) inputs: &'static [InputKey],
    pub(super) results: &'static [ResultKey],
    pub(super) run: fn(&Inputs<'_>) -> Result<Results, AnbError>,
}

/// The key that every kind takes: the year of table look-ups in place of the fiscal year.
pub(super) const RATES_FISCAL_YEAR: InputKey = may("rates_fiscal_year", Int);

/// All kinds, by name.
pub(super) const KINDS: &[Kind] = &[
    Kind {
        name: "adjusted_enrollment",
        inputs: &[
            need("count_school_year", SchoolYear),
            need("program", Text),
            needs("hours", Num),
            needs("pupils", Int),
            may("early_graduates", Num),
        ],
        results: &[one("head_count", Int), one("adjusted", Num)],
        run: run::adjusted_enrollment,
    },
    Kind {
        name: "basic_entitlement",
        inputs: &[need("program", Text), need("anb", Int)],
        results: &[
            one("steps", Int),
            one("increment", Money),
            one("increment_at_5_percent", Money),
            one("basic_entitlement", Money),
        ],
        run: run::basic_entitlement,
    },
    Kind {
        name: "budget_parts",
        inputs: &[needs("programs", Text), needs("anb", Int)],
        results: &[
            one("basic_total", Money),
            one("per_anb_total", Money),
            one("total", Money),
            one("direct_state_aid", Money),
            one("base_part", Money),
            one("gtb_area_part", Money),
        ],
        run: run::budget_parts,
    },
    Kind {
        name: "concurrent_cap",
        inputs: &[needs("weights", Num)],
        results: &[one("total_weight", Num)],
        run: run::concurrent_cap,
    },
    Kind {
        name: "count_date",
        inputs: &[
            need("rule", Text),
            need("month", Text),
            mays("school_weekdays", Text),
            mays("no_school_dates", Date),
        ],
        results: &[one("date", Date)],
        run: run::count_date,
    },
    Kind {
        name: "count_to_anb",
        inputs: &[need("october", Num), need("february", Num), need("pir_days", Int)],
        results: &[
            one("average_enrollment", Num),
            one("pir_used", Int),
            one("anb_exact", Num),
            one("anb_decimal", Dec4),
            one("anb_round_up", Int),
            one("anb_nearest", Int),
        ],
        run: run::count_to_anb,
    },
    Kind {
        name: "district_entitlements",
        inputs: &[
            mays("programs", Text),
            mays("anb", Int),
            may("k6_anb", Int),
            may("grades_7_8_anb", Int),
            may("high_school_anb", Int),
            may("accredited_7_8", Bool),
        ],
        results: &[
            one("units", Int),
            list("programs", Text),
            list("anb", Int),
            list("basic", Money),
            list("per_anb", Money),
            one("basic_total", Money),
            one("per_anb_total", Money),
            one("total", Money),
        ],
        run: run::district_entitlements,
    },
    Kind {
        name: "enrollment_increase",
        inputs: &[need("rule", Text), need("prior_enrollment", Int), need("increase", Int)],
        results: &[one("threshold", Num), one("eligible", Bool), one("funded_increase", Num)],
        run: run::enrollment_increase,
    },
    Kind {
        name: "funded_fiscal_year",
        inputs: &[need("count_school_year", SchoolYear)],
        results: &[one("funded_fiscal_year", Int)],
        run: run::funded_fiscal_year,
    },
    Kind {
        name: "general_fund_sum",
        inputs: &[needs("revenues", Money)],
        results: &[one("general_fund_budget", Money)],
        run: run::general_fund_sum,
    },
    Kind {
        name: "hour_weights",
        inputs: &[
            need("hours", Num),
            need("count_school_year", SchoolYear),
            need("program", Text),
            may("weeks", Int),
        ],
        results: &[one("weight", Num), one("weight_by_bands", Num)],
        run: run::hour_weights,
    },
    Kind {
        name: "inflation",
        inputs: &[need("previous", Money), need("factor", Num), need("round_to", Money)],
        results: &[one("amount", Money)],
        run: run::inflation,
    },
    Kind {
        name: "joint_district",
        inputs: &[need("direct_state_aid", Money), need("anb", Int), needs("county_anb", Int)],
        results: &[one("aid_per_anb", Num), list("shares", Money)],
        run: run::joint_district,
    },
    Kind {
        name: "ladder_rate",
        inputs: &[
            need("program", Text),
            need("nth", Int),
            may("first_anb_rate", Money),
            may("decrement", Num),
            may("cap", Int),
        ],
        results: &[one("rate_of_nth", Money), one("reduction", Money)],
        run: run::ladder_rate,
    },
    Kind {
        name: "ladder_total",
        inputs: &[
            need("program", Text),
            need("anb", Int),
            may("first_anb_rate", Money),
            may("decrement", Num),
            may("cap", Int),
        ],
        results: &[one("total", Money)],
        run: run::ladder_total,
    },
    Kind {
        name: "payment",
        inputs: &[need("payment", Text), need("quantity", Num), may("rate", Money)],
        results: &[one("amount", Money)],
        run: run::payment,
    },
    Kind {
        name: "pupil_countable",
        inputs: &[
            need("count_school_year", SchoolYear),
            may("consecutive_absences_through_count_date", Int),
            may("days_through_count_date", Text),
            may("enrolled_elsewhere", Bool),
            may("notice_of_not_returning", Bool),
            may("records_transferred", Bool),
            may("cannot_continue", Bool),
            may("absence_variance_granted", Bool),
            may("birth_date", Date),
            may("grade", Text),
            may("trustee_permission", Bool),
            may("disability_exception", Bool),
            may("absent_on_count_date", Bool),
            may("class_meets_on_count_date", Bool),
        ],
        results: &[one("countable", Bool), one("consecutive_absences_through_count_date", Int)],
        run: run::pupil_countable,
    },
    Kind {
        name: "special_education_limits",
        inputs: &[
            need("payment", Money),
            need("payment_two_years_before", Money),
            need("expenditures_two_years_before", Money),
        ],
        results: &[one("base_part", Money), one("maximum_part", Money)],
        run: run::special_education_limits,
    },
    Kind {
        name: "three_year",
        inputs: &[need("anb_current", Int), need("anb_prior_1", Int), need("anb_prior_2", Int)],
        results: &[
            one("three_year_exact", Num),
            one("three_year_round_up", Int),
            one("three_year_nearest", Int),
            one("use", Text),
        ],
        run: run::three_year,
    },
    Kind {
        name: "three_year_choice",
        inputs: &[needs("programs", Text), needs("anb_current", Int), needs("anb_three_year", Int)],
        results: &[
            one("entitlements_current", Money),
            one("entitlements_three_year", Money),
            one("use", Text),
        ],
        run: run::three_year_choice,
    },
    Kind {
        name: "units_to_anb",
        inputs: &[needs("october", Num), needs("february", Num), need("pir_days", Int)],
        results: &[
            list("unit_anb_exact", Num),
            list("unit_round_up", Int),
            list("unit_nearest", Int),
            one("total_round_up", Int),
            one("total_nearest", Int),
            one("pooled_exact", Num),
        ],
        run: run::units_to_anb,
    },
];
