//! The only askama: typed pages over web/templates.
