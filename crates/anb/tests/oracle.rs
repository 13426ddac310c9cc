//! A second version of the whole chain, plain and slow, over big integers, that shares no code with the library:
//! it must agree on 10,000 random districts over all years.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Signed, ToPrimitive, Zero};
use opi_anb::{
    Alternatives, AnbRounding, AnbUsed, BudgetProgram, BudgetUnit, Case, Closed, Count, District,
    DistrictResult, Fraction, Grade, Interpretation, Law, PaymentBasis, Pupil, PupilProgram, Separate,
    compute_case,
};
use opi_dictionary::{BirthDate, FiscalYear};
use std::collections::BTreeMap;

type Q = BigRational;

const DISTRICTS: usize = 10_000;

/// A small generator of our own: the same cases on every platform.
struct Random(u64);

impl Random {
    fn next(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }

    fn chance(&mut self, one_in: u64) -> bool {
        self.next(one_in) == 0
    }
}

// ---------------------------------------------------------------- the plain version

fn q(above: i64, below: i64) -> Q {
    Q::new(BigInt::from(above), BigInt::from(below))
}

fn floor(value: &Q) -> BigInt {
    let (above, below) = (value.numer(), value.denom());
    let cut = above / below;
    if above.is_negative() && !(above % below).is_zero() { cut - 1 } else { cut }
}

fn half_up(value: &Q, unit: &Q) -> Q {
    Q::from(floor(&(value / unit + q(1, 2)))) * unit
}

fn read(text: &str) -> Q {
    let text = text.trim_end_matches('%');
    match text.split_once('.') {
        None => Q::from(text.parse::<BigInt>().unwrap()),
        Some((whole, decimals)) => {
            let digits: BigInt = format!("{whole}{decimals}").parse().unwrap();
            Q::new(digits, BigInt::from(10).pow(decimals.len() as u32))
        }
    }
}

struct Table(BTreeMap<(i32, String), Q>);

impl Table {
    fn new() -> Self {
        let mut reader = csv::Reader::from_reader(opi_anb::ENTITLEMENTS_CSV.as_bytes());
        let mut rows = BTreeMap::new();
        for record in reader.records().map(Result::unwrap) {
            if record[3].is_empty() {
                continue;
            }
            let mut amount = read(&record[3]);
            if &record[4] == "percent" {
                amount /= Q::from(BigInt::from(100));
            }
            for year in record[1].parse::<i32>().unwrap()..=record[2].parse::<i32>().unwrap() {
                rows.insert((year, record[0].to_owned()), amount.clone());
            }
        }
        Table(rows)
    }

    fn at(&self, year: i32, name: &str) -> Q {
        self.0[&(year, name.to_owned())].clone()
    }
}

/// One pupil in plain values.
#[derive(Clone)]
struct Plain {
    program: &'static str,
    hours: Q,
    absences: u32,
    variance: bool,
    gone: bool,
    birth: Option<(i32, u32, u32)>,
    permission: bool,
    exception: bool,
    elsewhere: Option<Q>,
    challenge: bool,
}

fn plain_weight(pupil: &Plain, end_year: i32) -> Q {
    if pupil.gone || (pupil.absences >= 11 && !pupil.variance) {
        return Q::zero();
    }
    if let Some((year, month, day)) = pupil.birth {
        let had_birthday = (month, day) <= (9, 10);
        let age = end_year - 1 - year - i32::from(!had_birthday);
        if age >= 19 && !(pupil.exception && age <= 20 && end_year >= 2022) {
            return Q::zero();
        }
        if pupil.program.starts_with("kindergarten") && age < 5 && !pupil.permission {
            return Q::zero();
        }
    }
    if pupil.challenge {
        return shared(q(1, 2), pupil);
    }
    let lowest = if end_year >= 2017 { q(180, 1) } else { q(181, 1) };
    let bands = if pupil.hours < lowest {
        q(0, 1)
    } else if pupil.hours < q(360, 1) {
        q(1, 4)
    } else if pupil.hours < q(540, 1) {
        q(1, 2)
    } else if pupil.hours < q(720, 1) {
        q(3, 4)
    } else {
        q(1, 1)
    };
    let weight = match pupil.program {
        "kindergarten_half_time" if end_year <= 2025 && bands.is_positive() => q(1, 2),
        "preschool_discretionary" => q(0, 1),
        "early_literacy_classroom" if end_year < 2025 => q(0, 1),
        "preschool_disability" if end_year < 2026 => q(0, 1),
        _ => bands,
    };
    shared(weight, pupil)
}

fn shared(weight: Q, pupil: &Plain) -> Q {
    match &pupil.elsewhere {
        Some(elsewhere) if &weight + elsewhere > Q::one() => &weight / (&weight + elsewhere),
        _ => weight,
    }
}

struct PlainUnit {
    program: BudgetProgram,
    fall: Vec<Plain>,
    spring: Vec<Plain>,
    prior: [Option<u32>; 2],
    joins: Option<usize>,
}

struct PlainDistrict {
    year: i32,
    pir: u32,
    nearest: bool,
    years_in_existence: Option<u32>,
    units: Vec<PlainUnit>,
    special: Option<(i64, i64, i64)>,
    educators: Q,
}

#[derive(Debug, PartialEq)]
struct Answer {
    anb: Vec<(String, Option<String>, String)>,
    three_year: Vec<bool>,
    amounts: Vec<(&'static str, String)>,
}

fn money(value: &Q) -> String {
    let cents = half_up(value, &q(1, 100)) * q(100, 1);
    let cents = cents.to_integer().to_i128().unwrap();
    format!("{}.{:02}", cents / 100, cents % 100)
}

fn rows(program: BudgetProgram) -> (&'static str, &'static str, i64, i64, i64, i64) {
    match program {
        BudgetProgram::Elementary => ("basic_elementary", "per_anb_elementary", 2, 1000, 250, 25),
        BudgetProgram::Accredited7To8 => {
            ("basic_accredited_7_8", "per_anb_high_school_and_accredited_7_8", 5, 800, 450, 45)
        }
        BudgetProgram::HighSchool => {
            ("basic_high_school", "per_anb_high_school_and_accredited_7_8", 5, 800, 800, 80)
        }
    }
}

fn entitlements(table: &Table, year: i32, units: &[(BudgetProgram, BigInt)]) -> (Q, Q) {
    let (mut basics, mut per_anb) = (Q::zero(), Q::zero());
    for (program, anb) in units.iter().filter(|(_, anb)| !anb.is_zero()) {
        let (basic, _, _, _, threshold, step) = rows(*program);
        basics += table.at(year, basic);
        let mut reached = BigInt::from(threshold + step);
        while *anb >= reached {
            basics += table.at(year, &format!("{basic}_increment"));
            reached += step;
        }
    }
    for program in BudgetProgram::ALL {
        let (_, rate, decrement, cap, _, _) = rows(program);
        let total: BigInt = units.iter().filter(|(own, _)| *own == program).map(|(_, anb)| anb).sum();
        // In tenths of a dollar, rung by rung.
        let mut next = (table.at(year, rate) * q(10, 1)).to_integer();
        let mut sum = BigInt::zero();
        for rung in 1..=total.to_i64().unwrap() {
            sum += &next;
            if rung < cap {
                next -= decrement;
            }
        }
        per_anb += Q::new(sum, BigInt::from(10));
    }
    (basics, per_anb)
}

fn plain(table: &Table, district: &PlainDistrict) -> Answer {
    let (year, end_year) = (district.year, district.year - 1);
    let round = |exact: &Q| {
        if district.nearest { floor(&(exact + q(1, 2))) } else { -floor(&-exact.clone()) }
    };
    let mut current = Vec::new();
    let mut three = Vec::new();
    for (place, unit) in district.units.iter().enumerate() {
        if unit.joins.is_some() {
            current.push(BigInt::zero());
            three.push(None);
            continue;
        }
        let mut sum = Q::zero();
        for other in &district.units {
            if std::ptr::eq(other, unit) || other.joins == Some(place) {
                for pupil in other.fall.iter().chain(&other.spring) {
                    sum += plain_weight(pupil, end_year);
                }
            }
        }
        let anb = round(&(sum / q(2, 1) * q(180 + i64::from(district.pir.min(7)), 180)));
        let known: Vec<u32> = unit.prior.iter().flatten().copied().collect();
        let young = district.years_in_existence.is_some_and(|years| years < 3);
        three.push(if young || known.is_empty() {
            None
        } else {
            let sum: BigInt = known.iter().map(|anb| BigInt::from(*anb)).sum::<BigInt>() + &anb;
            Some(round(&Q::new(sum, BigInt::from(known.len() + 1))))
        });
        current.push(anb);
    }
    let mut budgeted = current.clone();
    let mut used = Vec::new();
    let iefa = table.at(year, "indian_education_for_all");
    let data = table.at(year, "data_for_achievement");
    let for_all = |anb: &BigInt| {
        let by_anb = &iefa * Q::from(anb.clone());
        half_up(&if by_anb < q(100, 1) { q(100, 1) } else { by_anb }, &q(1, 100))
    };
    for high in [false, true] {
        let places: Vec<usize> = (0..district.units.len())
            .filter(|place| (district.units[*place].program == BudgetProgram::HighSchool) == high)
            .collect();
        if places.is_empty() {
            continue;
        }
        let value = |set: &dyn Fn(usize) -> BigInt| {
            let units: Vec<_> =
                places.iter().map(|place| (district.units[*place].program, set(*place))).collect();
            let (basics, per_anb) = entitlements(table, year, &units);
            let anb: BigInt = units.iter().map(|(_, anb)| anb).sum();
            basics + per_anb + for_all(&anb) + half_up(&(&data * Q::from(anb)), &q(1, 100))
        };
        let with_current = value(&|place| current[place].clone());
        let with_three = value(&|place| three[place].clone().unwrap_or_else(|| current[place].clone()));
        let greater = with_three > with_current;
        if greater {
            for place in &places {
                if let Some(anb) = &three[*place] {
                    budgeted[*place] = anb.clone();
                }
            }
        }
        used.push(greater);
    }
    let units: Vec<_> =
        district.units.iter().map(|unit| unit.program).zip(budgeted.iter().cloned()).collect();
    let (basics, per_anb) = entitlements(table, year, &units);
    let total = &basics + &per_anb;
    let cent = q(1, 100);
    let aid = half_up(&(&total * q(447, 1000)), &cent);
    let base = half_up(&(&total * q(8, 10)), &cent);
    let anb: BigInt = budgeted.iter().sum();
    let educators = half_up(&(table.at(year, "quality_educator_payment") * &district.educators), &cent);
    let for_all = for_all(&anb);
    let data = half_up(&(data * Q::from(anb)), &cent);
    let payments = &educators + &for_all + &data;
    let mut amounts = vec![
        ("basic_entitlements", money(&basics)),
        ("per_anb_entitlements", money(&per_anb)),
        ("entitlements", money(&total)),
        ("direct_state_aid", money(&aid)),
        ("entitlements_base_part", money(&base)),
        ("entitlements_gtb_part", money(&(&base - &aid))),
        ("quality_educator_payment", money(&educators)),
        ("indian_education_for_all", money(&for_all)),
        ("data_for_achievement", money(&data)),
    ];
    let (mut base_budget, mut maximum, mut area) = (&base + &payments, &total + &payments, &base - &aid);
    if let Some((payment, before, spent)) = district.special {
        let payment = q(payment, 100);
        let ratio = q(spent, before);
        let ratio = if ratio > q(2, 1) { q(2, 1) } else { ratio };
        let ratio = if ratio < q(7, 4) { q(7, 4) } else { ratio };
        let in_base = half_up(&(&payment * q(14, 10)), &cent);
        base_budget += &in_base;
        maximum += half_up(&(&payment * ratio), &cent);
        area += in_base - payment;
    }
    amounts.push(("base_budget", money(&base_budget)));
    amounts.push(("maximum_budget", money(&maximum)));
    amounts.push(("gtb_area", money(&area)));
    let anb = current
        .iter()
        .zip(&three)
        .zip(&budgeted)
        .map(|((current, three), budgeted)| {
            (current.to_string(), three.as_ref().map(ToString::to_string), budgeted.to_string())
        })
        .collect();
    Answer { anb, three_year: used, amounts }
}

// ---------------------------------------------------------------- random districts

fn random_pupil(random: &mut Random, program: BudgetProgram, year: i32) -> Plain {
    let elementary = program == BudgetProgram::Elementary;
    let kind = match random.next(10) {
        0 if elementary => "kindergarten_half_time",
        1 if elementary => "kindergarten_full_time",
        2 if elementary => "preschool_disability",
        3 if elementary => "early_literacy_classroom",
        4 if elementary => "preschool_discretionary",
        _ => "k12",
    };
    let hours = match random.next(4) {
        0 => q(i64::try_from(random.next(1200 * 4)).unwrap(), 4),
        1 => q([179, 180, 181, 359, 360, 539, 540, 719, 720, 0][random.next(10) as usize], 1),
        _ => q(1080, 1),
    };
    let start = year - 2;
    let birth = match random.next(6) {
        0 => Some((start - [19, 20, 21][random.next(3) as usize], 9, 9 + random.next(3) as u32)),
        1 if kind.starts_with("kindergarten") => {
            Some((start - [4, 5][random.next(2) as usize], 9, 9 + random.next(3) as u32))
        }
        _ => None,
    };
    let birth = if kind.starts_with("kindergarten") || kind == "k12" { birth } else { None };
    Plain {
        program: kind,
        hours,
        absences: if random.chance(12) { 9 + random.next(4) as u32 } else { 0 },
        variance: random.chance(40),
        gone: random.chance(25),
        birth,
        permission: random.chance(3),
        exception: random.chance(3),
        elsewhere: (kind == "k12" && random.chance(15)).then(|| q(1 + random.next(4) as i64, 4)),
        challenge: program == BudgetProgram::HighSchool && random.chance(40),
    }
}

fn random_count(random: &mut Random, program: BudgetProgram, year: i32, size: u64) -> Vec<Plain> {
    (0..random.next(size + 1)).map(|_| random_pupil(random, program, year)).collect()
}

fn random_unit(random: &mut Random, program: BudgetProgram, year: i32, size: u64) -> PlainUnit {
    let fall = random_count(random, program, year, size);
    let spring = if random.chance(2) {
        let mut same = fall.clone();
        same.truncate(fall.len().saturating_sub(random.next(3) as usize));
        same
    } else {
        random_count(random, program, year, size)
    };
    let prior = |random: &mut Random| (!random.chance(8)).then(|| random.next(size + 4) as u32);
    PlainUnit { program, fall, spring, prior: [prior(random), prior(random)], joins: None }
}

fn random_district(random: &mut Random, number: usize) -> PlainDistrict {
    let year = 2014 + (number % 14) as i32;
    let size = match random.next(50) {
        0 => 500,
        1..=5 => 120,
        _ => 20,
    };
    let mut units = Vec::new();
    let form = random.next(4);
    if form != 1 {
        units.push(random_unit(random, BudgetProgram::Elementary, year, size));
        if random.chance(4) {
            units.push(random_unit(random, BudgetProgram::Elementary, year, size / 2 + 1));
            if random.chance(3) {
                units[1].joins = Some(0);
            }
        }
        if form != 0 {
            units.push(random_unit(random, BudgetProgram::Accredited7To8, year, size / 2 + 1));
        }
    }
    if form == 1 || form == 3 {
        units.push(random_unit(random, BudgetProgram::HighSchool, year, size));
    }
    PlainDistrict {
        year,
        pir: random.next(10) as u32,
        nearest: random.chance(4),
        years_in_existence: random.chance(10).then(|| random.next(5) as u32),
        units,
        special: random.chance(2).then(|| {
            let before = 1 + random.next(9_000_000) as i64;
            (random.next(9_000_000) as i64, before, before + random.next(12_000_000) as i64)
        }),
        educators: q(random.next(400) as i64, 4),
    }
}

// ---------------------------------------------------------------- the same to the library

fn fraction(value: &Q) -> Fraction {
    Fraction::new(value.numer().to_i128().unwrap(), value.denom().to_i128().unwrap()).unwrap()
}

fn pupil(plain: &Plain) -> Pupil {
    let program = PupilProgram::ALL.into_iter().find(|program| program.word() == plain.program).unwrap();
    Pupil {
        program,
        grade: plain.program.starts_with("kindergarten").then_some(Grade::Kindergarten),
        hours: fraction(&plain.hours),
        consecutive_absences: plain.absences,
        absence_variance_granted: plain.variance,
        records_transferred: plain.gone,
        birth_date: plain.birth.map(|(year, month, day)| {
            BirthDate::new(chrono::NaiveDate::from_ymd_opt(year, month, day).unwrap())
        }),
        trustee_permission: plain.permission,
        disability_exception: plain.exception,
        elsewhere: plain.elsewhere.iter().map(fraction).collect(),
        youth_challenge: plain.challenge,
        ..Pupil::default()
    }
}

fn count(pupils: &[Plain]) -> Option<Count> {
    Some(Count { pupils: pupils.iter().map(pupil).collect(), ..Count::default() })
}

fn district(plain: &PlainDistrict) -> District {
    let money = |cents: i64| opi_anb::Money::from_cents(cents.into()).unwrap();
    let units = plain.units.iter().enumerate().map(|(place, unit)| BudgetUnit {
        separate: (place == 1 && unit.program == BudgetProgram::Elementary).then_some(Separate::Approved),
        october: count(&unit.fall),
        february: count(&unit.spring),
        anb_prior_1: unit.prior[0],
        anb_prior_2: unit.prior[1],
        closed: unit.joins.map(|joins| Closed { joins: format!("unit {joins}"), year: 1 }),
        ..BudgetUnit::new(format!("unit {place}"), unit.program)
    });
    District {
        years_in_existence: plain.years_in_existence,
        pir_days: Some(plain.pir),
        payments: PaymentBasis {
            quality_educator_fte: Some(fraction(&plain.educators)),
            special_education_payment: plain.special.map(|special| money(special.0)),
            special_education_payment_two_years_before: plain.special.map(|special| money(special.1)),
            special_education_expenditures_two_years_before: plain.special.map(|special| money(special.2)),
            ..PaymentBasis::default()
        },
        ..District::new("0001".parse().unwrap(), units.collect())
    }
}

fn answer(result: &DistrictResult, wanted: &Answer) -> Answer {
    Answer {
        anb: result
            .units
            .iter()
            .map(|unit| {
                (
                    unit.anb_current.value.to_string(),
                    unit.anb_three_year.as_ref().map(|three| three.value.to_string()),
                    unit.anb_budgeted.to_string(),
                )
            })
            .collect(),
        three_year: result.levels.iter().map(|level| level.used == AnbUsed::ThreeYear).collect(),
        amounts: wanted
            .amounts
            .iter()
            .map(|(name, _)| (*name, result.amount(name).unwrap().amount.value.to_string()))
            .collect(),
    }
}

#[test]
fn the_plain_version_agrees_on_ten_thousand_districts() {
    let (law, table) = (Law::embedded().unwrap(), Table::new());
    let mut random = Random(20_260_701);
    let (mut averaged, mut pupils, mut shared_pupils) = (0, 0, 0);
    for number in 0..DISTRICTS {
        let own = random_district(&mut random, number);
        let wanted = plain(&table, &own);
        let rounding = if own.nearest { AnbRounding::NearestHalfUp } else { AnbRounding::Ceiling };
        let case = Case {
            fiscal_year: FiscalYear::ending(own.year).unwrap(),
            interpretation: Interpretation { anb_rounding: rounding, ..Interpretation::default() },
            districts: vec![district(&own)],
        };
        let result = compute_case(&law, &case, Alternatives::Skipped).unwrap();
        assert!(result.failures.is_empty(), "district {number}: {:?}", result.failures);
        let got = answer(&result.districts[0], &wanted);
        assert_eq!(got, wanted, "district {number} of FY{}", own.year);
        averaged += usize::from(wanted.three_year.contains(&true));
        for unit in &own.units {
            pupils += unit.fall.len() + unit.spring.len();
            shared_pupils += unit.fall.iter().filter(|pupil| pupil.elsewhere.is_some()).count();
        }
    }
    // The random districts reach what they are meant to reach.
    assert!(
        averaged > 1000 && pupils > 100_000 && shared_pupils > 500,
        "{averaged} {pupils} {shared_pupils}"
    );
}

#[test]
fn no_choice_that_matters_is_passed_over() {
    let law = Law::embedded().unwrap();
    let mut random = Random(77);
    let mut effects = 0;
    for number in 0..400 {
        let own = random_district(&mut random, number);
        let mut district = district(&own);
        if random.chance(3) {
            district.pir_days_count_year = Some(random.next(9) as u32);
        }
        if random.chance(4) {
            district.pir_days = None;
        }
        let case = |interpretation| Case {
            fiscal_year: FiscalYear::ending(own.year).unwrap(),
            interpretation,
            districts: vec![district.clone()],
        };
        let chosen = Interpretation::default();
        let result = compute_case(&law, &case(chosen), Alternatives::Computed).unwrap().districts.remove(0);
        for other in chosen.alternatives() {
            let changed = compute_case(&law, &case(other.interpretation), Alternatives::Skipped).unwrap();
            let differences = result.differences(&changed.districts[0]);
            let said: Vec<_> = result
                .choices
                .iter()
                .filter(|effect| (effect.field, effect.other) == (other.field, other.other))
                .flat_map(|effect| effect.differences.clone())
                .collect();
            assert_eq!(said, differences, "{} = {} in district {number}", other.field, other.other);
            effects += usize::from(!differences.is_empty());
        }
    }
    assert!(effects > 1000, "{effects}");
}
