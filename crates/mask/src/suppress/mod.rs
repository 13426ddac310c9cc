//! draft
pub(crate) mod cover;
pub(crate) mod cuts;
pub(crate) mod elimination;
pub(crate) mod field;
pub(crate) mod linear;
