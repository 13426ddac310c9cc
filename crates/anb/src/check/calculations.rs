//! What each kind of example computes, with the functions of the library and the default interpretation.

use super::inputs::{Inputs, word};
use super::kinds::Results;
use super::value::Value;
use crate::{
    AnbError, AnbRounding, BudgetProgram, Fraction, IncreaseRule, Interpretation, Ladder, Money, Payment,
    PupilProgram, Step, Unit, WeeklyCalendar, WeightRules,
};
use chrono::{Datelike, NaiveDate, Weekday};
use opi_dictionary::{BirthDate, Citation, FiscalYear, SchoolDays};

fn choices() -> Interpretation {
    Interpretation::default()
}

fn pupils(label: &'static str, number: Fraction) -> Step {
    Step::given(label, number, Unit::Pupils)
}

fn anb(number: i64) -> Step {
    Step::given("ANB", Fraction::whole(number), Unit::Anb)
}

fn dollars(label: &'static str, amount: Money) -> Result<Step, AnbError> {
    Ok(Step::given(label, amount.to_fraction()?, Unit::Dollars))
}

fn money(step: &Step) -> Result<Value, AnbError> {
    Ok(Value::Money(step.money()?))
}

fn whole(number: Fraction) -> Result<Value, AnbError> {
    if number.is_whole() {
        Ok(Value::Int(number.numerator()))
    } else {
        Err(AnbError::range("a result", number, "a whole number"))
    }
}

fn rounded(exact: &Step, rounding: AnbRounding) -> Result<Value, AnbError> {
    whole(crate::round_anb(exact.clone(), rounding, "ANB")?.value())
}

pub(super) fn count_to_anb(inputs: &Inputs<'_>) -> Result<Results, AnbError> {
    let days = Step::given("PIR days approved", Fraction::whole(inputs.int("pir_days")?), Unit::Days);
    let (october, february) =
        (pupils("October", inputs.num("october")?), pupils("February", inputs.num("february")?));
    let anb = crate::count_to_anb(october, february, days)?;
    Ok(vec![
        ("average_enrollment", Value::Num(anb.average_enrollment)),
        ("pir_used", Value::Int(anb.pir_used.into())),
        ("anb_exact", Value::Num(anb.exact.value())),
        ("anb_decimal", Value::Text(anb.exact.value().decimals(4)?)),
        ("anb_round_up", rounded(&anb.exact, AnbRounding::Ceiling)?),
        ("anb_nearest", rounded(&anb.exact, AnbRounding::NearestHalfUp)?),
    ])
}

pub(super) fn units_to_anb(inputs: &Inputs<'_>) -> Result<Results, AnbError> {
    inputs.same_length(&["october", "february"])?;
    let days = Step::given("PIR days approved", Fraction::whole(inputs.int("pir_days")?), Unit::Days);
    crate::pir_days_used(days.clone())?;
    let (mut exact, mut up, mut nearest) = (Vec::new(), Vec::new(), Vec::new());
    let (mut total_up, mut total_nearest, mut pooled) = (Fraction::ZERO, Fraction::ZERO, Fraction::ZERO);
    for (october, february) in inputs.nums("october")?.into_iter().zip(inputs.nums("february")?) {
        let unit =
            crate::count_to_anb(pupils("October", october), pupils("February", february), days.clone())?;
        let of_unit = unit.exact.value();
        let unit_up = crate::round_anb(unit.exact.clone(), AnbRounding::Ceiling, "ANB")?.value();
        let unit_nearest = crate::round_anb(unit.exact, AnbRounding::NearestHalfUp, "ANB")?.value();
        total_up = total_up.plus(unit_up)?;
        total_nearest = total_nearest.plus(unit_nearest)?;
        pooled = pooled.plus(of_unit)?;
        exact.push(Value::Num(of_unit));
        up.push(whole(unit_up)?);
        nearest.push(whole(unit_nearest)?);
    }
    Ok(vec![
        ("unit_anb_exact", Value::List(exact)),
        ("unit_round_up", Value::List(up)),
        ("unit_nearest", Value::List(nearest)),
        ("total_round_up", whole(total_up)?),
        ("total_nearest", whole(total_nearest)?),
        ("pooled_exact", Value::Num(pooled)),
    ])
}

fn pupil_program(inputs: &Inputs<'_>) -> Result<PupilProgram, AnbError> {
    word("program", &inputs.text("program")?, &PupilProgram::ALL, PupilProgram::word)
}

fn weight_rules(inputs: &Inputs<'_>) -> Result<WeightRules, AnbError> {
    WeightRules::of(inputs.law, &choices(), inputs.school_year("count_school_year")?)
}

pub(super) fn adjusted_enrollment(inputs: &Inputs<'_>) -> Result<Results, AnbError> {
    inputs.same_length(&["hours", "pupils"])?;
    let (program, rules) = (pupil_program(inputs)?, weight_rules(inputs)?);
    let early = inputs.maybe_num("early_graduates").unwrap_or(Fraction::ZERO);
    if early.is_negative() {
        return Err(AnbError::range("early_graduates", early, "zero or more"));
    }
    let (mut heads, mut adjusted) = (Fraction::ZERO, early);
    for (hours, number) in inputs.nums("hours")?.into_iter().zip(inputs.naturals("pupils")?) {
        let (number, weight) = (Fraction::whole(number), rules.weight(program, hours, None)?);
        heads = heads.plus(number)?;
        adjusted = adjusted.plus(number.times(weight)?)?;
    }
    Ok(vec![("head_count", whole(heads)?), ("adjusted", Value::Num(adjusted))])
}

pub(super) fn hour_weights(inputs: &Inputs<'_>) -> Result<Results, AnbError> {
    let (program, rules, hours) = (pupil_program(inputs)?, weight_rules(inputs)?, inputs.num("hours")?);
    let narrow =
        |weeks: i64| u32::try_from(weeks).map_err(|_| AnbError::range("weeks", weeks, "zero or more"));
    let weeks = inputs.optional_int("weeks")?.map(narrow).transpose()?;
    Ok(vec![
        ("weight", Value::Num(rules.weight(program, hours, weeks)?)),
        ("weight_by_bands", Value::Num(rules.weight_by_bands(program, hours, weeks)?)),
    ])
}

pub(super) fn concurrent_cap(inputs: &Inputs<'_>) -> Result<Results, AnbError> {
    Ok(vec![("total_weight", Value::Num(crate::concurrent_total(&inputs.nums("weights")?)?))])
}

pub(super) fn pupil_countable(inputs: &Inputs<'_>) -> Result<Results, AnbError> {
    let year = inputs.school_year("count_school_year")?;
    let number = inputs.optional_int("consecutive_absences_through_count_date")?;
    let run = match (number, inputs.maybe_text("days_through_count_date")) {
        (Some(_), Some(_)) => {
            let either = "give either this or consecutive_absences_through_count_date";
            return Err(AnbError::case("inputs.days_through_count_date", either));
        }
        (None, Some(letters)) => crate::absence_run_of_letters(&letters)?,
        (number, None) => {
            let number = number.unwrap_or_default();
            let expected = "zero or more days";
            u32::try_from(number)
                .map_err(|_| AnbError::range("consecutive_absences_through_count_date", number, expected))?
        }
    };
    let kindergarten = match inputs.maybe_text("grade").as_deref() {
        None => false,
        Some("KF") => true,
        Some(grade) => {
            let number = grade.parse::<u8>().ok().filter(|_| grade.len() == 2);
            if !number.is_some_and(|number| (1..=12).contains(&number)) {
                return Err(AnbError::unreadable("grade", grade, "KF or 01 to 12"));
            }
            false
        }
    };
    let left = ["enrolled_elsewhere", "notice_of_not_returning", "records_transferred", "cannot_continue"];
    let mut countable = !left.iter().any(|key| inputs.flag(key));
    countable &= !crate::eleventh_day_bars(run, inputs.flag("absence_variance_granted"));
    if let Some(birth) = inputs.maybe_date("birth_date") {
        let age = crate::age_on_september_10(&BirthDate::new(birth), year)?;
        let exception = inputs.flag("disability_exception");
        countable &= !crate::upper_age_bars(inputs.law, year, age, exception)?;
        let permitted = inputs.flag("trustee_permission");
        countable &= !(kindergarten && crate::kindergarten_age_bars(age, permitted));
    }
    Ok(vec![
        ("countable", Value::Bool(countable)),
        ("consecutive_absences_through_count_date", Value::Int(run.into())),
    ])
}

const WEEKDAYS: [(&str, Weekday); 7] = [
    ("Mon", Weekday::Mon),
    ("Tue", Weekday::Tue),
    ("Wed", Weekday::Wed),
    ("Thu", Weekday::Thu),
    ("Fri", Weekday::Fri),
    ("Sat", Weekday::Sat),
    ("Sun", Weekday::Sun),
];

pub(super) fn count_date(inputs: &Inputs<'_>) -> Result<Results, AnbError> {
    let month = inputs.text("month")?;
    let first = match month.len() {
        7 => format!("{month}-01").parse::<NaiveDate>().ok(),
        _ => None,
    };
    let first = first.ok_or_else(|| AnbError::unreadable("month", &month, "a month such as 2024-10"))?;
    let rule = inputs.text("rule")?;
    let nominal = match rule.as_str() {
        "first_monday" => NaiveDate::from_weekday_of_month_opt(first.year(), first.month(), Weekday::Mon, 1),
        "february_1" if first.month() == 2 => Some(first),
        "february_1" => return Err(AnbError::unreadable("month", &month, "a February, as the rule has it")),
        other => return Err(AnbError::unreadable("rule", other, "one of first_monday, february_1")),
    };
    let nominal = nominal.ok_or_else(|| AnbError::unreadable("month", &month, "a month of the calendar"))?;
    let weekdays = match inputs.texts("school_weekdays") {
        None => WEEKDAYS.iter().take(5).map(|(_, day)| *day).collect(),
        Some(words) => words
            .iter()
            .map(|text| word("school_weekdays", text, &WEEKDAYS, |(name, _)| name).map(|(_, day)| day))
            .collect::<Result<Vec<_>, _>>()?,
    };
    let calendar = WeeklyCalendar::new(weekdays, inputs.dates("no_school_dates"))?;
    let date = calendar.on_or_after(nominal);
    let date = date.ok_or(opi_dictionary::DictionaryError::NoSchoolDay { from: nominal })?;
    Ok(vec![("date", Value::Date(date))])
}

pub(super) fn funded_fiscal_year(inputs: &Inputs<'_>) -> Result<Results, AnbError> {
    let funded = crate::funded_fiscal_year(inputs.school_year("count_school_year")?)?;
    Ok(vec![("funded_fiscal_year", Value::Int(funded.end_year().into()))])
}

pub(super) fn three_year(inputs: &Inputs<'_>) -> Result<Results, AnbError> {
    let keys = ["anb_current", "anb_prior_1", "anb_prior_2"];
    let years = keys.map(|key| inputs.natural(key).map(anb));
    let mean = crate::three_year_mean(years.into_iter().collect::<Result<Vec<_>, _>>()?)?;
    let up = crate::round_anb(mean.clone(), AnbRounding::Ceiling, "ANB")?;
    let greater = up.value() > Fraction::whole(inputs.natural("anb_current")?);
    Ok(vec![
        ("three_year_exact", Value::Num(mean.value())),
        ("three_year_round_up", whole(up.value())?),
        ("three_year_nearest", rounded(&mean, AnbRounding::NearestHalfUp)?),
        ("use", used(greater)),
    ])
}

fn used(three_year: bool) -> Value {
    Value::Text(if three_year { "three_year" } else { "current_year" }.to_owned())
}

/// Basic entitlements of the units and the per-ANB entitlement of each level, whose ladder runs over all its
/// units together.
fn entitlements(
    inputs: &Inputs<'_>,
    units: &[(BudgetProgram, i64)],
    year: FiscalYear,
) -> Result<(Vec<Step>, Vec<Step>), AnbError> {
    let basic = |(program, number): &(BudgetProgram, i64)| {
        crate::basic_entitlement(inputs.law, &choices(), *program, anb(*number), year)
            .map(|basic| basic.total)
    };
    let basics = units.iter().map(basic).collect::<Result<Vec<_>, _>>()?;
    let mut levels: Vec<(BudgetProgram, Vec<Step>)> = Vec::new();
    for (program, number) in units {
        match levels.iter_mut().find(|(level, _)| level == program) {
            Some((_, numbers)) => numbers.push(anb(*number)),
            None => levels.push((*program, vec![anb(*number)])),
        }
    }
    let per_anb = |(program, numbers): (BudgetProgram, Vec<Step>)| {
        let sum = Step::of("ANB of the level", crate::Operation::Sum, numbers, Unit::Anb)?;
        Ladder::of(inputs.law, program, year)?.total(sum)
    };
    Ok((basics, levels.into_iter().map(per_anb).collect::<Result<Vec<_>, _>>()?))
}

fn sum(label: &'static str, parts: &[Step]) -> Result<Step, AnbError> {
    Step::of(label, crate::Operation::Sum, parts.to_vec(), Unit::Dollars)
}

pub(super) fn three_year_choice(inputs: &Inputs<'_>) -> Result<Results, AnbError> {
    inputs.same_length(&["programs", "anb_current", "anb_three_year"])?;
    let (programs, year) = (inputs.programs("programs")?, inputs.rates_year()?);
    let with = |key| -> Result<Step, AnbError> {
        let units: Vec<_> = programs.iter().copied().zip(inputs.naturals(key)?).collect();
        let (basics, per_anb) = entitlements(inputs, &units, year)?;
        sum("entitlements", &[basics, per_anb].concat())
    };
    let (current, three_year) = (with("anb_current")?, with("anb_three_year")?);
    Ok(vec![
        ("entitlements_current", money(&current)?),
        ("entitlements_three_year", money(&three_year)?),
        ("use", used(three_year.value() > current.value())),
    ])
}

pub(super) fn enrollment_increase(inputs: &Inputs<'_>) -> Result<Results, AnbError> {
    let rule = word("rule", &inputs.text("rule")?, &IncreaseRule::ALL, IncreaseRule::word)?;
    let prior = inputs.natural("prior_enrollment")?;
    let found = crate::unusual_increase(&choices(), rule, prior, inputs.int("increase")?)?;
    Ok(vec![
        ("threshold", Value::Num(found.threshold.value())),
        ("eligible", Value::Bool(found.eligible)),
        ("funded_increase", Value::Num(found.funded.value())),
    ])
}

/// The ladder with the parts that the inputs give and the table for the rest.
fn ladder(inputs: &Inputs<'_>) -> Result<Ladder, AnbError> {
    let [rate, decrement, cap] = inputs.program("program")?.ladder_rows();
    let table = |row| inputs.law.figures.parameter_of(row, inputs.maybe_rates_year()?);
    Ok(Ladder {
        first_rate: match inputs.maybe_money("first_anb_rate") {
            Some(given) => dollars("first_anb_rate", given)?,
            None => table(rate)?,
        },
        decrement: match inputs.maybe_num("decrement") {
            Some(given) => Step::given("decrement", given, Unit::Dollars),
            None => table(decrement)?,
        },
        cap: match inputs.optional_int("cap")? {
            Some(given) => Step::given("cap", Fraction::whole(given), Unit::Anb),
            None => table(cap)?,
        },
    })
}

pub(super) fn ladder_rate(inputs: &Inputs<'_>) -> Result<Results, AnbError> {
    let (ladder, nth) = (ladder(inputs)?, inputs.int("nth")?);
    Ok(vec![
        ("rate_of_nth", money(&ladder.rate_of(nth)?)?),
        ("reduction", money(&ladder.reduction_of(nth)?)?),
    ])
}

pub(super) fn ladder_total(inputs: &Inputs<'_>) -> Result<Results, AnbError> {
    Ok(vec![("total", money(&ladder(inputs)?.total(anb(inputs.natural("anb")?))?)?)])
}

pub(super) fn basic_entitlement(inputs: &Inputs<'_>) -> Result<Results, AnbError> {
    let (program, number) = (inputs.program("program")?, inputs.natural("anb")?);
    let basic = crate::basic_entitlement(inputs.law, &choices(), program, anb(number), inputs.rates_year()?)?;
    Ok(vec![
        ("steps", whole(basic.steps)?),
        ("increment", Value::Money(Money::rounded(basic.increment)?)),
        ("increment_at_5_percent", Value::Money(Money::rounded(basic.increment_at_5_percent)?)),
        ("basic_entitlement", money(&basic.total)?),
    ])
}

/// The units of a district as the inputs give them, by programs or by grades; ANB is `None` when not given.
fn district_units(inputs: &Inputs<'_>) -> Result<Vec<(BudgetProgram, Option<i64>)>, AnbError> {
    const BY_GRADES: [&str; 4] = ["k6_anb", "grades_7_8_anb", "high_school_anb", "accredited_7_8"];
    let by_grades = BY_GRADES.iter().find(|key| inputs.values.contains_key(**key));
    match (inputs.values.contains_key("programs"), by_grades) {
        (true, Some(key)) => {
            Err(AnbError::case(format!("inputs.{key}"), "give either programs or ANB by grades"))
        }
        (true, None) => {
            inputs.same_length(&["programs", "anb"])?;
            let programs = inputs.programs("programs")?;
            for (place, program) in programs.iter().enumerate() {
                if programs.iter().take(place).any(|earlier| earlier == program) {
                    return Err(AnbError::range("programs", program.word(), "one unit a program"));
                }
            }
            let numbers: Vec<Option<i64>> = match inputs.values.contains_key("anb") {
                true => inputs.naturals("anb")?.into_iter().map(Some).collect(),
                false => vec![None; programs.len()],
            };
            Ok(programs.into_iter().zip(numbers).collect())
        }
        (false, _) if inputs.values.contains_key("anb") => {
            Err(AnbError::case("inputs.anb", "needs programs beside it"))
        }
        (false, _) => {
            let given = |key| match inputs.values.contains_key(key) {
                true => inputs.natural(key).map(Some),
                false => Ok(None),
            };
            let (mut k6, mut middle, high) =
                (given("k6_anb")?, given("grades_7_8_anb")?, given("high_school_anb")?);
            if inputs.maybe_bool("accredited_7_8") == Some(false)
                && let Some(joining) = middle.take()
            {
                let joined = k6.unwrap_or_default().checked_add(joining);
                k6 = Some(joined.ok_or_else(|| AnbError::too_large("ANB of the elementary unit"))?);
            }
            let units = BudgetProgram::ALL.into_iter().zip([k6, middle, high]);
            let units: Vec<_> = units.filter(|(_, number)| number.is_some()).collect();
            if units.is_empty() {
                let either = "give programs, or at least one of k6_anb, grades_7_8_anb and high_school_anb";
                return Err(AnbError::case("inputs", either));
            }
            Ok(units)
        }
    }
}

pub(super) fn district_entitlements(inputs: &Inputs<'_>) -> Result<Results, AnbError> {
    let (units, year) = (district_units(inputs)?, inputs.rates_year()?);
    let list = |steps: &[Step]| steps.iter().map(money).collect::<Result<Vec<_>, _>>().map(Value::List);
    let words = units.iter().map(|(program, _)| Value::Text(program.word().to_owned())).collect();
    let mut results = vec![("units", Value::Int(units.len() as i128)), ("programs", Value::List(words))];
    let known: Option<Vec<(BudgetProgram, i64)>> =
        units.iter().map(|(program, number)| number.map(|number| (*program, number))).collect();
    let Some(known) = known else {
        let parameter =
            |(program, _): &(BudgetProgram, _)| inputs.law.figures.parameter(program.basic_row(), year);
        let basics = units.iter().map(parameter).collect::<Result<Vec<_>, _>>()?;
        results.push(("basic", list(&basics)?));
        results.push(("basic_total", money(&sum("basic entitlements", &basics)?)?));
        return Ok(results);
    };
    let (basics, per_anb) = entitlements(inputs, &known, year)?;
    results
        .push(("anb", Value::List(known.iter().map(|(_, number)| Value::Int((*number).into())).collect())));
    results.push(("basic", list(&basics)?));
    results.push(("per_anb", list(&per_anb)?));
    results.push(("basic_total", money(&sum("basic entitlements", &basics)?)?));
    results.push(("per_anb_total", money(&sum("per-ANB entitlements", &per_anb)?)?));
    results.push(("total", money(&sum("entitlements", &[basics, per_anb].concat())?)?));
    Ok(results)
}

pub(super) fn budget_parts(inputs: &Inputs<'_>) -> Result<Results, AnbError> {
    inputs.same_length(&["programs", "anb"])?;
    let year = inputs.rates_year()?;
    let units: Vec<_> = inputs.programs("programs")?.into_iter().zip(inputs.naturals("anb")?).collect();
    let (basics, per_anb) = entitlements(inputs, &units, year)?;
    let (basics, per_anb) = (sum("basic entitlements", &basics)?, sum("per-ANB entitlements", &per_anb)?);
    let total = sum("entitlements", &[basics.clone(), per_anb.clone()])?;
    let aid = crate::direct_state_aid(inputs.law, &total, year)?;
    let base = crate::base_part(inputs.law, &total, year)?;
    Ok(vec![
        ("basic_total", money(&basics)?),
        ("per_anb_total", money(&per_anb)?),
        ("total", money(&total)?),
        ("direct_state_aid", money(&aid)?),
        ("base_part", money(&base)?),
        ("gtb_area_part", money(&crate::gtb_area_part(&base, &aid)?)?),
    ])
}

pub(super) fn special_education_limits(inputs: &Inputs<'_>) -> Result<Results, AnbError> {
    let year = inputs.maybe_rates_year()?;
    let payment = dollars("payment", inputs.money("payment")?)?;
    let before = dollars("payment_two_years_before", inputs.money("payment_two_years_before")?)?;
    let spent = dollars("expenditures_two_years_before", inputs.money("expenditures_two_years_before")?)?;
    let maximum = crate::special_education_maximum(inputs.law, &payment, before, spent, year)?;
    let base = crate::special_education_base(inputs.law, &payment, year)?;
    Ok(vec![("base_part", money(&base)?), ("maximum_part", money(&maximum)?)])
}

pub(super) fn payment(inputs: &Inputs<'_>) -> Result<Results, AnbError> {
    let payment = word("payment", &inputs.text("payment")?, &Payment::ALL, Payment::word)?;
    let rate = match inputs.maybe_money("rate") {
        Some(given) => Step::parameter(
            "rate",
            given.to_fraction()?,
            Unit::Dollars,
            Citation::derived("given by the example"),
        ),
        None => payment.rate(inputs.law, inputs.rates_year()?)?,
    };
    // What the payment is follows the law of the fiscal year; only its rate may be of another year.
    let law_of = match inputs.fiscal_year {
        Some(year) => Some(year),
        None => inputs.maybe_rates_year()?,
    };
    let quantity = Step::given("quantity", inputs.num("quantity")?, Unit::Number);
    let amount = crate::payment_amount(inputs.law, payment, rate, quantity, law_of)?;
    Ok(vec![("amount", money(&amount)?)])
}

pub(super) fn inflation(inputs: &Inputs<'_>) -> Result<Results, AnbError> {
    let previous = dollars("previous", inputs.money("previous")?)?;
    let factor = Step::given("factor", inputs.num("factor")?, Unit::Number);
    let amount = crate::inflate(previous, factor, inputs.money("round_to")?.to_fraction()?)?;
    Ok(vec![("amount", money(&amount)?)])
}

pub(super) fn joint_district(inputs: &Inputs<'_>) -> Result<Results, AnbError> {
    let (aid, anb) = (inputs.money("direct_state_aid")?, inputs.natural("anb")?);
    let found = crate::county_shares(aid, anb, &inputs.naturals("county_anb")?)?;
    Ok(vec![
        ("aid_per_anb", Value::Num(found.aid_per_anb.value())),
        ("shares", Value::List(found.shares.into_iter().map(Value::Money).collect())),
    ])
}

pub(super) fn general_fund_sum(inputs: &Inputs<'_>) -> Result<Results, AnbError> {
    let budget = crate::general_fund_budget(&inputs.moneys("revenues")?)?;
    Ok(vec![("general_fund_budget", Value::Money(budget.value))])
}
