//! The rules of a run: their numbers, what a policy makes of them, and why some do not run.

use crate::emit::Sink;
use crate::facts::FileKind;
use crate::families::members;
use crate::policy::{Policy, Verdict};
use crate::record::{ALWAYS, OFF, column_bit};
use crate::rules::{Check, JUDGED_BY_READERS, Rule, built_in};
use crate::world::World;
use crate::{References, RegisteredRule, RulesError, registry};
use chrono::NaiveDate;
use hashbrown::HashSet;
use opi_dictionary::{Dictionary, FieldId, Layout, RuleInfo, RuleKey, RuleStatus, Severity};

/// A rule with its number: its place in the table, which is ordered by code.
pub(crate) struct Entry<'a> {
    pub(crate) info: &'a RuleInfo,
    pub(crate) registered: Option<&'static RegisteredRule>,
    pub(crate) own: Option<&'a dyn Rule>,
}

/// All rules, in the order of their codes.
pub(crate) struct Table<'a> {
    pub(crate) entries: Vec<Entry<'a>>,
    pub(crate) verdicts: Vec<Verdict>,
    pub(crate) base: Vec<Severity>,
}

impl<'a> Table<'a> {
    pub(crate) fn new(own: &[&'a dyn Rule], policy: &Policy, day: NaiveDate) -> Result<Self, RulesError> {
        let mut entries: Vec<Entry<'a>> = registry()
            .iter()
            .map(|rule| Entry { info: &rule.info, registered: Some(rule), own: None })
            .chain(own.iter().map(|rule| Entry { info: rule.info(), registered: None, own: Some(*rule) }))
            .collect();
        entries.sort_by_key(|entry| entry.info.code);
        let twice = entries.windows(2).find_map(|pair| match pair {
            [one, other] if one.info.code == other.info.code => Some(one.info.code.to_owned()),
            _ => None,
        });
        if let Some(code) = twice {
            return Err(RulesError::DuplicateRule { code });
        }
        let verdict = |entry: &Entry<'_>| Verdict::new(policy, entry.info.code, entry.info.severity, day);
        let verdicts = entries.iter().map(verdict).collect();
        let base = entries.iter().map(|entry| entry.info.severity).collect();
        Ok(Table { entries, verdicts, base })
    }

    pub(crate) fn number(&self, code: &str) -> Option<u16> {
        self.entries.binary_search_by_key(&code, |entry| entry.info.code).ok().map(|index| index as u16)
    }

    pub(crate) fn sink(&self, samples_per_rule: usize, reject_from: Option<Severity>) -> Sink<'_> {
        Sink::new(&self.verdicts, &self.base, samples_per_rule, reject_from)
    }
}

/// What a run has, by the words that `needs` in the registry uses.
#[derive(Default)]
pub(crate) struct Present {
    words: HashSet<String>,
}

impl Present {
    pub(crate) fn add(&mut self, word: impl Into<String>) {
        self.words.insert(word.into());
    }

    pub(crate) fn has(&self, word: &str) -> bool {
        self.words.contains(word)
    }

    pub(crate) fn add_references(&mut self, world: &World<'_>) {
        let references = world.references;
        for (word, there) in [
            ("directory", world.has_directory),
            ("calendar", world.has_calendars),
            ("count_date", world.has_count_dates()),
            ("uploader", references.uploader.is_some()),
            ("reg", !references.facts.is_empty()),
            ("facts", !references.facts.is_empty()),
        ] {
            if there {
                self.add(word);
            }
        }
        for kind in crate::FactKind::ALL {
            if references.facts.has(kind.as_str()) {
                self.add(format!("reg.{}", kind.as_str()));
            }
        }
        for table in [
            "withdrawal",
            "transfer_between_districts",
            "transfer_in_state",
            "transfer_out_of_state",
            "schoolwide_school",
            "delinquent_district",
            "cte_pathway",
            "behavior",
        ] {
            if references.tables.has(table) {
                self.add(format!("table.{table}"));
            }
        }
    }
}

/// Words of `needs` as a clerk would say them: files by their titles in the upload guide.
fn in_words(need: &str, dictionary: &Dictionary) -> String {
    let title = |short: &str| {
        let layout = dictionary.layouts().iter().find(|layout| FileKind::short(&layout.key) == short);
        layout.map_or_else(|| short.to_owned(), |layout| layout.title.clone())
    };
    match need {
        "directory" => "the directory of districts and schools".to_owned(),
        "calendar" => "the calendars of the schools".to_owned(),
        "count_date" => "a count date".to_owned(),
        "uploader" => "the district that uploads".to_owned(),
        "districts" => "files of two districts or more".to_owned(),
        "reg" => "a register".to_owned(),
        "facts" => "stored facts about students".to_owned(),
        other => match other.split_once('.') {
            Some(("reg", name)) if name.len() <= 3 => format!("stored rows of {}", title(name)),
            Some(("reg", fact)) => format!("stored facts of the kind {fact}"),
            Some(("prior", name)) => format!("last year's rows of {}", title(name)),
            Some(("table", table)) => format!("the state table {table}"),
            _ => format!("the file {}", title(other)),
        },
    }
}

/// Why a rule does not run; `None` when it does.
pub(crate) fn skip_reason(
    entry: &Entry<'_>,
    verdict: &Verdict,
    present: &Present,
    references: &References<'_>,
) -> Option<String> {
    let (year, collection) = (references.year, references.collection);
    if entry.info.status == RuleStatus::Deprecated {
        let redirect = entry.registered.and_then(|rule| rule.redirect).unwrap_or("another rule");
        return Some(format!("replaced by {redirect}"));
    }
    if let Some(reason) = entry.registered.and_then(|rule| rule.not_judged) {
        return Some(format!("cannot be judged here: {reason}"));
    }
    if verdict.is_off_everywhere() {
        return Some(format!("switched off by policy: {}", verdict.reason));
    }
    let holds = entry.info.first_year.is_none_or(|first| first <= year)
        && entry.info.last_year.is_none_or(|last| year <= last);
    if !holds {
        return Some(format!("does not hold in {year}"));
    }
    if let Some(rule) = entry.registered {
        if !rule.belongs_to(collection) {
            let of: Vec<&str> = rule.collections.iter().map(|collection| collection.as_str()).collect();
            return Some(format!("belongs to another collection: {}", of.join(", ")));
        }
        for need in &rule.needs {
            if !need.iter().any(|word| present.has(word)) {
                let words: Vec<String> =
                    need.iter().map(|word| in_words(word, references.dictionary)).collect();
                return Some(format!("needs {}", words.join(" or ")));
            }
        }
    }
    if JUDGED_BY_READERS.contains(&entry.info.code) && !present.has(&format!("judged:{}", entry.info.code)) {
        return Some("no reader of these inputs judges it".to_owned());
    }
    let reads_files = !entry.info.files.is_empty() && entry.info.files != ["calendar-report"];
    let in_the_run = |layout: &&str| present.has(FileKind::short(layout));
    if reads_files && !entry.info.files.iter().any(in_the_run) && !needs_prior_only(entry) {
        return Some("none of its files is in the run".to_owned());
    }
    None
}

/// Rules whose files may all be of last year.
fn needs_prior_only(entry: &Entry<'_>) -> bool {
    let Some(rule) = entry.registered else { return false };
    rule.needs.iter().flatten().any(|word| word.starts_with("prior."))
}

/// The record checks of one layout: those of the registry, the families, the user's own.
pub(crate) fn record_checks<'a>(table: &Table<'a>, layout: &Layout, runs: &[bool]) -> Vec<RecordCheck<'a>> {
    let short = FileKind::short(&layout.key);
    let mut checks = Vec::new();
    let runs = |code: &str| {
        let number = table.number(code)?;
        runs.get(usize::from(number)).copied().unwrap_or(false).then_some(number)
    };
    for rule in built_in() {
        if let Check::Record(files, filled, function) = rule.check
            && (files.is_empty() || files.contains(&short))
            && let Some(rule) = runs(rule.code)
        {
            checks.push(RecordCheck {
                rule,
                filled: layout_bits(layout, filled),
                what: What::BuiltIn(function),
            });
        }
    }
    for member in members() {
        if member.files.contains(&layout.key)
            && let Some(rule) = runs(member.rule)
        {
            let filled = layout_bits(layout, member.needs_filled().as_slice());
            checks.push(RecordCheck { rule, filled, what: What::Family(member) });
        }
    }
    for entry in &table.entries {
        if let (Some(own), RuleKey::Record) = (entry.own, entry.info.key)
            && entry.info.files.contains(&layout.key.as_str())
            && let Some(rule) = runs(entry.info.code)
        {
            checks.push(RecordCheck { rule, filled: ALWAYS, what: What::Own(own) });
        }
    }
    checks
}

/// The columns of some fields as bits; the bit of every row where nothing is asked for.
fn layout_bits(layout: &Layout, fields: &[FieldId]) -> u64 {
    let bits = fields.iter().map(|field| column_bit(layout.column(*field).unwrap_or(usize::MAX)));
    bits.reduce(|all, bit| all | bit).unwrap_or(ALWAYS)
}

/// A check of one row.
pub(crate) struct RecordCheck<'a> {
    rule: u16,
    /// It need not run on rows in which none of these columns is filled.
    filled: u64,
    what: What<'a>,
}

enum What<'a> {
    BuiltIn(crate::rules::RecordFn),
    Family(&'static crate::families::Member),
    Own(&'a dyn Rule),
}

impl RecordCheck<'_> {
    /// Whether it is a rule of a user, which may look at anything.
    pub(crate) fn is_own(&self) -> bool {
        matches!(self.what, What::Own(_))
    }

    #[inline]
    pub(crate) fn run(&self, record: &crate::Record<'_>, sink: &mut Sink<'_>) {
        if record.filled & self.filled != 0 {
            self.look(record, &mut crate::Emit { sink, rule: self.rule });
        }
    }

    fn look(&self, record: &crate::Record<'_>, emit: &mut crate::Emit<'_, '_>) {
        match self.what {
            What::BuiltIn(function) => function(record, emit),
            What::Family(member) => member.check(record, emit),
            What::Own(rule) => rule.record(record, emit),
        }
    }
}

/// The number under which a rule reports, or [`OFF`].
pub(crate) fn number_if_runs(table: &Table<'_>, runs: &[bool], code: &str) -> u16 {
    match table.number(code) {
        Some(number) if runs.get(usize::from(number)) == Some(&true) => number,
        _ => OFF,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::References;
    use crate::record::Plan;
    use crate::source::Rows;
    use chrono::NaiveDate;
    use opi_dictionary::Dictionary;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_check_finds_nothing_where_none_of_the_fields_it_names_is_filled(
            layout in 0usize..23,
            values in prop::collection::vec(
                prop::sample::select(vec![
                    "", "Y", "N", "P", "S", "400", "410", "310", "11", "12", "02", "990000101", "9901", "0001", "100",
                    "12/05/2025", "08/20/2025", "01/20/2027", "180.00", "1", "EL", "W3", "2026", "Grade 11",
                ]),
                30,
            ),
        ) {
            let dictionary = Dictionary::built_in();
            let layout = &dictionary.layouts()[layout % dictionary.layouts().len()];
            let today = NaiveDate::from_ymd_opt(2026, 1, 21).unwrap();
            let references = References::new(dictionary, opi_dictionary::SchoolYear::ending(2026).unwrap(), today);
            let world = World::new(&references, crate::Parameters::default());
            let table = Table::new(&[], &Policy::default(), today).unwrap();
            let checks = record_checks(&table, layout, &vec![true; table.entries.len()]);
            for check in checks.iter().filter(|check| check.filled != ALWAYS) {
                let blank = |column: usize| check.filled & column_bit(column) != 0;
                let fields = (0..layout.fields.len()).map(|column| if blank(column) { "" } else { values[column] });
                let mut rows = Rows::new("a.tsv", layout);
                rows.push(2, fields);
                let row = rows.row(0).unwrap();
                let mut plan = Plan::new(layout, &world, |_| OFF);
                prop_assert!(plan.read(&row, 0, false, None));
                let mut sink = table.sink(10, None);
                check.look(&plan.record(&row, &world, 0), &mut crate::Emit { sink: &mut sink, rule: check.rule });
                prop_assert_eq!(sink.total(), [0; 4], "{}", table.entries[usize::from(check.rule)].info.code);
            }
        }
    }
}
