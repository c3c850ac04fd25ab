// A stick figure that does one countermovement jump after the other, seen from its right side: poses, phases and results
// in the format of the event stream. It only has to look right on screen; nothing is measured with it.

const STATURE_M = 1.8;
const GRAVITY = 9.80665;

// Lengths as shares of stature (Winter, Biomechanics and Motor Control of Human Movement).
const BODY = {
  shank: 0.246,
  thigh: 0.245,
  trunk: 0.288,
  upperArm: 0.186,
  forearm: 0.146,
  neck: 0.1,
  ankle: 0.039,
  foot: 0.125,
  heel: 0.035,
};

// Seconds from the start of a jump to the start of each phase but the last two, which follow from the height.
const ECCENTRIC_S = 1.0;
const CONCENTRIC_S = 1.55;
const TAKEOFF_S = 1.83;
const LANDING_S = 0.45;
const REST_S = 0.9;

const HEIGHTS_M = [0.372, 0.391, 0.355, 0.402, 0.384, 0.397, 0.366, 0.409];
const VERDICTS = [
  { grade: 'A', reasons: [] },
  { grade: 'A', reasons: [] },
  { grade: 'B', reasons: ['the view is oblique by 14°: place the camera at a right angle'] },
  { grade: 'A', reasons: [] },
  { grade: 'C', reasons: ['the feet leave the picture: step back or lower the camera', 'the camera moves: put it on a tripod'] },
];

const smooth = (x) => {
  const t = Math.min(1, Math.max(0, x));
  return t * t * (3 - 2 * t);
};
const mix = (a, b, share) => a + (b - a) * share;
const rad = (degrees) => (degrees * Math.PI) / 180;

/** The course of jump `n`: its height and when its phases begin. */
export function jump(n) {
  const heightM = HEIGHTS_M[n % HEIGHTS_M.length];
  const flightS = Math.sqrt((8 * heightM) / GRAVITY);
  const landing = TAKEOFF_S + flightS;
  return { n, heightM, flightS, landing, standing: landing + LANDING_S, end: landing + LANDING_S + REST_S };
}

/** The phase at a moment of a jump. */
export function phaseAt(course, t) {
  if (t < ECCENTRIC_S) return 'standing';
  if (t < CONCENTRIC_S) return 'eccentric';
  if (t < TAKEOFF_S) return 'concentric';
  if (t < course.landing) return 'flight';
  return t < course.standing ? 'landing' : 'standing';
}

/** How deep the legs are bent (0 to 1), how far the feet point down and where the arms are, degrees. */
function posture(course, t) {
  const { landing, standing } = course;
  if (t < ECCENTRIC_S) return { bend: 0.04, point: 0, arms: 4 };
  if (t < CONCENTRIC_S) {
    const s = smooth((t - ECCENTRIC_S) / (CONCENTRIC_S - ECCENTRIC_S));
    return { bend: mix(0.04, 1, s), point: 0, arms: mix(4, -55, s) };
  }
  if (t < TAKEOFF_S) {
    const s = smooth((t - CONCENTRIC_S) / (TAKEOFF_S - CONCENTRIC_S));
    return { bend: mix(1, 0, s), point: 38 * smooth((s - 0.6) / 0.4), arms: mix(-55, 150, s) };
  }
  if (t < landing) {
    const s = (t - TAKEOFF_S) / (landing - TAKEOFF_S);
    return { bend: 0.1 + 0.18 * s, point: mix(38, 22, s), arms: mix(150, 60, smooth(s)) };
  }
  if (t < standing) {
    const s = (t - landing) / (standing - landing);
    const bend = s < 0.4 ? mix(0.28, 0.72, smooth(s / 0.4)) : mix(0.72, 0.04, smooth((s - 0.4) / 0.6));
    return { bend, point: 22 * (1 - smooth(s * 6)), arms: mix(60, 4, smooth(s)) };
  }
  return { bend: 0.04, point: 0, arms: 4 };
}

/** Joints in metres, x forward and y up from the point under the ankle. */
function joints(course, t) {
  const { bend, point, arms } = posture(course, t);
  const knee = 95 * bend;
  const hip = 102 * bend;
  const ankle = 29 * bend;
  const air = t > TAKEOFF_S && t < course.landing ? t - TAKEOFF_S : 0;
  const rise = air > 0 ? (GRAVITY / 2) * air * (course.flightS - air) : 0;
  const to = (from, length, degrees) => [
    from[0] + length * STATURE_M * Math.sin(rad(degrees)),
    from[1] + length * STATURE_M * Math.cos(rad(degrees)),
  ];
  // On the ground the toes stay where they are and the heel goes up; in the air the toes hang down.
  const toe = [BODY.foot * STATURE_M, rise];
  const foot = [toe[0] - BODY.foot * STATURE_M * Math.cos(rad(point)), toe[1] + BODY.foot * STATURE_M * Math.sin(rad(point))];
  const ankleAt = [foot[0] + 0.02 * Math.sin(rad(point)), foot[1] + BODY.ankle * STATURE_M];
  const heel = [foot[0] - BODY.heel * STATURE_M, foot[1] + 0.01];
  const kneeAt = to(ankleAt, BODY.shank, ankle);
  const hipAt = to(kneeAt, BODY.thigh, ankle - knee);
  const lean = ankle - knee + hip;
  const shoulder = to(hipAt, BODY.trunk, lean);
  const ear = to(shoulder, BODY.neck, lean * 0.5);
  const elbow = to(shoulder, BODY.upperArm, 180 - arms - lean * 0.3);
  const wrist = to(elbow, BODY.forearm, 180 - arms - lean * 0.3 - 22);
  return { toe, ankleAt, heel, kneeAt, hipAt, shoulder, ear, elbow, wrist, angles: { knee, hip, trunk: lean } };
}

/** The 33 landmarks in a picture of this shape, and the joint angles in degrees. */
export function pose(course, t, { aspect = 16 / 9, noise = 0 } = {}) {
  const j = joints(course, t);
  const perMetre = 0.6 / STATURE_M;
  const jitter = () => (Math.random() - 0.5) * noise;
  const put = ([x, y], side, visibility = 0.98) => {
    // The far side stands a little ahead and higher, as a camera at hip height sees it.
    const far = side === 'left' ? 1 : 0;
    return [
      0.46 + ((x + 0.05 * far) * perMetre) / aspect + jitter(),
      0.9 - (y + 0.02 * far) * perMetre + jitter(),
      visibility - 0.1 * far,
    ];
  };
  const about = (at, dx, dy, side) => put([at[0] + dx, at[1] + dy], side);
  const both = (at, dx = 0, dy = 0) => [about(at, dx, dy, 'left'), about(at, dx, dy, 'right')];
  const eyes = both(j.ear, 0.09, 0.04);
  const landmarks = [
    about(j.ear, 0.13, 0, 'right'),
    eyes[0],
    eyes[0],
    eyes[0],
    eyes[1],
    eyes[1],
    eyes[1],
    ...both(j.ear),
    ...both(j.ear, 0.1, -0.06),
    ...both(j.shoulder),
    ...both(j.elbow),
    ...both(j.wrist),
    ...both(j.wrist, 0.03, -0.05),
    ...both(j.wrist, 0.04, -0.06),
    ...both(j.wrist, 0.04, -0.03),
    ...both(j.hipAt),
    ...both(j.kneeAt),
    ...both(j.ankleAt),
    ...both(j.heel),
    ...both(j.toe),
  ];
  return { landmarks: landmarks.map((l) => l.map((v) => Math.round(v * 1e5) / 1e5)), angles: j.angles };
}

/** What jump `n` measured, as the motion core writes it; `startS` is its beginning in media time. */
export function repetition(course, startS) {
  const { n, heightM, flightS, landing, standing } = course;
  const at = (t) => startS + t;
  const bounds = { onset: 0.93, lowest: CONCENTRIC_S, takeoff: TAKEOFF_S, landing, end: landing + 0.2 };
  const toTakeoff = bounds.takeoff - bounds.onset;
  const values = {
    jump_height_m: [heightM, 0.021, 'flight_time'],
    flight_time_ms: [flightS * 1000, 16, 'foot_ballistics'],
    takeoff_velocity_m_s: [(GRAVITY * flightS) / 2, 0.08, 'flight_time'],
    jump_height_com_rise_m: [heightM - 0.03, 0.052, 'athlete_height'],
    countermovement_depth_m: [0.31 + 0.01 * (n % 3), 0.03, 'athlete_height'],
    eccentric_duration_ms: [(bounds.lowest - bounds.onset) * 1000, 143, 'com_velocity'],
    concentric_duration_ms: [(bounds.takeoff - bounds.lowest) * 1000, 28, 'com_velocity'],
    total_movement_time_ms: [toTakeoff * 1000, 141, 'com_velocity'],
    peak_concentric_velocity_m_s: [2.71 + 0.05 * (n % 4), 0.31, 'athlete_height'],
    rsi_modified: [heightM / toTakeoff, 0.06, 'flight_time'],
    knee_angle_at_lowest_deg: [95, 9.8, 'picture_plane'],
    takeoff_lag_ms: [null, null, 'foot_ballistics'],
  };
  const column = (i) => Object.fromEntries(Object.entries(values).map(([key, row]) => [key, row[i]]));
  const span = (name, from, to) => ({ name, start_s: at(from), end_s: at(to) });
  return {
    movement: 'cmj',
    person: 0,
    start_s: at(0),
    end_s: at(Math.min(standing, bounds.end)),
    phases: [
      span('standing', 0, bounds.onset),
      span('eccentric', bounds.onset, bounds.lowest),
      span('concentric', bounds.lowest, bounds.takeoff),
      span('flight', bounds.takeoff, bounds.landing),
      span('landing', bounds.landing, bounds.end),
    ],
    events: {
      onset_s: at(bounds.onset),
      lowest_s: at(bounds.lowest),
      takeoff_s: at(bounds.takeoff),
      apex_s: at(TAKEOFF_S + flightS / 2),
      landing_s: at(landing),
    },
    metrics: column(0),
    uncertainty: column(1),
    methods: column(2),
    warnings: ['takeoff_lag_ms: withheld, one foot is hidden behind the other; film from the front'],
    quality: VERDICTS[n % VERDICTS.length],
  };
}
