//! What a reader told of its findings beyond line and field. It is asked again when findings are shown, so that a run
//! keeps no texts.

use crate::emit::Found;
use crate::source::Notice;
use opi_dictionary::FieldId;
use std::collections::BTreeMap;

/// Code, line and field.
type Key = (String, u32, Option<FieldId>);

/// What is known of one finding.
type Known = (Option<u64>, Option<String>);

/// The notices of a reader in the order in which they were told, each with whether it was taken.
#[derive(Default)]
pub(crate) struct Told(BTreeMap<Key, Vec<(Notice, bool)>>);

impl Told {
    pub(crate) fn new(notices: Vec<Notice>) -> Self {
        let mut told = Told::default();
        for notice in notices {
            let line = u32::try_from(notice.line).unwrap_or(u32::MAX);
            told.0.entry((notice.code.clone(), line, notice.field)).or_default().push((notice, false));
        }
        told
    }

    /// What was told of a finding; each notice is of one. Where several fit, one of its severity goes first.
    pub(crate) fn take(&mut self, code: &str, found: &Found) -> Known {
        let key = (code.to_owned(), found.hit.line, found.hit.field);
        let Some(notices) = self.0.get_mut(&key) else { return (None, None) };
        let free = || notices.iter().position(|(_, taken)| !taken);
        let same = |(notice, taken): &(Notice, bool)| !taken && notice.severity == Some(found.severity);
        let place = notices.iter().position(same).or_else(free);
        match place.and_then(|place| notices.get_mut(place)) {
            Some((notice, taken)) => {
                *taken = true;
                (notice.byte, notice.detail.clone())
            }
            None => (None, None),
        }
    }
}
