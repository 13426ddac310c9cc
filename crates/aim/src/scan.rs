//! Finds where fields and lines end, for a whole chunk of text at a time.
//!
//! A block of 64 bytes is looked at at once, in plain safe code that compilers turn into vector instructions. One pass
//! tells tabs from line feeds and from other control characters, which are a finding; a search for two bytes would need
//! another pass.

/// Where fields and lines end within a chunk of text.
#[derive(Default)]
pub(crate) struct Index {
    /// Positions of tabs.
    pub(crate) tabs: Vec<u32>,
    /// One entry a line.
    pub(crate) lines: Vec<Line>,
    /// Positions of control characters other than tab, line feed and the carriage return before it.
    pub(crate) controls: Vec<u32>,
}

/// A line of the chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// Position of its first byte.
    pub(crate) start: u32,
    /// Position after its last byte, line end not included.
    pub(crate) end: u32,
    /// Its tabs are `tabs[tabs_from..tabs_to]`.
    pub(crate) tabs_from: u32,
    /// See `tabs_from`.
    pub(crate) tabs_to: u32,
    /// How it ends.
    pub(crate) ending: Ending,
}

/// How a line ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Carriage return and line feed: the canonical form.
    CrLf,
    /// Line feed alone.
    Lf,
    /// The end of the file.
    Missing,
}

/// A bit for each byte of a block that passes a test, first byte lowest. Bytes that pass are filled with ones, which the
/// compiler does for many at once; of each, its own bit of eight is kept, and a product adds those of eight bytes. Not
/// inlined, so that what is around it does not keep the compiler from it.
#[inline(never)]
fn bits(block: &[u8; 64], test: impl Fn(u8) -> bool) -> u64 {
    let mut marks = [0u8; 64];
    for (mark, byte) in marks.iter_mut().zip(block) {
        *mark = if test(*byte) { 0xff } else { 0 };
    }
    let mut bits = 0;
    for (index, word) in marks.as_chunks::<8>().0.iter().enumerate() {
        let own = u64::from_le_bytes(*word) & 0x8040_2010_0804_0201;
        bits |= (own.wrapping_mul(0x0101_0101_0101_0101) >> 56) << (8 * index);
    }
    bits
}

/// Bit masks over a block of 64 bytes: tabs, and other control characters.
#[inline]
fn masks(block: &[u8; 64]) -> (u64, u64) {
    // DEL, the one control character above the space, is rare and looked for apart.
    (bits(block, |byte| byte == b'\t'), bits(block, |byte| byte < 0x20 && byte != b'\t'))
}

/// Indexes a chunk. Text after the last line feed makes a line of its own only at the end of the file.
pub(crate) fn scan(text: &str, index: &mut Index) {
    index.tabs.clear();
    index.lines.clear();
    index.controls.clear();
    let bytes = text.as_bytes();
    let mut line = Line { start: 0, end: 0, tabs_from: 0, tabs_to: 0, ending: Ending::Missing };
    let (blocks, rest) = bytes.as_chunks::<64>();
    let mut last = [b' '; 64];
    let tail = if rest.is_empty() {
        None
    } else {
        last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        Some(&last)
    };
    // Positions are gathered first and moved together, which asks once whether there is room for them.
    let mut staged = [0; 64];
    for (number, block) in blocks.iter().chain(tail).enumerate() {
        let base = (number * 64) as u32;
        let (mut tabs, mut controls) = masks(block);
        let tabs_before = index.tabs.len() as u32;
        let all_tabs = tabs;
        // Four at a time: what is written beyond the last one is not moved.
        for places in staged.as_chunks_mut::<4>().0 {
            if tabs == 0 {
                break;
            }
            for place in places {
                *place = base.wrapping_add(tabs.trailing_zeros());
                tabs &= tabs.wrapping_sub(1);
            }
        }
        let count = all_tabs.count_ones() as usize;
        index.tabs.extend_from_slice(staged.get(..count).unwrap_or_default());
        while controls != 0 {
            let bit = controls.trailing_zeros();
            controls &= controls.wrapping_sub(1);
            let position = base + bit;
            match block.get(bit as usize) {
                Some(b'\n') => {
                    let after_cr = position > line.start && bytes.get(position as usize - 1) == Some(&b'\r');
                    if after_cr && index.controls.last() == Some(&(position - 1)) {
                        index.controls.pop();
                    }
                    line.tabs_to = tabs_before + (all_tabs & ((1 << bit) - 1)).count_ones();
                    line.end = if after_cr { position - 1 } else { position };
                    line.ending = if after_cr { Ending::CrLf } else { Ending::Lf };
                    index.lines.push(line);
                    line.start = position + 1;
                    line.tabs_from = line.tabs_to;
                }
                _ => index.controls.push(position),
            }
        }
    }
    if (line.start as usize) < bytes.len() {
        line.end = bytes.len() as u32;
        line.tabs_to = index.tabs.len() as u32;
        line.ending = Ending::Missing;
        index.lines.push(line);
    }
    if memchr::memchr(0x7f, bytes).is_some() {
        index.controls.extend(memchr::memchr_iter(0x7f, bytes).map(|position| position as u32));
        index.controls.sort_unstable();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The same, byte by byte.
    fn plain(text: &str) -> Index {
        let bytes = text.as_bytes();
        let mut index = Index::default();
        let (mut start, mut tabs_from) = (0, 0);
        for (position, byte) in bytes.iter().enumerate() {
            match byte {
                b'\t' => index.tabs.push(position as u32),
                b'\n' => {
                    let crlf = position > start && bytes[position - 1] == b'\r';
                    if crlf {
                        index.controls.pop();
                    }
                    index.lines.push(Line {
                        start: start as u32,
                        end: (position - usize::from(crlf)) as u32,
                        tabs_from,
                        tabs_to: index.tabs.len() as u32,
                        ending: if crlf { Ending::CrLf } else { Ending::Lf },
                    });
                    start = position + 1;
                    tabs_from = index.tabs.len() as u32;
                }
                0x7f | 0..0x20 => index.controls.push(position as u32),
                _ => {}
            }
        }
        if start < bytes.len() {
            index.lines.push(Line {
                start: start as u32,
                end: bytes.len() as u32,
                tabs_from,
                tabs_to: index.tabs.len() as u32,
                ending: Ending::Missing,
            });
        }
        index
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn blocks_at_once_agree_with_one_byte_after_the_other(text in "[a-cé\t\r\n\u{1}\u{7f}\u{1f}\u{80}]{0,300}") {
            let mut index = Index::default();
            scan(&text, &mut index);
            let wanted = plain(&text);
            prop_assert_eq!(index.tabs, wanted.tabs);
            prop_assert_eq!(index.lines, wanted.lines);
            prop_assert_eq!(index.controls, wanted.controls);
        }
    }
}
