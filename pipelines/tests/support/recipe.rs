//! Runs a recipe with footage of the synthetic athlete where it expects a camera.

use super::PATIENCE;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{LazyLock, mpsc};
use synthetic_athlete::video::{EncodeOptions, write};
use synthetic_athlete::{Clip, Cmj, Rate};

/// Height of the athlete in the footage, metres.
pub const STATURE_M: f64 = 1.78;
/// Size of the footage and of every picture the recipes make of it.
pub const SIZE: (usize, usize) = (640, 360);

/// A jump, and the plugin in a folder of its own, made once.
pub struct Stage {
    pub clip: PathBuf,
    pub frames: usize,
    plugins: PathBuf,
    registry: PathBuf,
}

pub static STAGE: LazyLock<Stage> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("recipes");
    let plugins = folder.join("plugins");
    std::fs::create_dir_all(&plugins).expect("a folder");
    let name = format!(
        "{}gstkinemotion{}",
        std::env::consts::DLL_PREFIX,
        std::env::consts::DLL_SUFFIX
    );
    // Cargo builds the plugin beside the test programs, since they depend on its crate.
    let program = std::env::current_exe().expect("this program");
    let built = program.with_file_name(&name);
    assert!(built.exists(), "{} is missing", built.display());
    let link = plugins.join(&name);
    // There is one from the last time, or not.
    let _ = std::fs::remove_file(&link);
    std::os::unix::fs::symlink(&built, &link).expect("a link to the plugin");
    let clip = folder.join("jump.mp4");
    let jump = Clip {
        fps: Rate::from(30),
        stature_m: STATURE_M,
        ..Clip::of(Cmj::default())
    };
    let footage = jump.build().expect("footage");
    let mut frames = 0;
    let count = |_, all| frames = all;
    write(&footage, &clip, &EncodeOptions::default(), count).expect("a clip");
    Stage {
        clip,
        frames,
        plugins,
        registry: folder.join("registry.bin"),
    }
});

/// The footage as a camera gives it: at the speed of life.
pub fn camera() -> String {
    format!(
        "filesrc location={} ! decodebin3 ! clocksync",
        STAGE.clip.display()
    )
}

/// The folder of the recipes.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("recipes")
}

/// A recipe about to be run, in a small picture, with the quickest model.
pub struct Recipe(Command);

impl Recipe {
    pub fn new(name: &str) -> Self {
        let mut command = Command::new(folder().join(name));
        command
            .env("GST_PLUGIN_PATH", &STAGE.plugins)
            .env("GST_REGISTRY", &STAGE.registry)
            // What arrives must not depend on how busy the machine is.
            .env("EVERY_FRAME", "yes")
            .env("QUALITY", "fast")
            .env("MOVEMENT", "cmj")
            .env("ATHLETE_HEIGHT", STATURE_M.to_string())
            .env("WIDTH", SIZE.0.to_string())
            .env("HEIGHT", SIZE.1.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        Self(command)
    }

    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.0.env(name, value);
        self
    }

    pub fn arg(mut self, value: impl AsRef<OsStr>) -> Self {
        self.0.arg(value);
        self
    }

    pub fn start(mut self) -> Running {
        let mut child = self.0.spawn().expect("the recipe runs");
        let output = BufReader::new(child.stdout.take().expect("its output"));
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                // The test may have seen enough.
                let _ = sender.send(line);
            }
        });
        Running { child, lines }
    }

    /// Runs it to its end.
    pub fn run(self) {
        self.start().wait_for_end();
    }
}

/// A recipe that runs. Dropping it ends it.
pub struct Running {
    child: Child,
    lines: mpsc::Receiver<String>,
}

impl Running {
    /// Waits until it is past preparing: whoever connects from now on is served.
    pub fn wait_until_it_plays(&self) {
        loop {
            let line = self.lines.recv_timeout(PATIENCE).expect("the recipe plays");
            if line.starts_with("Setting pipeline to PLAYING") {
                return;
            }
        }
    }

    /// Waits until it has ended by itself, and without an error.
    pub fn wait_for_end(mut self) {
        let mut said = Vec::new();
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => said.push(line),
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    panic!("the recipe does not end:\n{}", said.join("\n"))
                }
            }
        }
        let status = self.child.wait().expect("its status");
        let clean = status.success() && !said.iter().any(|line| line.starts_with("ERROR"));
        assert!(clean, "{status}:\n{}", said.join("\n"));
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
