//! `opi validate --split`: the rows of each file that would be taken, those that would not, and why.

use crate::files::{self, DiskUpload};
use crate::{Failure, output};
use opi::dictionary::Hit;
use opi::rules::{Checker, Input};
use opi::{CheckedUpload, Split, Upload, split_upload};
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

/// What a folder of a split holds: its name, and what is added to the name of an upload.
const PARTS: [(&str, &str); 3] = [("accepted", ""), ("rejected", ""), ("reasons", ".csv")];

/// Where the parts of each upload are written: below three folders under the name that it has below what was given.
/// Files of several folders that would meet there are told apart by their whole path.
fn places<'a>(
    folder: &Path,
    given: &[PathBuf],
    names: impl Iterator<Item = &'a str>,
) -> Result<BTreeMap<&'a str, [PathBuf; 3]>, Failure> {
    let names: Vec<&str> = names.collect();
    let below = |name: &str| PathBuf::from(DiskUpload::below(given, PathBuf::from(name)).name());
    let mut uses: BTreeMap<PathBuf, usize> = BTreeMap::new();
    for name in &names {
        *uses.entry(below(name)).or_default() += 1;
    }
    let mut places = BTreeMap::new();
    let mut taken = std::collections::BTreeSet::new();
    for name in names {
        let alone = uses.get(&below(name)).is_some_and(|uses| *uses == 1);
        let inner = if alone { below(name) } else { PathBuf::from(name) };
        let inner: PathBuf = inner.components().filter(|part| matches!(part, Component::Normal(_))).collect();
        let parts = PARTS.map(|(part, suffix)| {
            let mut path = folder.join(part).join(&inner).into_os_string();
            path.push(suffix);
            PathBuf::from(path)
        });
        for path in &parts {
            if path.exists() || !taken.insert(path.clone()) {
                return Err(Failure::of_file(path, "is there already; split into a folder of its own"));
            }
        }
        places.insert(name, parts);
    }
    Ok(places)
}

/// Splits each file that was checked. `rejected` are the findings for which rows are rejected; `names` the files by
/// the numbers that findings have.
pub(super) fn split(
    folder: &Path,
    given: &[PathBuf],
    uploads: &[DiskUpload],
    checked: &[CheckedUpload<'_>],
    checker: &Checker<'_>,
    (names, rejected): (&[String], &[Hit]),
) -> Result<(), Failure> {
    let is_xml = |input: &&CheckedUpload<'_>| input.layout().is_xml();
    for input in checked.iter().filter(is_xml) {
        let name = input.name();
        output::note(format_args!("{name} was not split: a behavior file is loaded as a whole"));
    }
    let rows = || checked.iter().filter(|input| !is_xml(input));
    let places = places(folder, given, rows().map(Input::name))?;
    for input in rows() {
        let name = input.name();
        let (Some(upload), Some(parts)) =
            (uploads.iter().find(|upload| upload.name() == name), places.get(name))
        else {
            continue;
        };
        let number = names.iter().position(|known| known == name).unwrap_or(usize::MAX);
        let hits: Vec<Hit> = rejected.iter().filter(|hit| hit.file as usize == number).copied().collect();
        let [accepted, rejected, reasons] = parts;
        let outputs =
            (files::create_new(accepted)?, files::create_new(rejected)?, files::create_new(reasons)?);
        let Split { accepted, rejected } =
            split_upload(upload, checker, &hits, outputs.0, outputs.1, outputs.2)
                .map_err(|error| Failure::of_file(Path::new(name), error))?;
        output::note(format_args!("{name}: {accepted} rows accepted, {rejected} rejected"));
    }
    Ok(())
}
