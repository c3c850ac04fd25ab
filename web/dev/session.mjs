// A session of the fake server: the athlete jumps, and what it says is kept in a log (everything but poses) and a ring
// (poses), from which every reader takes what it asks for.

import { jump, phaseAt, pose, repetition } from './athlete.mjs';

const FRAMES_PER_S = 30;
const RING = 60;
const round = (x) => Math.round(x * 1000) / 1000;

export class Session {
  #sequence = 0;
  #log = [];
  #ring = [];
  #readers = new Set();
  #frame = 0;
  #began = 0;
  #now = 0;
  #reported = false;
  #jumpStart = 0;
  #course = jump(0);
  #phase = null;
  #jumps = 0;
  #timer = null;
  state = 'waiting';
  /** Keeps repetitions to itself, so that provisional numbers stay. */
  held = false;

  constructor(id, request) {
    this.id = id;
    this.request = request;
    this.created_at = new Date().toISOString();
  }

  get repetitions() {
    return this.#log.filter((event) => event.type === 'repetition').map((event) => event.data);
  }

  start() {
    if (this.#timer) return;
    this.#began = performance.now();
    this.#setState('live');
    this.#timer = setInterval(() => this.#step(), 1000 / FRAMES_PER_S);
  }

  stop() {
    clearInterval(this.#timer);
    if (this.state === 'done') return;
    this.#setState('finishing');
    this.#say('analysis_complete', { frames: this.#frame, frames_with_pose: this.#frame, repetitions: this.#jumps });
    this.#setState('done');
    for (const reader of this.#readers) reader.end();
  }

  warn(code, message) {
    this.#say('warning', { code, message });
  }

  /** Sends everything from a number on to `reader.send`, then what follows; returns how to stop. */
  read(reader, from, types) {
    const wanted = (event) => types.length === 0 || types.includes(event.type);
    const take = (event) => wanted(event) && reader.send(JSON.stringify(event));
    const past = [...this.#log, ...this.#ring].filter((event) => event.sequence >= from);
    past.sort((a, b) => a.sequence - b.sequence).forEach(take);
    if (this.state === 'done') return reader.end();
    const entry = { send: take, end: reader.end };
    this.#readers.add(entry);
    return () => this.#readers.delete(entry);
  }

  #say(type, data) {
    const event = { type, analysis_id: this.id, timestamp_ms: round(this.#now * 1000), sequence: this.#sequence++, data };
    (type === 'pose' ? this.#ring : this.#log).push(event);
    if (this.#ring.length > RING) this.#ring.shift();
    for (const reader of this.#readers) reader.send(event);
  }

  #setState(state) {
    this.state = state;
    this.#say('state', { state, reason: null });
  }

  #step() {
    this.#frame += 1;
    // A timer that comes late skips frames, as a camera does.
    const now = (performance.now() - this.#began) / 1000;
    this.#now = now;
    let t = now - this.#jumpStart;
    if (t >= this.#course.end) {
      this.#jumpStart += this.#course.end;
      this.#course = jump(this.#course.n + 1);
      t = now - this.#jumpStart;
      this.#reported = false;
    }
    const phase = phaseAt(this.#course, t);
    const { landmarks, angles } = pose(this.#course, t, { noise: 0.002 });
    const values = Object.entries(angles).map(([joint, degrees]) => [`${joint}_angle_deg`, degrees]);
    const live = { movement: 'cmj', phase, values, repetitions: this.#jumps };
    const person = { id: 0, selected: true, source: 'measured', landmarks };
    this.#say('pose', { width: 1280, height: 720, persons: [person], live });
    if (phase !== this.#phase) this.#enter(phase, now);
    if (t >= this.#course.landing + 0.25 && !this.#reported && !this.held) {
      this.#reported = true;
      this.#jumps += 1;
      this.#say('repetition', repetition(this.#course, this.#jumpStart));
    }
  }

  #enter(phase, now) {
    this.#phase = phase;
    this.#say('phase', { person: 0, movement: 'cmj', phase, start_s: round(now) });
    if (phase !== 'landing') return;
    const { flightS, heightM } = this.#course;
    this.#say('metric_update', { person: 0, movement: 'cmj', key: 'flight_time_ms', value: flightS * 1000 - 9 });
    this.#say('metric_update', { person: 0, movement: 'cmj', key: 'jump_height_m', value: heightM - 0.012 });
  }
}
