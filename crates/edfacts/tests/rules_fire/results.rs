//! Results of assessments and who took part.

use super::submission::{Codes, File, Pair, given, one, pair, zeros};
use opi_edfacts::Level::Sea;
use opi_edfacts::StateProfile;

const GIRL: Codes<'static> =
    &[("GRADELVLASS", "05"), ("MAJORREG", "MW"), ("SEX", "F"), ("DISABSTATUS", "WDIS")];

fn with(more: Codes<'static>) -> Vec<(&'static str, &'static str)> {
    GIRL.iter().chain(more).copied().collect()
}

fn scores(file: u16, count: i64) -> File {
    let codes = with(&[("ASMTADMNSTRD", "REGASSWOACC"), ("PROFSTATUS", "PROFICIENT")]);
    zeros(file, Sea).with("", &codes, count)
}

fn took_part(count: i64) -> File {
    zeros(188, Sea).with("", &with(&[("PARTSTATUSRLA", "REGPARTWOACC")]), count)
}

pub(crate) fn pairs() -> Vec<Pair> {
    let declare = |test: &'static str| {
        move |profile: &mut StateProfile| {
            let toml = format!("file = \"175\"\ngrades = [\"05\"]\ntests = [\"{test}\"]\n");
            profile.assessments = vec![toml::from_str(&toml).unwrap()];
        }
    };
    let score = |test| one(scores(175, 3)).profile(declare(test));
    let two = |scored, tested| given([scores(178, scored), took_part(tested)]);
    let sexes: Codes<'_> = &[("GRADELVLASS", "05"), ("PARTSTATUSRLA", "REGPARTWOACC"), ("SEX", "F")];
    let substitute = |learner: Codes<'static>| {
        let codes: Vec<(&str, &str)> =
            with(&[("PARTSTATUSRLA", "PARTELP")]).into_iter().chain(learner.iter().copied()).collect();
        one(zeros(188, Sea).with("", &codes, 2))
    };
    vec![
        pair("SUB-30", &score("REGASSWOACC"), &score("ALTASSALTACH"), &[]),
        pair("SUB-31", &two(3, 3), &two(3, 2), &[]),
        pair("SUB-32", &one(took_part(3)), &one(took_part(3).set("", sexes, "2")), &["SUB-09"]),
        pair("SUB-33", &substitute(&[("LEPONLY", "LEP")]), &substitute(&[]), &[]),
    ]
}
