//! Ground-truth footage made by code.
