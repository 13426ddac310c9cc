//! Validation of Montana school data: the registry of all rules, and the engine that runs them over files, registers
//! and years, so that vendor, district and state get the same findings from the same code.
//!
//! A [`Checker`] is made of [`References`] (the year, today, the directory, stored facts) and a [`Policy`]. It takes
//! [`Input`]s, which can be opened again, and gives an [`Outcome`]: exact counts, samples, and a [`Report`] that names
//! the rules that ran and those that did not, with the reason. Nothing here opens a file or reads a clock.
//!
//! # How it keeps up with reading
//!
//! Most rows say word for word what others said before them, but for the columns that tell persons apart. The stretches
//! between those columns are known by their bytes; their verdict and the fact made of them are kept from row to row and
//! from file to file, in tables of a fixed size. While a content is judged it is noted which columns a rule looks at: one
//! that looked at the value of a column that tells persons apart, and every rule of a user, is asked again for each row. A
//! file whose rows have little in common is judged row by row. Wider rules run on facts of a fixed size, dealt out to
//! parts by student; in a run of enrollments alone, students whose one or two rows can give no finding are passed over.
//! The verdict is that of judging every row, which tests hold it to.
//!
//! ```
//! use chrono::NaiveDate;
//! use opi_dictionary::{Dictionary, SchoolYear};
//! use opi_rules::{Checker, Inputs, Options, Policy, References, Rows};
//!
//! let dictionary = Dictionary::built_in();
//! let today = NaiveDate::from_ymd_opt(2026, 1, 21).unwrap();
//! let references = References::new(dictionary, SchoolYear::ending(2026)?, today);
//!
//! let mut meals = Rows::new("meals.tsv", dictionary.layout("fram")?);
//! meals.push(1, ["990000101", "Larkspur", "Zinnia", "P", "Income", "08/27/2025", ""]);
//!
//! let checker = Checker::new(&references, &Policy::default(), Options::default())?;
//! let outcome = checker.check(&Inputs::of(&[&meals]))?;
//! assert_eq!(outcome.report.findings, 1);
//! let finding = &outcome.findings(&checker, &Inputs::of(&[&meals]), false)?[0];
//! assert_eq!(finding.code, "FRAM-001");
//! assert_eq!(finding.position.line, 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod cell;
mod column;
mod emit;
mod engine;
mod enrollments;
mod error;
mod facts;
mod families;
mod forms;
mod hints;
mod judge;
mod memo;
mod pages;
mod parameters;
mod pass;
mod policy;
mod practice;
mod ragged;
mod reason;
mod record;
mod register;
mod registry;
mod render;
mod report;
mod rules;
mod run;
mod source;
mod student;
mod table;
mod told;
mod totals;
mod world;

pub use emit::{Emit, Found, Place};
pub use engine::{Checker, Inputs, Options, Outcome};
pub use error::RulesError;
pub use pages::{index_page, page};
pub use parameters::{Parameters, StateTables};
pub use policy::{Change, Policy};
pub use record::Record;
pub use register::{FactKind, RegisterFacts};
pub use registry::{Collection, RegisteredRule, nearest, registry, rule};
pub use report::{CompareRow, FileReport, Report, RuleCount, SkippedRule, compare, newly_hit};
pub use rules::Rule;
pub use source::{Input, Notice, RowSource, Rows};
pub use student::{EnrollmentSpan, Student};
pub use totals::{CountedRule, TotalReported, TotalSet};
pub use world::{Count, CountDate, References, World};
