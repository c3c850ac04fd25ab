//! `kinemotion`: measures how people move, from ordinary video.

/// ONNX Runtime tells its maker about machines unless this is 1: what its interface is told about that comes too late (1.31).
const NO_TELEMETRY: &str = "ORT_DISABLE_TELEMETRY";

fn main() -> ! {
    // SAFETY: no other thread runs yet.
    unsafe { std::env::set_var(NO_TELEMETRY, "1") };
    kinemotion::main()
}
