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
    let at = usize::try_from(byte).unwrap_or(usize::MAX).min(text.len());
    let (before, after) = text.split_at(at);
    let blank = after.iter().take_while(|byte| matches!(byte, b'\n' | b'\r'));
    let breaks = before.iter().chain(blank).filter(|byte| **byte == b'\n');
    breaks.count() as u64 + 1
}
