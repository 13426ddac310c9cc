//! Lines of CSV texts.

/// The line, counted from 1, on which a row of a CSV text begins, given the byte at which its reading began: blank lines
/// before the row are passed over, and line breaks in cells of earlier rows count.
///
/// ```
/// let text = "name,age\n\"two\nlines\",7\n\nlate,8\n";
/// assert_eq!(opi_dictionary::line_of_row(text.as_bytes(), 9), 2);
/// assert_eq!(opi_dictionary::line_of_row(text.as_bytes(), 23), 5);
/// ```
#[must_use]
pub fn line_of_row(text: &[u8], byte: u64) -> u64 {
    RowLines::new(text).line_of(byte)
}

/// The lines of the rows of a CSV text, asked for one after the other: the text is passed over once. Each is that of
/// [`line_of_row`].
#[derive(Clone, Debug)]
pub struct RowLines<'t> {
    text: &'t [u8],
    counted: usize,
    breaks: u64,
}

impl<'t> RowLines<'t> {
    /// The lines of a text.
    #[must_use]
    pub fn new(text: &'t [u8]) -> Self {
        RowLines { text, counted: 0, breaks: 0 }
    }

    /// The line of the row whose reading began at this byte.
    pub fn line_of(&mut self, byte: u64) -> u64 {
        let at = usize::try_from(byte).unwrap_or(usize::MAX).min(self.text.len());
        if at < self.counted {
            (self.counted, self.breaks) = (0, 0);
        }
        self.breaks += breaks_in(self.text.get(self.counted..at).unwrap_or_default());
        self.counted = at;
        let rest = self.text.get(at..).unwrap_or_default();
        let blank = rest.iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
        self.breaks + breaks_in(rest.get(..blank).unwrap_or_default()) + 1
    }
}

fn breaks_in(text: &[u8]) -> u64 {
    text.iter().filter(|byte| **byte == b'\n').count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asked_in_any_order_the_lines_are_the_same() {
        let text = b"name,age\n\"two\nlines\",7\n\r\nlate,8\n";
        let alone: Vec<u64> = (0..60).map(|byte| line_of_row(text, byte)).collect();
        let mut lines = RowLines::new(text);
        assert_eq!((0..60).map(|byte| lines.line_of(byte)).collect::<Vec<_>>(), alone);
        let mut backwards: Vec<u64> = (0..60).rev().map(|byte| lines.line_of(byte)).collect();
        backwards.reverse();
        assert_eq!(backwards, alone);
    }
}
