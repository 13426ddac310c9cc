//! Findings on their way: counted exactly, kept as samples up to a limit, fixed in size.

use crate::policy::Verdict;
use crate::reason::{Others, Reason};
use crate::record::Head;
use hashbrown::HashMap;
use opi_dictionary::{FieldId, Hit, Severity};

/// A row in a run: the number of its input and its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Number of the input in the run.
    pub file: u32,
    /// Line; 0 for the file as a whole.
    pub line: u32,
}

/// A finding in the engine. The order is that of reports: by file, line, rule and field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Found {
    /// File, line, rule and field.
    pub hit: Hit,
    /// The student as a number; 0 when it is about none.
    pub(crate) student: u32,
    /// The places of other rows that belong to it.
    pub(crate) others: Others,
    /// The district; 65535 when not known.
    pub(crate) district: u16,
    /// What it leads to under the policy.
    pub(crate) severity: Severity,
    /// What the rule saw beyond the place.
    pub(crate) reason: Reason,
}

/// No district.
pub(crate) const NO_DISTRICT: u16 = u16::MAX;

/// Counts and samples of one worker; workers are merged in any order.
pub(crate) struct Sink<'a> {
    verdicts: &'a [Verdict],
    base: &'a [Severity],
    samples_per_rule: usize,
    reject_from: Option<Severity>,
    pub(crate) tallies: Vec<[u64; 4]>,
    pub(crate) suppressed: Vec<u64>,
    /// By rule and district.
    pub(crate) districts: HashMap<(u16, u16), [u64; 4]>,
    pub(crate) samples: Vec<Vec<Found>>,
    /// By rule, the last of as many samples as are kept: what comes after it is none.
    bounds: Vec<Option<Found>>,
    /// Findings of the severity asked for, for splitting a file.
    pub(crate) rejected: Vec<Hit>,
    /// While it listens: what it heard, which is then not counted.
    heard: Option<Vec<Heard>>,
}

/// A finding without the row it was found in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Heard {
    pub(crate) rule: u16,
    pub(crate) district: u16,
    pub(crate) field: Option<FieldId>,
}

impl<'a> Sink<'a> {
    pub(crate) fn new(
        verdicts: &'a [Verdict],
        base: &'a [Severity],
        samples_per_rule: usize,
        reject_from: Option<Severity>,
    ) -> Self {
        Sink {
            verdicts,
            base,
            samples_per_rule,
            reject_from,
            tallies: vec![[0; 4]; verdicts.len()],
            suppressed: vec![0; verdicts.len()],
            districts: HashMap::new(),
            samples: vec![Vec::new(); verdicts.len()],
            bounds: vec![None; verdicts.len()],
            rejected: Vec::new(),
            heard: None,
        }
    }

    /// Lets something report, and answers what it reported instead of counting it.
    pub(crate) fn listen(&mut self, act: impl FnOnce(&mut Self)) -> Vec<Heard> {
        self.heard = Some(Vec::new());
        act(self);
        self.heard.take().unwrap_or_default()
    }

    /// How much it heard so far.
    pub(crate) fn heard(&self) -> usize {
        self.heard.as_ref().map_or(0, Vec::len)
    }

    /// Forgets what it heard after so much.
    pub(crate) fn unhear(&mut self, length: usize) {
        if let Some(heard) = &mut self.heard {
            heard.truncate(length);
        }
    }

    pub(crate) fn add(
        &mut self,
        hit: Hit,
        student: u32,
        other: Option<Place>,
        district: u16,
        own: Option<Severity>,
    ) {
        if let Some(heard) = &mut self.heard {
            heard.push(Heard { rule: hit.rule, district, field: hit.field });
            return;
        }
        let (others, severity, reason) = (other.into(), Severity::Note, Reason::Plain);
        self.put(Found { hit, student, others, district, severity, reason }, own);
    }

    /// Counts a finding and keeps it as a sample; its severity is set here, by the policy.
    pub(crate) fn put(&mut self, found: Found, own: Option<Severity>) {
        let Found { hit, district, .. } = found;
        let rule = usize::from(hit.rule);
        let (Some(verdict), Some(base)) = (self.verdicts.get(rule), self.base.get(rule)) else { return };
        let Some(severity) = verdict.severity_in(district, own, *base) else {
            if let Some(count) = self.suppressed.get_mut(rule) {
                *count += 1;
            }
            return;
        };
        self.count(hit.rule, district, severity, 1);
        if self.reject_from.is_some_and(|least| severity >= least) {
            self.rejected.push(hit);
        }
        let found = Found { severity, ..found };
        if let (Some(samples), Some(bound)) = (self.samples.get_mut(rule), self.bounds.get_mut(rule))
            && bound.is_none_or(|bound| found < bound)
        {
            samples.push(found);
            if samples.len() >= self.samples_per_rule.saturating_mul(2).saturating_add(64) {
                keep_first(samples, self.samples_per_rule);
                *bound = samples.iter().max().copied();
            }
        }
    }

    /// Findings of a reader that only their number is known of.
    pub(crate) fn add_uncounted(&mut self, rule: u16, count: u64) {
        let rule_index = usize::from(rule);
        let (Some(verdict), Some(base)) = (self.verdicts.get(rule_index), self.base.get(rule_index)) else {
            return;
        };
        match verdict.severity_in(NO_DISTRICT, None, *base) {
            Some(severity) => self.count(rule, NO_DISTRICT, severity, count),
            None => {
                if let Some(suppressed) = self.suppressed.get_mut(rule_index) {
                    *suppressed += count;
                }
            }
        }
    }

    fn count(&mut self, rule: u16, district: u16, severity: Severity, count: u64) {
        if let Some(tally) = self.tallies.get_mut(usize::from(rule)) {
            add(tally, severity, count);
        }
        add(self.districts.entry((rule, district)).or_default(), severity, count);
    }

    #[cfg(feature = "rayon")]
    pub(crate) fn merge(&mut self, other: Sink<'_>) {
        for (mine, theirs) in self.tallies.iter_mut().zip(other.tallies) {
            mine.iter_mut().zip(theirs).for_each(|(mine, theirs)| *mine += theirs);
        }
        for (mine, theirs) in self.suppressed.iter_mut().zip(other.suppressed) {
            *mine += theirs;
        }
        #[allow(clippy::iter_over_hash_type, reason = "sums do not depend on the order")]
        for (key, theirs) in other.districts {
            let mine = self.districts.entry(key).or_default();
            mine.iter_mut().zip(theirs).for_each(|(mine, theirs)| *mine += theirs);
        }
        for (mine, theirs) in self.samples.iter_mut().zip(other.samples) {
            mine.extend(theirs);
            keep_first(mine, self.samples_per_rule);
        }
        self.rejected.extend(other.rejected);
    }

    /// Samples in the order of reports.
    pub(crate) fn take_samples(&mut self) -> Vec<Found> {
        let mut all = Vec::new();
        for samples in &mut self.samples {
            keep_first(samples, self.samples_per_rule);
            all.append(samples);
        }
        all.sort_unstable();
        all
    }

    pub(crate) fn total(&self) -> [u64; 4] {
        self.tallies.iter().fold([0; 4], |mut total, tally| {
            total.iter_mut().zip(tally).for_each(|(total, count)| *total += count);
            total
        })
    }
}

fn add(tally: &mut [u64; 4], severity: Severity, count: u64) {
    if let Some(slot) = tally.get_mut(severity as usize) {
        *slot += count;
    }
}

/// Keeps the first of them by the order of reports, so that which samples are kept depends on nothing else.
fn keep_first(samples: &mut Vec<Found>, limit: usize) {
    if limit == 0 {
        samples.clear();
    } else if samples.len() > limit {
        samples.select_nth_unstable(limit - 1);
        samples.truncate(limit);
    }
}

/// Where a rule puts its findings.
pub struct Emit<'s, 'a> {
    pub(crate) sink: &'s mut Sink<'a>,
    pub(crate) rule: u16,
}

impl Emit<'_, '_> {
    pub(crate) fn put(
        &mut self,
        place: Place,
        field: Option<FieldId>,
        student: u32,
        district: u16,
        other: Option<Place>,
    ) {
        let hit = Hit { file: place.file, line: place.line, rule: self.rule, field };
        self.sink.add(hit, student, other, district, None);
    }

    /// Reports something about a district, with what was seen.
    pub(crate) fn of_district(
        &mut self,
        place: Place,
        field: Option<FieldId>,
        district: u16,
        reason: Reason,
    ) {
        let hit = Hit { file: place.file, line: place.line, rule: self.rule, field };
        let (others, severity) = (Others::default(), Severity::Note);
        self.sink.put(Found { hit, student: 0, others, district, severity, reason }, None);
    }

    /// Reports a row because of others, with what was seen.
    pub(crate) fn because(
        &mut self,
        head: &Head,
        field: FieldId,
        others: impl IntoIterator<Item = Place>,
        reason: Reason,
    ) {
        let hit = Hit { file: head.file, line: head.line, rule: self.rule, field: Some(field) };
        let (student, district, severity) = (head.student, head.district, Severity::Note);
        let others = others.into_iter().collect();
        self.sink.put(Found { hit, student, others, district, severity, reason }, None);
    }
}
