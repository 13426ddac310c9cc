//! Which open questions can matter to a district at all: the others need not be computed to know that they do not.

use crate::{BudgetUnit, Count, District, Fraction, Pupil, PupilProgram};

/// What a district has that a choice could work on.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Concerns {
    early_graduates: bool,
    youth_challenge: bool,
    elsewhere: bool,
    jumpstart_elsewhere: bool,
    kindergarten: bool,
    at_180_hours: bool,
    age_on_count_date: bool,
    activities: bool,
    same_program: bool,
    days_differ: bool,
    history: bool,
    short_history: bool,
    increases: bool,
}

impl Concerns {
    pub(crate) fn of(district: &District) -> Self {
        let mut found = Concerns {
            increases: !district.increases.is_empty(),
            days_differ: district.pir_days.is_some()
                && district.pir_days.unwrap_or_default() != district.pir_days_count_year.unwrap_or(7),
            ..Concerns::default()
        };
        for (place, unit) in district.units.iter().enumerate() {
            found.unit(unit);
            let earlier = district.units.iter().take(place);
            found.same_program |= earlier.into_iter().any(|other| other.program == unit.program);
        }
        found
    }

    fn unit(&mut self, unit: &BudgetUnit) {
        self.activities |= !unit.activities.is_empty();
        let known = usize::from(unit.anb_prior_1.is_some()) + usize::from(unit.anb_prior_2.is_some());
        self.history |= known > 0;
        self.short_history |= known == 1;
        for count in [&unit.october, &unit.february].into_iter().flatten() {
            self.count(count);
        }
    }

    fn count(&mut self, count: &Count) {
        self.early_graduates |= count.early_graduates.is_some();
        for pupil in &count.pupils {
            self.pupil(pupil);
        }
        for band in &count.bands {
            self.kindergarten |= band.program.is_kindergarten();
            self.at_180_hours |= around_180(band.hours);
        }
    }

    fn pupil(&mut self, pupil: &Pupil) {
        let converted = !pupil.self_paced_hours.is_zero() || !pupil.proficiency_hours.is_zero();
        self.early_graduates |= pupil.early_graduate;
        self.youth_challenge |= pupil.youth_challenge;
        self.elsewhere |= !pupil.elsewhere.is_empty();
        self.jumpstart_elsewhere |=
            !pupil.elsewhere.is_empty() && pupil.program == PupilProgram::EarlyLiteracyJumpstart;
        self.kindergarten |= pupil.program.is_kindergarten();
        self.at_180_hours |= converted || around_180(pupil.hours);
        self.age_on_count_date |=
            pupil.birth_date.is_some() && pupil.program == PupilProgram::PreschoolDisability;
    }

    /// Whether a choice in this field of the interpretation could change anything.
    pub(crate) fn matter_to(self, field: &str) -> bool {
        match field {
            "spring_count" => self.age_on_count_date,
            "quarter_time" => self.at_180_hours,
            "kindergarten" => self.kindergarten,
            "extracurricular" => self.activities,
            "ladder_scope" => self.same_program,
            "jumpstart_cap" => self.jumpstart_elsewhere,
            "pir_days" => self.days_differ,
            "short_history" => self.short_history,
            "equal_budgets" | "comparison" => self.history,
            "early_graduates" => self.early_graduates,
            "youth_challenge" => self.youth_challenge,
            "concurrent_share" => self.elsewhere,
            // An approved increase is given; what it was funded by was decided before.
            "increase_funding" => self.increases,
            _ => true,
        }
    }
}

fn around_180(hours: Fraction) -> bool {
    hours >= Fraction::whole(180) && hours < Fraction::whole(181)
}
