//! `kinemotion`: measures how people move, from ordinary video.

fn main() -> std::process::ExitCode {
    kinemotion::main()
}
