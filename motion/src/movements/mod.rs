//! Movements: one folder each, registered here and nowhere else.
