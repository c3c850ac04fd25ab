//! `kinemotion serve` as its clients meet it: the real program, over HTTP.

mod client;
mod daemon;
mod events;
mod life;
mod refusals;
mod surface;
mod whip;
