//! From pupils to the case of each legal entity: its units and counts, days and history.

use super::Funding;
use super::notes::{NoteKind, Notes};
use super::pupils::Entry;
use opi_anb::{
    BudgetProgram, BudgetUnit, Closed, Count, CountDates, CountPeriod, District, DistrictFailure, Separate,
};
use opi_dictionary::{
    self as dictionary, CalendarKey, DistrictNumber, FiscalYear, LegalEntityNumber, SchoolYear,
};
use std::collections::{BTreeMap, BTreeSet};

/// A budget unit of the directory with its pupils, in the order of students.
pub(super) struct UnitEntries<'a> {
    pub(super) unit: &'a dictionary::BudgetUnit,
    pub(super) fall: Vec<Entry>,
    pub(super) spring: Vec<Entry>,
}

/// The districts that sent each count, in order.
pub(super) struct Senders {
    pub(super) fall: Vec<DistrictNumber>,
    pub(super) spring: Vec<DistrictNumber>,
    /// Whether demographics were sent.
    pub(super) demographics: bool,
}

/// Makes the cases of legal entities for a fiscal year.
pub(super) struct Cases<'a> {
    pub(super) funding: &'a Funding<'a>,
    pub(super) year: FiscalYear,
    pub(super) senders: Senders,
}

impl Cases<'_> {
    /// The case of a legal entity, or why there is none. Its units' pupils move into it.
    pub(super) fn case_of(
        &self,
        district: &dictionary::District,
        entity: &dictionary::LegalEntity,
        units: &mut [UnitEntries<'_>],
        notes: &mut Notes,
    ) -> Result<District, DistrictFailure> {
        let number = district.number;
        let mut note = |kind, period| notes.add(Some(number), kind, period);
        let mut case = District::new(number, Vec::with_capacity(units.len()));
        case.legal_entity = Some(entity.number);
        case.name = Some(entity.name.clone());
        let existed = self.year.end_year() - entity.years.first.end_year();
        case.years_in_existence = Some(u32::try_from(existed).unwrap_or_default());
        let fall_date = most(units.iter().flat_map(|unit| &unit.fall).map(|entry| entry.date));
        let spring_date = most(units.iter().flat_map(|unit| &unit.spring).map(|entry| entry.date));
        case.count_dates = CountDates { fall: fall_date.value, winter: None, spring: spring_date.value };
        let of_budget_year = self.pir_days(units, self.year.school_year());
        let of_count_year = self.pir_days(units, self.funding.counts_of);
        (case.pir_days, case.pir_days_count_year) = (of_budget_year.value, of_count_year.value);
        if fall_date.others || spring_date.others {
            note(NoteKind::CountDates, None);
        }
        if of_budget_year.others || (of_budget_year.value.is_none() && of_count_year.others) {
            note(NoteKind::PirDays, None);
        }
        let sent = |period| self.sent(period, number);
        for period in [CountPeriod::Fall, CountPeriod::Spring].into_iter().filter(|period| !sent(*period)) {
            note(NoteKind::CountMissing, Some(period));
        }
        if self.senders.demographics && sent(CountPeriod::Fall) {
            let indian = units.iter().flat_map(|unit| &unit.fall).filter(|entry| entry.pupil.american_indian);
            let students: BTreeSet<u32> = indian.map(|entry| entry.source.student).collect();
            case.payments.american_indian_pupils = u32::try_from(students.len()).ok();
        }
        let failed =
            |problem| DistrictFailure { district: number, legal_entity: Some(entity.number), problem };
        let every: Vec<&dictionary::BudgetUnit> = units.iter().map(|unit| unit.unit).collect();
        let budget_year = self.year.school_year();
        for with in units {
            let unit = with.unit;
            if !unit.years.contains(self.funding.counts_of) {
                if unit.years.contains(budget_year) {
                    note(NoteKind::OpeningUnit, None);
                }
                continue;
            }
            let mut made = self.unit_of(number, with).map_err(|error| failed(error.to_string()))?;
            if !unit.years.contains(budget_year) {
                let joins = only_heir(unit, &every, budget_year).ok_or_else(|| {
                    note(NoteKind::ClosedUnit, None);
                    failed(format!("unit {}: {}", unit.id, NoteKind::ClosedUnit.text()))
                })?;
                made.closed = Some(Closed { joins, year: 1 });
            } else if made.anb_prior_1.is_none() && made.anb_prior_2.is_none() {
                note(NoteKind::HistoryMissing, None);
            }
            case.units.push(made);
        }
        Ok(case)
    }

    fn unit_of(
        &self,
        district: DistrictNumber,
        with: &mut UnitEntries<'_>,
    ) -> Result<BudgetUnit, opi_anb::AnbError> {
        let unit = with.unit;
        let mut made = BudgetUnit::new(unit.id.as_str(), BudgetProgram::try_from(unit.kind)?);
        made.separate = unit.separate.then_some(Separate::Determined);
        let count = |period, entries: &mut Vec<Entry>| {
            let pupils = entries.iter_mut().map(|entry| std::mem::take(&mut entry.pupil)).collect();
            self.sent(period, district).then(|| Count { pupils, ..Count::default() })
        };
        made.october = count(CountPeriod::Fall, &mut with.fall);
        made.february = count(CountPeriod::Spring, &mut with.spring);
        let before = |years: i32| {
            let year = FiscalYear::ending(self.year.end_year() - years).ok()?;
            self.funding.history.anb(year, unit.id.as_str())
        };
        (made.anb_prior_1, made.anb_prior_2) = (before(1), before(2));
        Ok(made)
    }

    fn sent(&self, period: CountPeriod, district: DistrictNumber) -> bool {
        let senders = if period == CountPeriod::Fall { &self.senders.fall } else { &self.senders.spring };
        senders.binary_search(&district).is_ok()
    }

    /// The pupil-instruction-related days of a year in the calendars of the pupils. MCA 20-1-304.
    fn pir_days(&self, units: &[UnitEntries<'_>], year: SchoolYear) -> Most<u32> {
        let mut places: BTreeMap<_, u64> = BTreeMap::new();
        for entry in units.iter().flat_map(|unit| unit.fall.iter().chain(&unit.spring)) {
            *places.entry(entry.source.place).or_default() += 1;
        }
        let days = places.into_iter().filter_map(|((school, calendar), pupils)| {
            let calendar = self.funding.directory.calendar(CalendarKey { school, calendar, year })?;
            Some((calendar.pir_days().into(), pupils))
        });
        most_of(days)
    }
}

/// The unit that the pupils of a closed one join: the only one of its legal entity and kind that goes on.
fn only_heir(
    closed: &dictionary::BudgetUnit,
    units: &[&dictionary::BudgetUnit],
    year: SchoolYear,
) -> Option<String> {
    let mut heirs = units.iter().filter(|unit| unit.kind == closed.kind && unit.years.contains(year));
    match (heirs.next(), heirs.next()) {
        (Some(heir), None) => Some(heir.id.to_string()),
        _ => None,
    }
}

/// The value that most pupils have, of equally many the least; and whether others have another.
struct Most<T> {
    value: Option<T>,
    others: bool,
}

fn most<T: Ord>(values: impl Iterator<Item = T>) -> Most<T> {
    most_of(values.map(|value| (value, 1)))
}

fn most_of<T: Ord>(values: impl Iterator<Item = (T, u64)>) -> Most<T> {
    let mut pupils: BTreeMap<T, u64> = BTreeMap::new();
    for (value, number) in values {
        *pupils.entry(value).or_default() += number;
    }
    let others = pupils.len() > 1;
    let greatest = pupils.into_iter().reduce(|most, next| if next.1 > most.1 { next } else { most });
    Most { value: greatest.map(|(value, _)| value), others }
}

/// Where the units of a legal entity stand among units in the order of legal entities.
pub(super) fn units_of(units: &[UnitEntries<'_>], entity: LegalEntityNumber) -> std::ops::Range<usize> {
    let from = units.partition_point(|with| with.unit.legal_entity < entity);
    from..units.partition_point(|with| with.unit.legal_entity <= entity)
}
