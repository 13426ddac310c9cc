//! Certification of one collection by one district: a record of steps, and the state that they lead to.

use crate::hash::Hasher;
use crate::{CertificationProblem, ContentHash, Member, SnapshotError, Table, TimeGiven};
use chrono::NaiveDate;
use opi_dictionary::{DistrictNumber, SchoolYear};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// Where a certification stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CertificationState {
    /// Published to the district; nothing was done yet.
    Open,
    /// The data were validated; no primary member has certified them.
    Validated,
    /// Some primary members have certified, and not yet all.
    PartlyCertified,
    /// All primary members have certified. A district on whose dashboard this stands need not act.
    Certified,
    /// Some or all had certified; the state moved the deadline and asks them to certify again.
    Extended,
    /// Some or all had certified; the state opened it again for corrections.
    Reopened,
    /// All primary members have certified again after an extension or a reopening.
    Recertified,
}

impl CertificationState {
    /// All of them.
    pub const ALL: [CertificationState; 7] = [
        CertificationState::Open,
        CertificationState::Validated,
        CertificationState::PartlyCertified,
        CertificationState::Certified,
        CertificationState::Extended,
        CertificationState::Reopened,
        CertificationState::Recertified,
    ];

    /// The word for people.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            CertificationState::Open => "open",
            CertificationState::Validated => "validated",
            CertificationState::PartlyCertified => "partly certified",
            CertificationState::Certified => "certified",
            CertificationState::Extended => "extended",
            CertificationState::Reopened => "reopened",
            CertificationState::Recertified => "recertified",
        }
    }

    /// Whether all primary members have certified.
    #[must_use]
    pub fn is_certified(self) -> bool {
        matches!(self, CertificationState::Certified | CertificationState::Recertified)
    }
}

impl fmt::Display for CertificationState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// When a collection can be certified. Both days are inclusive; `None` is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// The first day.
    pub opens: Option<NaiveDate>,
    /// The last day.
    pub closes: Option<NaiveDate>,
}

/// What a district vouches for: the counts of its rows and the hash of their content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CertifiedContent {
    /// The hash of the canonical rows of all tables. An empty table is as none.
    pub content: ContentHash,
    /// How many rows of each table; empty tables are left out.
    pub rows: BTreeMap<String, u64>,
}

impl CertifiedContent {
    /// The content of a district's tables; their order does not matter.
    #[must_use]
    pub fn of(tables: &[Table]) -> Self {
        let mut filled: Vec<&Table> = tables.iter().filter(|table| !table.is_empty()).collect();
        filled.sort_by_key(|table| (table.name(), table.content()));
        let mut hasher = Hasher::new("opi certification: tables, version 1");
        let mut rows: BTreeMap<String, u64> = BTreeMap::new();
        for table in filled {
            hasher.text(table.name());
            hasher.text(&table.content().to_string());
            *rows.entry(table.name().to_owned()).or_default() += table.len() as u64;
        }
        CertifiedContent { content: hasher.finish(), rows }
    }

    /// Rows over all tables.
    #[must_use]
    pub fn row_count(&self) -> u64 {
        self.rows.values().sum()
    }
}

/// What a validation found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Validation {
    /// The version of the set of rules.
    pub rule_set: String,
    /// What was validated.
    pub of: CertifiedContent,
    /// How many findings block certification.
    pub blocking: u64,
}

/// A step of a certification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum CertificationEvent {
    /// The state published it, with the members who must all certify.
    Opened {
        /// Those who certify.
        primary_members: Vec<Member>,
        /// When.
        window: Window,
    },
    /// The district ran the validation reports.
    Validated(Validation),
    /// A primary member vouched for the content.
    Certified {
        /// The content that the member saw.
        content: ContentHash,
    },
    /// A primary member vouched that there is nothing to report.
    NothingToReport {
        /// The version of the set of rules under which.
        rule_set: String,
        /// The district's rows in the collection: none.
        of: CertifiedContent,
    },
    /// The state moved the deadline.
    Extended {
        /// The new last day.
        until: NaiveDate,
        /// Whether those who certified are asked to do so again.
        recertify: bool,
    },
    /// The state opened a certified collection again.
    Reopened {
        /// Why.
        reason: String,
        /// The new last day, where it moves.
        until: Option<NaiveDate>,
    },
}

/// One step, with who and when as the caller gave them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Step {
    pub(crate) by: Member,
    pub(crate) at: TimeGiven,
    pub(crate) event: CertificationEvent,
}

/// The certification of one collection by one district: every step so far, and where it stands.
///
/// ```
/// use opi_snapshot::{Certification, CertificationState, CertifiedContent, Validation, Window};
/// let [clerk, principal, state] = ["clerk", "principal", "state"].map(|id| id.parse().unwrap());
/// let at = |text: &str| text.parse().unwrap();
/// let mut fall = Certification::open(
///     "9901".parse()?, "Fall count (ANB)", "2025-26".parse()?,
///     vec![clerk, principal], Window::default(), state, at("2025-10-07T08:00:00"),
/// )?;
/// let of = CertifiedContent::of(&[]);
/// let validation = Validation { rule_set: "2025.1".into(), of: of.clone(), blocking: 0 };
/// fall.validate("clerk".parse()?, at("2025-10-08T08:00:00"), validation)?;
/// fall.certify("clerk".parse()?, at("2025-10-08T09:00:00"), of.content)?;
/// assert_eq!(fall.state(), CertificationState::PartlyCertified);
/// fall.certify("principal".parse()?, at("2025-10-09T09:00:00"), of.content)?;
/// assert_eq!(fall.state(), CertificationState::Certified);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certification {
    district: DistrictNumber,
    collection: String,
    school_year: SchoolYear,
    steps: Vec<Step>,
    primary_members: Vec<Member>,
    window: Window,
    state: CertificationState,
    validation: Option<Validation>,
    certified_by: Vec<Member>,
    was_certified: bool,
}

impl Certification {
    /// Publishes a collection to a district.
    ///
    /// # Errors
    /// When no primary member is named, or the window closes before it opens.
    pub fn open(
        district: DistrictNumber,
        collection: impl Into<String>,
        school_year: SchoolYear,
        mut primary_members: Vec<Member>,
        window: Window,
        by: Member,
        at: TimeGiven,
    ) -> Result<Self, SnapshotError> {
        primary_members.sort();
        primary_members.dedup();
        let event = CertificationEvent::Opened { primary_members: primary_members.clone(), window };
        let certification = Certification {
            district,
            collection: collection.into(),
            school_year,
            steps: vec![Step { by, at, event }],
            primary_members,
            window,
            state: CertificationState::Open,
            validation: None,
            certified_by: Vec::new(),
            was_certified: false,
        };
        let problem = match (window.opens, window.closes) {
            _ if certification.primary_members.is_empty() => CertificationProblem::NoPrimaryMember,
            (Some(opens), Some(closes)) if closes < opens => {
                CertificationProblem::EmptyWindow { opens, closes }
            }
            _ => return Ok(certification),
        };
        Err(certification.error(problem))
    }

    /// Records what a validation found. Members who certified other content must certify again.
    ///
    /// # Errors
    /// When it is certified: the state must reopen it first.
    pub fn validate(&mut self, by: Member, at: TimeGiven, found: Validation) -> Result<(), SnapshotError> {
        self.apply(by, at, CertificationEvent::Validated(found))
    }

    /// Records that a primary member vouches for the content.
    ///
    /// # Errors
    /// When it was not validated, findings block it, the content is not the validated one, the member is no
    /// primary member or certified before, or the window is not open.
    pub fn certify(&mut self, by: Member, at: TimeGiven, content: ContentHash) -> Result<(), SnapshotError> {
        self.apply(by, at, CertificationEvent::Certified { content })
    }

    /// Records that a primary member vouches that there is nothing to report.
    ///
    /// # Errors
    /// When there are rows, or as [`Certification::certify`].
    pub fn nothing_to_report(
        &mut self,
        by: Member,
        at: TimeGiven,
        rule_set: impl Into<String>,
        of: CertifiedContent,
    ) -> Result<(), SnapshotError> {
        self.apply(by, at, CertificationEvent::NothingToReport { rule_set: rule_set.into(), of })
    }

    /// Takes any step. What an illegal one would change stays as it was.
    ///
    /// # Errors
    /// When the step is not possible; the error says why and what would be.
    pub fn apply(
        &mut self,
        by: Member,
        at: TimeGiven,
        event: CertificationEvent,
    ) -> Result<(), SnapshotError> {
        let mut next = self.clone();
        next.step(&by, at, &event).map_err(|problem| self.error(problem))?;
        next.steps.push(Step { by, at, event });
        *self = next;
        Ok(())
    }

    fn step(
        &mut self,
        by: &Member,
        at: TimeGiven,
        event: &CertificationEvent,
    ) -> Result<(), CertificationProblem> {
        if let Some(last) = self.steps.last()
            && at < last.at
        {
            return Err(CertificationProblem::OutOfOrder { found: at, latest: last.at });
        }
        match event {
            CertificationEvent::Opened { .. } => {
                Err(self.illegal("publish it again", "extend or reopen it instead"))
            }
            CertificationEvent::Validated(found) => self.validated(found),
            CertificationEvent::Certified { content } => self.vouched(by, at, *content),
            CertificationEvent::NothingToReport { rule_set, of } => {
                let nothing = CertifiedContent::of(&[]);
                if of.row_count() > 0 {
                    return Err(CertificationProblem::RowsExist { rows: of.row_count() });
                }
                if *of != nothing {
                    let (validated, found) = (nothing.content, of.content);
                    return Err(CertificationProblem::ContentChanged { validated, found });
                }
                if self.state.is_certified() {
                    return Err(self.illegal("report nothing", "ask the state to reopen it first"));
                }
                let held = self.validation.as_ref().map(|validation| validation.of.content);
                if held != Some(of.content) {
                    self.validated(&Validation { rule_set: rule_set.clone(), of: of.clone(), blocking: 0 })?;
                }
                self.vouched(by, at, of.content)
            }
            CertificationEvent::Extended { until, recertify } => {
                self.move_deadline(Some(*until))?;
                if *recertify && self.can_start_over() {
                    self.start_over(CertificationState::Extended);
                }
                Ok(())
            }
            CertificationEvent::Reopened { until, .. } => {
                if !self.can_start_over() {
                    return Err(self.illegal("reopen it", "it is open to the district already"));
                }
                self.move_deadline(*until)?;
                self.start_over(CertificationState::Reopened);
                Ok(())
            }
        }
    }

    fn validated(&mut self, found: &Validation) -> Result<(), CertificationProblem> {
        if self.state.is_certified() {
            return Err(self.illegal("validate it again", "ask the state to reopen it first"));
        }
        let same = self.validation.as_ref().is_some_and(|held| held.of.content == found.of.content);
        if !same || found.blocking > 0 {
            self.certified_by.clear();
        }
        self.validation = Some(found.clone());
        self.state = match self.certified_by.is_empty() {
            true => CertificationState::Validated,
            false => CertificationState::PartlyCertified,
        };
        Ok(())
    }

    fn vouched(
        &mut self,
        by: &Member,
        at: TimeGiven,
        content: ContentHash,
    ) -> Result<(), CertificationProblem> {
        let validation = match (&self.validation, self.state) {
            (Some(held), CertificationState::Validated | CertificationState::PartlyCertified) => held,
            (_, state) if state.is_certified() => {
                return Err(self.illegal("certify it", "nothing needs to be done"));
            }
            _ => return Err(self.illegal("certify it", "validate it first")),
        };
        if validation.blocking > 0 {
            return Err(CertificationProblem::Blocked { blocking: validation.blocking });
        }
        if validation.of.content != content {
            let validated = validation.of.content;
            return Err(CertificationProblem::ContentChanged { validated, found: content });
        }
        if !self.primary_members.contains(by) {
            let primaries: Vec<&str> = self.primary_members.iter().map(Member::as_str).collect();
            return Err(CertificationProblem::NotPrimary {
                member: by.clone(),
                primaries: primaries.join(", "),
            });
        }
        if self.certified_by.contains(by) {
            return Err(CertificationProblem::AlreadyCertifiedBy { member: by.clone() });
        }
        let on = at.day();
        if let Some(opens) = self.window.opens.filter(|opens| on < *opens) {
            return Err(CertificationProblem::BeforeWindow { opens, on });
        }
        if let Some(closes) = self.window.closes.filter(|closes| on > *closes) {
            return Err(CertificationProblem::AfterWindow { closes, on });
        }
        self.certified_by.push(by.clone());
        self.state = match (self.certified_by.len() == self.primary_members.len(), self.was_certified) {
            (false, _) => CertificationState::PartlyCertified,
            (true, false) => CertificationState::Certified,
            (true, true) => CertificationState::Recertified,
        };
        self.was_certified |= self.state.is_certified();
        Ok(())
    }

    fn move_deadline(&mut self, until: Option<NaiveDate>) -> Result<(), CertificationProblem> {
        let Some(until) = until else { return Ok(()) };
        if let Some(closes) = self.window.closes.filter(|closes| until <= *closes) {
            return Err(CertificationProblem::NotLater { until, closes });
        }
        if let Some(opens) = self.window.opens.filter(|opens| until < *opens) {
            return Err(CertificationProblem::EmptyWindow { opens, closes: until });
        }
        self.window.closes = Some(until);
        Ok(())
    }

    /// Whether someone has certified.
    fn can_start_over(&self) -> bool {
        self.state.is_certified() || self.state == CertificationState::PartlyCertified
    }

    fn start_over(&mut self, state: CertificationState) {
        self.state = state;
        self.validation = None;
        self.certified_by.clear();
    }

    /// The district.
    #[must_use]
    pub fn district(&self) -> DistrictNumber {
        self.district
    }

    /// The collection.
    #[must_use]
    pub fn collection(&self) -> &str {
        &self.collection
    }

    /// The school year.
    #[must_use]
    pub fn school_year(&self) -> SchoolYear {
        self.school_year
    }

    /// Where it stands.
    #[must_use]
    pub fn state(&self) -> CertificationState {
        self.state
    }

    /// When it can be certified, extensions included.
    #[must_use]
    pub fn window(&self) -> Window {
        self.window
    }

    /// Those who must all certify, in order.
    #[must_use]
    pub fn primary_members(&self) -> &[Member] {
        &self.primary_members
    }

    /// Those who have certified the present content, in the order in which they did.
    #[must_use]
    pub fn certified_by(&self) -> &[Member] {
        &self.certified_by
    }

    /// The latest validation since it was opened or reopened.
    #[must_use]
    pub fn validation(&self) -> Option<&Validation> {
        self.validation.as_ref()
    }

    /// What is certified; `None` unless all primary members have certified.
    #[must_use]
    pub fn certified(&self) -> Option<&Validation> {
        self.validation.as_ref().filter(|_| self.state.is_certified())
    }

    /// It as it stood at a moment; `None` where it was not yet published.
    ///
    /// # Errors
    /// None in practice: its steps were possible in their order before.
    pub fn as_of(&self, moment: TimeGiven) -> Result<Option<Certification>, SnapshotError> {
        let mut known: Option<Certification> = None;
        for Step { by, at, event } in self.steps.iter().take_while(|step| step.at <= moment) {
            match (&mut known, event) {
                (Some(known), event) => known.apply(by.clone(), *at, event.clone())?,
                (None, CertificationEvent::Opened { primary_members, window }) => {
                    let (district, members) = (self.district, primary_members.clone());
                    let (collection, year) = (self.collection.clone(), self.school_year);
                    known = Some(Certification::open(
                        district,
                        collection,
                        year,
                        members,
                        *window,
                        by.clone(),
                        *at,
                    )?);
                }
                (None, _) => {}
            }
        }
        Ok(known)
    }

    /// Every step so far: who, when, what.
    pub fn history(&self) -> impl Iterator<Item = (&Member, TimeGiven, &CertificationEvent)> {
        self.steps.iter().map(|step| (&step.by, step.at, &step.event))
    }

    /// Whether the data now differ from what is certified. The rows that differ are found by
    /// [`differs_from_certified`](crate::differs_from_certified).
    #[must_use]
    pub fn differs(&self, now: &CertifiedContent) -> bool {
        self.certified().is_some_and(|certified| certified.of.content != now.content)
    }

    /// It in a manifest.
    #[must_use]
    pub fn entry(&self) -> crate::CertificationEntry {
        let certified = self.certified();
        crate::CertificationEntry {
            district: self.district,
            collection: self.collection.clone(),
            state: self.state,
            content: certified.map(|validation| validation.of.content),
            rule_set: certified.map(|validation| validation.rule_set.clone()).unwrap_or_default(),
            certified_by: certified.map(|_| self.certified_by.clone()).unwrap_or_default(),
            certified_at: certified.and_then(|_| self.steps.iter().rev().find_map(certifying)),
        }
    }

    fn illegal(&self, step: &'static str, allowed: &'static str) -> CertificationProblem {
        CertificationProblem::Illegal { step, state: self.state, allowed }
    }

    fn error(&self, problem: CertificationProblem) -> SnapshotError {
        let (district, collection) = (self.district, self.collection.clone());
        SnapshotError::Certification { district, collection, problem }
    }
}

fn certifying(step: &Step) -> Option<TimeGiven> {
    match step.event {
        CertificationEvent::Certified { .. } | CertificationEvent::NothingToReport { .. } => Some(step.at),
        _ => None,
    }
}
