//! The command line.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use synthetic_athlete::{
    Action, Background, Body, Bystander, BystanderAction, Camera, Clip, Cmj, Colorimetry, DropJump, Facing,
    Image, Landing, Movement, MovementKind, Rate, RepeatedJumps, Running, Squat, SquatJump, Standing, Travel,
    Walking,
};

/// Footage with known truth, made by code.
#[derive(Parser)]
#[command(version, about)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    #[command(flatten)]
    One(Box<One>),
    /// Many varied clips of one movement
    Matrix(Matrix),
    /// A clip described in a JSON file
    Clip {
        /// Description; missing fields take their defaults
        file: PathBuf,
        #[command(flatten)]
        output: Output,
    },
}

#[derive(Subcommand)]
pub enum One {
    /// Countermovement jump
    Cmj {
        #[arg(long, default_value_t = 0.35, help = "rise of the centre of mass, m")]
        height_m: f64,
        #[arg(long, default_value_t = 0.30, help = "depth of the countermovement, m")]
        depth_m: f64,
        #[arg(long, default_value_t = 0.72, help = "first movement to lowest point, s")]
        eccentric_s: f64,
        #[arg(long, help = "lowest point to take-off, s")]
        concentric_s: Option<f64>,
        #[arg(long, help = "swing the arms instead of hands on hips")]
        arm_swing: bool,
        #[command(flatten)]
        landing: LandingArguments,
        #[arg(long, default_value_t = 1, help = "jumps in the clip")]
        repetitions: u32,
        #[command(flatten)]
        shot: Shot,
    },
    /// Squat jump from a motionless hold
    Squatjump {
        #[arg(long, default_value_t = 0.30, help = "rise of the centre of mass, m")]
        height_m: f64,
        #[arg(long, default_value_t = 0.30, help = "depth of the squat, m")]
        depth_m: f64,
        #[arg(long, default_value_t = 1.2, help = "motionless hold, s")]
        hold_s: f64,
        #[arg(
            long,
            default_value_t = 0.0,
            help = "hidden countermovement before the ascent, m"
        )]
        dip_m: f64,
        #[command(flatten)]
        landing: LandingArguments,
        #[arg(long, default_value_t = 1, help = "jumps in the clip")]
        repetitions: u32,
        #[command(flatten)]
        shot: Shot,
    },
    /// Drop jump from a box
    Dropjump {
        #[arg(long, default_value_t = 0.30, help = "rise of the centre of mass, m")]
        height_m: f64,
        #[arg(long, default_value_t = 0.40, help = "height of the box, m")]
        box_m: f64,
        #[arg(long, default_value_t = 0.25, help = "ground contact time, s")]
        contact_s: f64,
        #[arg(long, help = "come down and stay: a step off the box without a jump")]
        stay: bool,
        #[command(flatten)]
        landing: LandingArguments,
        #[command(flatten)]
        shot: Shot,
    },
    /// Repeated jumps: an opening jump and rebounds
    Repeatedjumps {
        #[arg(
            long,
            default_value_t = 0.25,
            help = "rise of the centre of mass in the first rebound, m"
        )]
        height_m: f64,
        #[arg(
            long,
            default_value_t = 0.20,
            help = "ground contact time of the first rebound, s"
        )]
        contact_s: f64,
        #[arg(long, default_value_t = 10, help = "rebounds after the opening jump")]
        rebounds: u32,
        #[command(flatten)]
        landing: LandingArguments,
        #[command(flatten)]
        shot: Shot,
    },
    /// Squats without a jump
    Squat {
        #[arg(long, default_value_t = 0.35, help = "depth of the centre of mass, m")]
        depth_m: f64,
        #[arg(long, default_value_t = 1.2, help = "time of the descent, s")]
        descent_s: f64,
        #[arg(long, default_value_t = 0.0, help = "pause at the lowest point, s")]
        pause_s: f64,
        #[arg(long, default_value_t = 0.9, help = "time of the ascent, s")]
        ascent_s: f64,
        #[arg(long, default_value_t = 2, help = "squats in the clip")]
        repetitions: u32,
        #[command(flatten)]
        shot: Shot,
    },
    /// Running
    Running {
        #[arg(long, default_value_t = 3.2, help = "speed, m/s")]
        speed: f64,
        #[arg(long, default_value_t = 170.0, help = "steps per minute")]
        cadence: f64,
        #[arg(long, default_value_t = 0.32, help = "contact time over stride time")]
        duty_factor: f64,
        #[arg(
            long,
            default_value_t = 0.0,
            help = "foot angle at contact, degrees; more than 0 lands on the heel"
        )]
        strike_deg: f64,
        #[command(flatten)]
        gait: GaitArguments,
        #[command(flatten)]
        shot: Shot,
    },
    /// Walking
    Walking {
        #[arg(long, default_value_t = 1.3, help = "speed, m/s")]
        speed: f64,
        #[arg(long, default_value_t = 112.0, help = "steps per minute")]
        cadence: f64,
        #[arg(long, default_value_t = 0.61, help = "contact time over stride time")]
        duty_factor: f64,
        #[command(flatten)]
        gait: GaitArguments,
        #[command(flatten)]
        shot: Shot,
    },
    /// Standing: nobody jumps
    Standing {
        #[arg(long, value_enum, default_value_t = ActionName::Still, help = "what goes on")]
        action: ActionName,
        #[arg(long, default_value_t = 4.0, help = "length, s")]
        seconds: f64,
        #[command(flatten)]
        shot: Shot,
    },
}

#[derive(Args)]
pub struct LandingArguments {
    /// Knee flexion at landing beyond that at take-off, degrees
    #[arg(long, default_value_t = 0.0)]
    landing_flexion_deg: f64,
    /// Depth of the landing, m
    #[arg(long, default_value_t = 0.24)]
    landing_depth_m: f64,
}

impl From<LandingArguments> for Landing {
    fn from(a: LandingArguments) -> Self {
        Self {
            flexion_deg: a.landing_flexion_deg,
            depth_m: a.landing_depth_m,
        }
    }
}

#[derive(Args)]
pub struct GaitArguments {
    /// Contact time right minus left over their mean
    #[arg(long, default_value_t = 0.0, allow_negative_numbers = true)]
    asymmetry: f64,
    /// How the athlete gets along
    #[arg(long, value_enum, default_value_t = TravelName::Treadmill)]
    travel: TravelName,
    /// Length, s
    #[arg(long, default_value_t = 4.0)]
    seconds: f64,
}

/// Everything that is not the movement.
#[derive(Args)]
pub struct Shot {
    /// Picture size
    #[arg(long, default_value = "640x360", value_parser = size)]
    size: (u32, u32),
    /// Frames per second, e.g. 60 or 30000/1001
    #[arg(long, default_value = "60")]
    fps: Rate,
    /// Start of the first frame as a fraction of the frame time
    #[arg(long, default_value_t = 0.0)]
    phase: f64,
    /// Variable frame rate: largest delay of a frame as a fraction of the frame time
    #[arg(long, default_value_t = 0.0)]
    frame_jitter: f64,
    /// Height of the athlete, m
    #[arg(long, default_value_t = 1.78)]
    stature_m: f64,
    /// Mass of the athlete, kg
    #[arg(long, default_value_t = 75.0)]
    mass_kg: f64,
    /// Look to the left
    #[arg(long)]
    left: bool,
    /// Draw thin sticks instead of a body
    #[arg(long)]
    stick: bool,
    /// What is behind
    #[arg(long, value_enum, default_value_t = BackgroundName::Gym)]
    background: BackgroundName,
    /// A second person behind
    #[arg(long, value_enum)]
    bystander: Option<BystanderName>,
    /// Metres of height in the picture
    #[arg(long, default_value_t = 3.0)]
    view_m: f64,
    /// Distance of the camera, m
    #[arg(long, default_value_t = 5.0)]
    distance_m: f64,
    /// Aim so far right of the athlete, m
    #[arg(long, default_value_t = 0.0, allow_negative_numbers = true)]
    offset_m: f64,
    /// Turn the athlete out of the picture plane, degrees
    #[arg(long, default_value_t = 0.0, allow_negative_numbers = true)]
    yaw_deg: f64,
    /// Look down, degrees
    #[arg(long, default_value_t = 0.0, allow_negative_numbers = true)]
    pitch_deg: f64,
    /// Rotate the picture, degrees
    #[arg(long, default_value_t = 0.0, allow_negative_numbers = true)]
    roll_deg: f64,
    /// Noise, grey levels
    #[arg(long, default_value_t = 0.0)]
    noise: f32,
    /// Motion blur, fraction of the frame time
    #[arg(long, default_value_t = 0.0)]
    shutter: f64,
    /// Exposure
    #[arg(long, default_value_t = 1.0)]
    exposure: f32,
    /// Seed of everything random
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    output: Output,
}

#[derive(Args, Clone)]
pub struct Output {
    /// Write the clip as MP4
    #[arg(long)]
    pub video: Option<PathBuf>,
    /// Write the truth as JSON; without this and --video it goes to standard output
    #[arg(long)]
    pub truth: Option<PathBuf>,
    /// Constant rate factor of the encoder
    #[arg(long, default_value_t = 18)]
    pub crf: u32,
    /// Colour matrix of the file
    #[arg(long, value_enum, default_value_t = ColorimetryName::Bt709)]
    pub colorimetry: ColorimetryName,
    /// Store the picture turned, with a note to turn it back by so many quarter turns clockwise
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..4))]
    pub quarter_turns: u8,
    /// Threads that draw; as many as there are processors by default
    #[arg(long)]
    pub threads: Option<usize>,
}

#[derive(Args)]
pub struct Matrix {
    /// Which movement
    #[arg(long, value_enum, default_value_t = KindName::Cmj)]
    pub movement: KindName,
    /// How many clips
    #[arg(long, default_value_t = 12)]
    pub count: usize,
    /// Seed
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Folder for videos and truth files
    #[arg(long)]
    pub out: PathBuf,
    /// Constant rate factor of the encoder
    #[arg(long, default_value_t = 20)]
    crf: u32,
}

impl Matrix {
    /// Encoding settings; the files are named by the caller.
    pub fn output(&self) -> Output {
        Output {
            video: None,
            truth: None,
            crf: self.crf,
            colorimetry: ColorimetryName::Bt709,
            quarter_turns: 0,
            threads: None,
        }
    }
}

impl One {
    /// The clip and where it goes.
    pub fn into_clip(self) -> (Clip, Output) {
        let (movement, shot): (Movement, Shot) = match self {
            One::Cmj {
                height_m,
                depth_m,
                eccentric_s,
                concentric_s,
                arm_swing,
                landing,
                repetitions,
                shot,
            } => {
                let landing = landing.into();
                let cmj = Cmj {
                    height_m,
                    depth_m,
                    eccentric_s,
                    concentric_s,
                    arm_swing,
                    landing,
                    repetitions,
                    ..Cmj::default()
                };
                (cmj.into(), shot)
            }
            One::Squatjump {
                height_m,
                depth_m,
                hold_s,
                dip_m,
                landing,
                repetitions,
                shot,
            } => {
                let landing = landing.into();
                let jump = SquatJump {
                    height_m,
                    depth_m,
                    hold_s,
                    dip_m,
                    landing,
                    repetitions,
                    ..SquatJump::default()
                };
                (jump.into(), shot)
            }
            One::Dropjump {
                height_m,
                box_m,
                contact_s,
                stay,
                landing,
                shot,
            } => {
                let landing = landing.into();
                (
                    DropJump {
                        height_m,
                        box_m,
                        contact_s,
                        stay,
                        landing,
                        ..DropJump::default()
                    }
                    .into(),
                    shot,
                )
            }
            One::Repeatedjumps {
                height_m,
                contact_s,
                rebounds,
                landing,
                shot,
            } => {
                let jumps = RepeatedJumps {
                    height_m,
                    contact_s,
                    rebounds,
                    landing: landing.into(),
                    ..RepeatedJumps::default()
                };
                (jumps.into(), shot)
            }
            One::Squat {
                depth_m,
                descent_s,
                pause_s,
                ascent_s,
                repetitions,
                shot,
            } => {
                let squat = Squat {
                    depth_m,
                    descent_s,
                    pause_s,
                    ascent_s,
                    repetitions,
                    ..Squat::default()
                };
                (squat.into(), shot)
            }
            One::Running {
                speed,
                cadence,
                duty_factor,
                strike_deg,
                gait,
                shot,
            } => {
                let GaitArguments {
                    asymmetry,
                    travel,
                    seconds,
                } = gait;
                let running = Running {
                    speed_m_s: speed,
                    cadence_spm: cadence,
                    duty_factor,
                    asymmetry,
                    strike_deg,
                    travel: travel.into(),
                    seconds,
                };
                (running.into(), shot)
            }
            One::Walking {
                speed,
                cadence,
                duty_factor,
                gait,
                shot,
            } => {
                let GaitArguments {
                    asymmetry,
                    travel,
                    seconds,
                } = gait;
                let walking = Walking {
                    speed_m_s: speed,
                    cadence_spm: cadence,
                    duty_factor,
                    asymmetry,
                    travel: travel.into(),
                    seconds,
                };
                (walking.into(), shot)
            }
            One::Standing {
                action,
                seconds,
                shot,
            } => (
                Standing {
                    action: action.into(),
                    seconds,
                }
                .into(),
                shot,
            ),
        };
        shot.into_clip(movement)
    }
}

impl Shot {
    fn into_clip(self, movement: Movement) -> (Clip, Output) {
        let clip = Clip {
            movement,
            stature_m: self.stature_m,
            mass_kg: self.mass_kg,
            facing: if self.left { Facing::Left } else { Facing::Right },
            body: if self.stick { Body::Stick } else { Body::Full },
            background: self.background.into(),
            bystander: self.bystander.map(|b| Bystander {
                action: b.into(),
                ..Bystander::default()
            }),
            camera: Camera {
                width: self.size.0,
                height: self.size.1,
                distance_m: self.distance_m,
                view_m: self.view_m,
                offset_m: self.offset_m,
                yaw_deg: self.yaw_deg,
                pitch_deg: self.pitch_deg,
                roll_deg: self.roll_deg,
            },
            image: Image {
                noise: self.noise,
                shutter: self.shutter,
                exposure: self.exposure,
                ..Image::default()
            },
            fps: self.fps,
            sampling_phase: self.phase,
            frame_jitter: self.frame_jitter,
            seed: self.seed,
            ..Clip::default()
        };
        (clip, self.output)
    }
}

fn size(text: &str) -> Result<(u32, u32), String> {
    let parsed = text
        .split_once('x')
        .and_then(|(w, h)| Some((w.parse().ok()?, h.parse().ok()?)));
    parsed.ok_or_else(|| format!("`{text}` is no size; write it like 640x360"))
}

macro_rules! names {
    ($(#[$doc:meta])* $name:ident => $target:ty { $($variant:ident => $value:expr),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
        pub enum $name { $($variant),* }

        impl From<$name> for $target {
            fn from(name: $name) -> Self {
                match name { $($name::$variant => $value),* }
            }
        }
    };
}

names!(ActionName => Action {
    Still => Action::Still, Squats => Action::Squats, HeelRaises => Action::HeelRaises, ArmRaises => Action::ArmRaises,
    Bows => Action::Bows,
});
names!(TravelName => Travel {
    Treadmill => Travel::Treadmill, Panned => Travel::Panned, Through => Travel::Through,
});
names!(BackgroundName => Background {
    Gym => Background::Gym, Outdoor => Background::Outdoor, Studio => Background::STUDIO, Dark => Background::DARK,
});
names!(BystanderName => BystanderAction {
    Standing => BystanderAction::Standing, Walking => BystanderAction::Walking, Crowd => BystanderAction::Crowd,
});
names!(ColorimetryName => Colorimetry { Bt601 => Colorimetry::Bt601, Bt709 => Colorimetry::Bt709 });
names!(KindName => MovementKind {
    Cmj => MovementKind::Cmj, Squatjump => MovementKind::SquatJump, Dropjump => MovementKind::DropJump,
    Repeatedjumps => MovementKind::RepeatedJumps, Squat => MovementKind::Squat,
    Running => MovementKind::Running, Walking => MovementKind::Walking, Standing => MovementKind::Standing,
});
