//! Takes bytes from a stream in chunks of whole lines, decodes them, and says what had to be tolerated.

use crate::log::{ReadHit, ReadLog, ReadRule};
use crate::scan::{Index, scan};
use std::io::Read;

/// Bytes asked for at a time.
const CHUNK: usize = 64 * 1024;

/// A chunk of whole lines, decoded and indexed. One buffer is used again and again.
pub(crate) struct Chunk {
    /// The lines as text.
    pub(crate) text: String,
    /// Where lines and fields end.
    pub(crate) index: Index,
    /// Offset in the file of each line, where decoding moved them; empty where offsets follow from `base`.
    moved: Vec<u64>,
    /// Offset in the file of the first byte of the text.
    base: u64,
    /// Bytes read that belong to the next chunk.
    rest: Vec<u8>,
    /// Offset in the file of the first byte of the next chunk.
    next_base: u64,
    /// Number of the first line of the text.
    pub(crate) first_line: u64,
    /// Number of the first line of the next chunk.
    next_line: u64,
    ended: bool,
    started: bool,
    max_line: usize,
}

impl Chunk {
    pub(crate) fn new(max_line: usize) -> Self {
        Chunk {
            text: String::new(),
            index: Index::default(),
            moved: Vec::new(),
            base: 0,
            rest: Vec::new(),
            next_base: 0,
            first_line: 1,
            next_line: 1,
            ended: false,
            started: false,
            max_line,
        }
    }

    /// Offset in the file of a line of this chunk.
    pub(crate) fn byte_of(&self, line: usize) -> u64 {
        match self.moved.get(line) {
            Some(byte) => *byte,
            None => self.base + self.index.lines.get(line).map_or(0, |line| u64::from(line.start)),
        }
    }

    /// Reads the next chunk; false at the end of the file.
    pub(crate) fn fill(&mut self, input: &mut impl Read, log: &mut ReadLog) -> std::io::Result<bool> {
        self.base = self.next_base;
        self.first_line = self.next_line;
        self.moved.clear();
        let mut bytes = std::mem::take(&mut self.text).into_bytes();
        loop {
            // The bytes of the last chunk are written over, not cleared, so that nothing is zeroed twice.
            let kept = self.rest.len();
            if bytes.len() < kept {
                bytes.resize(kept, 0);
            }
            bytes.iter_mut().zip(&self.rest).for_each(|(to, from)| *to = *from);
            self.rest.clear();
            let whole = self.read_lines(input, &mut bytes, kept, log)?;
            if !self.started && !bytes.is_empty() {
                self.started = true;
                if !self.opens(&mut bytes, log) {
                    self.ended = true;
                    self.rest.clear();
                    return Ok(false);
                }
            }
            if !bytes.is_empty() {
                self.decode(bytes, log);
                scan(&self.text, &mut self.index);
                self.next_line = self.first_line + self.index.lines.len() as u64;
                return Ok(true);
            }
            if whole {
                self.text = String::from_utf8(bytes).unwrap_or_default();
                scan("", &mut self.index);
                return Ok(false);
            }
        }
    }

    /// Reads until a line is whole or the file ends, after the `filled` bytes that are there; leaves in `bytes`
    /// whole lines only and the rest for the next time. True at the end of the file.
    fn read_lines(
        &mut self,
        input: &mut impl Read,
        bytes: &mut Vec<u8>,
        mut filled: usize,
        log: &mut ReadLog,
    ) -> std::io::Result<bool> {
        let mut searched = 0;
        loop {
            if !self.ended {
                bytes.resize((filled + CHUNK / 4).max(CHUNK), 0);
            }
            while !self.ended && filled < bytes.len() {
                match input.read(bytes.get_mut(filled..).unwrap_or_default()) {
                    Ok(0) => self.ended = true,
                    Ok(count) => filled += count,
                    Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            }
            bytes.truncate(filled);
            if self.ended {
                if filled > self.max_line && memchr::memchr(b'\n', bytes).is_none() {
                    self.pass_over(bytes, log);
                }
                self.next_base = self.base + filled as u64;
                return Ok(true);
            }
            if let Some(found) = memchr::memrchr(b'\n', bytes.get(searched..).unwrap_or_default()) {
                let end = searched + found + 1;
                self.rest.clear();
                self.rest.extend_from_slice(bytes.get(end..).unwrap_or_default());
                bytes.truncate(end);
                self.next_base = self.base + end as u64;
                return Ok(false);
            }
            searched = bytes.len();
            if bytes.len() > self.max_line {
                self.skip_line(input, bytes, log)?;
                searched = 0;
            }
            filled = bytes.len();
        }
    }

    /// Passes over a line that is longer than allowed, whose beginning is in `bytes`, without keeping it.
    fn skip_line(
        &mut self,
        input: &mut impl Read,
        bytes: &mut Vec<u8>,
        log: &mut ReadLog,
    ) -> std::io::Result<()> {
        let mut passed = bytes.len() as u64;
        self.pass_over(bytes, log);
        let mut piece = vec![0; CHUNK];
        loop {
            match input.read(&mut piece) {
                Ok(0) => {
                    self.ended = true;
                    break;
                }
                Ok(count) => {
                    let read = piece.get(..count).unwrap_or_default();
                    if let Some(found) = memchr::memchr(b'\n', read) {
                        passed += found as u64 + 1;
                        bytes.extend_from_slice(read.get(found + 1..).unwrap_or_default());
                        break;
                    }
                    passed += count as u64;
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.base += passed;
        Ok(())
    }

    fn pass_over(&mut self, bytes: &mut Vec<u8>, log: &mut ReadLog) {
        let length = bytes.len() as u64;
        log.note(hit(ReadRule::LineTooLong, self.first_line, self.base, length));
        self.started = true;
        bytes.clear();
        self.first_line += 1;
    }

    /// Looks at the first bytes of the file: sets a byte order mark aside; false when the file is UTF-16.
    fn opens(&mut self, bytes: &mut Vec<u8>, log: &mut ReadLog) -> bool {
        if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
            log.note(hit(ReadRule::Utf16, 0, 0, 0));
            return false;
        }
        if bytes.starts_with(&[0xEF, 0xBB, 0xBF]) {
            log.note(hit(ReadRule::ByteOrderMark, 1, 0, 0));
            bytes.drain(..3);
            self.base = 3;
        }
        true
    }

    /// Makes text of the bytes: as they are when they are UTF-8, else line by line.
    fn decode(&mut self, bytes: Vec<u8>, log: &mut ReadLog) {
        let bytes = match String::from_utf8(bytes) {
            Ok(text) => {
                self.text = text;
                return;
            }
            Err(error) => error.into_bytes(),
        };
        let mut text = String::with_capacity(bytes.len() + bytes.len() / 16);
        let (mut start, mut number) = (0usize, self.first_line);
        while let Some(line) = bytes.get(start..).filter(|rest| !rest.is_empty()) {
            let end = memchr::memchr(b'\n', line).map_or(line.len(), |end| end + 1);
            let line = line.get(..end).unwrap_or_default();
            let byte = self.base + start as u64;
            self.moved.push(byte);
            match std::str::from_utf8(line) {
                Ok(line) => text.push_str(line),
                Err(error) => {
                    let (decoded, _, _) = encoding_rs::WINDOWS_1252.decode(line);
                    let at = byte + error.valid_up_to() as u64;
                    log.note(hit(ReadRule::Windows1252, number, at, 0));
                    // The five bytes without a meaning in Windows-1252 come out as C1 control characters.
                    let undefined = [0x81, 0x8D, 0x8F, 0x90, 0x9D];
                    if let Some(found) = line.iter().position(|byte| undefined.contains(byte)) {
                        log.note(hit(ReadRule::Undecodable, number, byte + found as u64, 0));
                    }
                    text.push_str(&decoded);
                }
            }
            start += end;
            number += 1;
        }
        self.text = text;
    }
}

fn hit(rule: ReadRule, line: u64, byte: u64, number: u64) -> ReadHit {
    ReadHit { line, byte, field: None, rule, problem: None, number }
}
