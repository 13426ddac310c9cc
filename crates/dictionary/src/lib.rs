//! The ground.
#![forbid(unsafe_code)]
