// A part of `GET /api/v1/sports`: enough movements and metrics to look at every screen.

const metric = (key, label, unit, decimals, definition, short_label = null) => ({
  key,
  label,
  short_label,
  unit,
  decimals,
  definition,
  source: 'see docs/metrics.md',
});

const JUMP = [
  'jump_height_m',
  'flight_time_ms',
  'takeoff_velocity_m_s',
  'jump_height_com_rise_m',
  'countermovement_depth_m',
  'eccentric_duration_ms',
  'concentric_duration_ms',
  'total_movement_time_ms',
  'peak_concentric_velocity_m_s',
  'rsi_modified',
  'knee_angle_at_lowest_deg',
  'takeoff_lag_ms',
];
const HEADLINE = [
  'jump_height_m',
  'cadence_spm',
  'ground_contact_time_ms',
  'flight_time_ms',
  'countermovement_depth_m',
  'rsi_modified',
  'peak_concentric_velocity_m_s',
  'speed_m_s',
];

const sport = (name, label, phases, metrics = JUMP) => ({
  name,
  label,
  phases,
  events: [],
  metrics,
  headline: HEADLINE.filter((key) => metrics.includes(key)),
});

export const SPORTS = {
  sports: [
    sport('squat', 'Squat', ['standing', 'descent', 'bottom', 'ascent'], ['countermovement_depth_m', 'eccentric_duration_ms']),
    sport('cmj', 'Countermovement jump', ['standing', 'eccentric', 'concentric', 'flight', 'landing']),
    sport('squatjump', 'Squat jump', ['standing', 'lowering', 'hold', 'concentric', 'flight', 'landing']),
    sport('dropjump', 'Drop jump', ['drop', 'contact', 'flight', 'landing']),
    sport('repeatedjumps', 'Repeated jumps', ['contact', 'flight']),
    sport('running', 'Running', ['stance_left', 'flight', 'stance_right']),
    sport('walking', 'Walking', ['single_support_left', 'double_support', 'single_support_right']),
  ],
  metrics: [
    metric('jump_height_m', 'Jump height', 'm', 3, 'Rise of the centre of mass from take-off to apex, from the flight time.'),
    metric('flight_time_ms', 'Flight time', 'ms', 0, 'Time from the last contact of the feet to the first contact after it.'),
    metric(
      'takeoff_velocity_m_s',
      'Take-off velocity',
      'm/s',
      2,
      'Vertical velocity of the centre of mass at take-off.',
      'Take-off v',
    ),
    metric(
      'jump_height_com_rise_m',
      'Jump height, centre-of-mass rise',
      'm',
      3,
      'Height of the centre of mass at the apex minus its height at take-off.',
      'CoM rise',
    ),
    metric(
      'countermovement_depth_m',
      'Countermovement depth',
      'm',
      3,
      'Height of the centre of mass in standing minus its height at the lowest point.',
      'Depth',
    ),
    metric(
      'eccentric_duration_ms',
      'Eccentric duration',
      'ms',
      0,
      'Time from the onset of the movement to the lowest point.',
      'Eccentric',
    ),
    metric('concentric_duration_ms', 'Concentric duration', 'ms', 0, 'Time from the lowest point to take-off.', 'Concentric'),
    metric(
      'total_movement_time_ms',
      'Time to take-off',
      'ms',
      0,
      'Time from the onset of the movement to take-off.',
      'Time to t.-o.',
    ),
    metric(
      'peak_concentric_velocity_m_s',
      'Peak concentric velocity',
      'm/s',
      2,
      'Greatest upward velocity of the centre of mass before take-off.',
      'Peak speed',
    ),
    metric('rsi_modified', 'Modified reactive strength index', 'm/s', 2, 'Jump height over time to take-off.', 'RSI mod'),
    metric('takeoff_lag_ms', 'Lag of feet at take-off', 'ms', 0, 'Take-off of the left foot less that of the right.'),
    metric('knee_angle_at_lowest_deg', 'Knee angle at the lowest point', 'deg', 0, 'Flexion of the knee.'),
    metric('knee_angle_deg', 'Knee flexion', 'deg', 0, 'Flexion of the knee, 0 when straight.'),
    metric('hip_angle_deg', 'Hip flexion', 'deg', 0, 'Flexion of the hip, 0 when straight.'),
    metric('trunk_angle_deg', 'Trunk lean', 'deg', 0, 'Lean of the trunk from the vertical.'),
  ],
};
