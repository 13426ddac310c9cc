//! Rules on one record that need more than its columns: the unit, the answers of the state, the file.

use super::directory::DirectoryUnit;
use super::records::{Checked, Clean};
use super::units::unit_name;
use super::{CheckOptions, Found};
use crate::count::{Logic, declaration};
use crate::{CountConfig, Grade, Level, MISSING};

/// A record of a unit, with all that is known of both.
#[derive(Clone, Copy)]
pub(crate) struct One<'c> {
    pub(crate) options: &'c CheckOptions,
    pub(crate) config: &'c CountConfig,
    pub(crate) unit: Option<&'c DirectoryUnit>,
    pub(crate) file: &'c Checked<'c>,
    pub(crate) record: &'c Clean,
}

impl<'c> One<'c> {
    /// Runs the rules of the file.
    pub(crate) fn check(self, found: &mut Found) {
        let number = self.file.opened.number.get();
        self.closed(number, found);
        self.grades(number, found);
        match number {
            2 => {
                self.environment(found);
                let what = "developmental delay or correctional facility at an age that is not declared";
                self.possible("SUB-18", what, found);
            }
            9 => {
                let what = "an exit reason that the state does not have, at all or at this age";
                self.possible("SUB-20", what, found);
            }
            175 | 178 | 179 => self.assessment(found),
            199..=202 | 205 => self.status_name(found),
            _ => {}
        }
    }

    fn say(self, code: &'static str, field: Option<&str>, what: &str, found: &mut Found) {
        let name = self.file.opened.name.as_str();
        let subject = unit_name(&self.record.lea, &self.record.school);
        found.at(name, code, self.record.line, field).say(what).about(&subject);
    }

    /// The categories of its set by name and logic, with its codes.
    fn codes(self) -> impl Iterator<Item = (&'c str, Logic, &'c str)> {
        let set = self.file.plans.sets.get(self.record.set);
        let places = set.into_iter().flat_map(|set| &set.categories).zip(self.record.codes);
        places.filter_map(move |(place, code)| {
            let category = self.file.plans.categories.get(*place)?;
            let code = category.codes.get(usize::from(code))?;
            Some((category.name.as_str(), category.logic, code.as_str()))
        })
    }

    /// MTC-03: a count of a unit that is not open.
    fn closed(self, number: u16, found: &mut Found) {
        let closed = self
            .unit
            .is_some_and(|unit| unit.unreported || unit.status.is_some_and(|status| !status.is_reported()));
        if closed && self.record.amount > 0 && number != 29 {
            self.say("MTC-03", None, "a closed, inactive or future unit has a count", found);
        }
    }

    /// SUB-14, SUB-26 and SUB-49: grades that the state has not declared or the unit does not offer.
    fn grades(self, number: u16, found: &mut Found) {
        let counted = self.record.amount > 0;
        for (_, logic, code) in self.codes() {
            let grade = Grade::from_code(code).filter(|grade| grade.is_extra());
            let graded =
                matches!(logic, Logic::Grade | Logic::GradeTested | Logic::GradeDropout | Logic::AgeGrade);
            let undeclared = graded && grade.is_some_and(|grade| !self.config.uses(grade));
            if undeclared && number == 52 {
                let what = format!("the state has not declared {code}");
                self.say("SUB-14", Some("Grade Level"), &what, found);
            } else if undeclared && counted {
                let what = format!("a count for {code}, which the state has not declared");
                self.say("SUB-49", None, &what, found);
            }
            let offered = self.unit.and_then(|unit| unit.grades);
            let elsewhere = code != MISSING && offered.is_some_and(|grades| !logic.offered(grades, code));
            if logic == Logic::GradeDropout && counted && elsewhere {
                let what = "dropouts in a grade that the unit does not offer";
                self.say("SUB-26", Some("Grade Level"), what, found);
            }
        }
    }

    /// SUB-17: environments that no school has.
    fn environment(self, found: &mut Found) {
        let environment = self.file.code(self.record, "EDENVIRIDEASA");
        if self.file.opened.level == Level::Sch && matches!(environment, Some("HH" | "PPPS")) {
            self.say("SUB-17", None, "a school reports home, hospital or private placement", found);
        }
    }

    /// A count of what the answers of the state rule out.
    fn possible(self, code: &'static str, what: &str, found: &mut Found) {
        if self.record.amount == 0 {
            return;
        }
        let named: Vec<(&str, &str)> = self.codes().map(|(name, _, code)| (name, code)).collect();
        let declared = declaration(self.file.opened.number);
        if declared.is_some_and(|declared| !(declared.possible)(self.config, Level::Sea, &named)) {
            self.say(code, None, what, found);
        }
    }

    /// SUB-30: a test that the state has not declared for the grade.
    fn assessment(self, found: &mut Found) {
        let declared = &self.options.profile.assessments;
        let of = |prefix: &str| {
            self.codes().find(|(name, _, _)| name.starts_with(prefix)).map(|(_, _, code)| code)
        };
        let Some((test, grade)) = of("ASMTADMN").zip(of("GRADELV")) else { return };
        let asked = self.record.amount > 0 && !declared.is_empty() && test != MISSING && grade != MISSING;
        let number = self.file.opened.number.get();
        if asked && !declared.iter().any(|known| known.covers(number, grade, test)) {
            self.say("SUB-30", None, &format!("the state has not declared {test} in grade {grade}"), found);
        }
    }

    /// SUB-43: a state defined status and its name.
    fn status_name(self, found: &mut Found) {
        let Some(status) = &self.record.status else { return };
        let named = status.others.iter().any(|(element, _)| element == "StateDefinedStatusName");
        if (status.amount == "STTDEF") != named {
            let what = "a state defined status and its name do not stand together";
            self.say("SUB-43", Some("State Defined Status"), what, found);
        }
    }
}
