//! The Regional APIs, and which of them serves a request.
//!
//! [`api`] holds the settings, [`place`] says where a viewer is, asking [`atlas`], [`residency`] and [`rule`] what
//! follows from it, [`health`] and [`control`] what is known of the Regions now; [`choice`] puts it
//! all together, as a pure function over sets and numbers.

pub(crate) mod address;
pub(crate) mod api;
pub(crate) mod atlas;
pub(crate) mod choice;
pub(crate) mod control;
pub(crate) mod distance;
pub(crate) mod health;
pub(crate) mod pin;
pub(crate) mod place;
pub(crate) mod reason;
pub(crate) mod residency;
pub(crate) mod rule;
pub(crate) mod set;
pub(crate) mod settings;

pub(crate) use api::{Api, ApiRegion};
