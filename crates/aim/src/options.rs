//! How a reader reads.

/// How a reader reads. Everything has a plain default; nothing is hidden.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ReadOptions {
    /// The key of the layout; `None` to choose by the record type of the first row.
    pub layout: Option<String>,
    /// Whether each field is tested for length, form, code set and, where required, presence. Default: no.
    pub check_fields: bool,
    /// Whether blank fields cut off at the end of a row are tolerated. Default: no, as the state's import
    /// is not known to allow it.
    pub allow_cut_fields: bool,
    /// Whether a row with a wrong number of fields is handed out all the same, noted as such: whoever asks for it puts
    /// its fields in their places.
    pub hand_out_ragged: bool,
    /// Longest line in bytes; a longer one is passed over with a finding. Default: 1 MiB.
    pub max_line: usize,
    /// How many hits are kept for each rule; counts stay exact. Default: 1,000.
    pub max_samples: u64,
}

impl Default for ReadOptions {
    fn default() -> Self {
        ReadOptions {
            layout: None,
            check_fields: false,
            allow_cut_fields: false,
            hand_out_ragged: false,
            max_line: 1024 * 1024,
            max_samples: 1_000,
        }
    }
}

impl ReadOptions {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        ReadOptions::default()
    }

    /// Reads by this layout.
    #[must_use]
    pub fn layout(mut self, key: impl Into<String>) -> Self {
        self.layout = Some(key.into());
        self
    }

    /// Tests each field.
    #[must_use]
    pub fn check_fields(mut self, check: bool) -> Self {
        self.check_fields = check;
        self
    }

    /// Tolerates blank fields cut off at the end of a row.
    #[must_use]
    pub fn allow_cut_fields(mut self, allow: bool) -> Self {
        self.allow_cut_fields = allow;
        self
    }

    /// Hands out rows with a wrong number of fields too. They are noted as ever.
    #[must_use]
    pub fn hand_out_ragged(mut self, hand_out: bool) -> Self {
        self.hand_out_ragged = hand_out;
        self
    }

    /// Sets the longest line in bytes.
    #[must_use]
    pub fn max_line(mut self, bytes: usize) -> Self {
        self.max_line = bytes;
        self
    }

    /// Sets how many hits are kept for each rule.
    #[must_use]
    pub fn max_samples(mut self, samples: u64) -> Self {
        self.max_samples = samples;
        self
    }
}
