//! How text is painted, as a value: the caller knows whether it writes to a terminal.

use opi_dictionary::Severity;

/// Escape sequences put around parts of the text; all empty for plain text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Before the word `note`.
    pub note: &'static str,
    /// Before the word `confirm`.
    pub confirm: &'static str,
    /// Before the words `blocks certification`.
    pub blocks_certification: &'static str,
    /// Before the words `blocks upload`.
    pub blocks_upload: &'static str,
    /// Before a message or a heading.
    pub strong: &'static str,
    /// Before what is of second rank: arrows, labels.
    pub faint: &'static str,
    /// After each painted part.
    pub reset: &'static str,
}

impl Style {
    /// No colours.
    pub const PLAIN: Style = Style {
        note: "",
        confirm: "",
        blocks_certification: "",
        blocks_upload: "",
        strong: "",
        faint: "",
        reset: "",
    };

    /// The colours that every terminal knows.
    pub const ANSI: Style = Style {
        note: "\u{1b}[36m",
        confirm: "\u{1b}[33m",
        blocks_certification: "\u{1b}[35m",
        blocks_upload: "\u{1b}[31m",
        strong: "\u{1b}[1m",
        faint: "\u{1b}[2m",
        reset: "\u{1b}[0m",
    };

    /// What goes before a severity.
    pub(crate) fn of(&self, severity: Severity) -> &'static str {
        match severity {
            Severity::Note => self.note,
            Severity::Confirm => self.confirm,
            Severity::BlocksCertification => self.blocks_certification,
            Severity::BlocksUpload => self.blocks_upload,
        }
    }
}

impl Default for Style {
    fn default() -> Self {
        Style::PLAIN
    }
}
