//! The whole chain against the truth: rendered clips are encoded, analysed as a user would, and compared.
//!
//! | module | job |
//! |---|---|
//! | [`matrix`] | seeded lists of clips: jumps of every kind, and footage without a jump |
//! | [`measure`] | one clip: render, encode, analyse, match found repetitions with true ones |
//! | [`recording`] | what the pose stage saw of a clip, kept in a file |
//! | [`gait`] | the same for running and walking |
//! | [`calibration`] | the height of the feet at contact, fitted to recorded jumps |
//! | [`parallel`] | many clips on all cores |
//! | [`report`] | tables of bias, mean absolute error, spread and coverage |
//! | [`goals`] | the numbers to reach beside those measured |
//! | [`footage`] | real clips beside the checkout, when somebody put them there |

pub mod calibration;
pub mod footage;
pub mod gait;
pub mod goals;
pub mod matrix;
pub mod measure;
pub mod parallel;
pub mod recording;
pub mod report;
