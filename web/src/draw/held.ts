/** The picture of a camera, held back until the pose of each frame is here: a skeleton beside its body is worse than both a moment late. */

/** Frames kept: a third of a second at 60 frames per second. */
const KEPT = 20;

/** Wider than this a held frame costs memory and shows nothing more on a stage. */
const WIDEST = 960;

interface Held<T> {
  readonly atMs: number;
  readonly frame: T;
}

/** The newest frames with the time at which each was seen, used in turn. */
export class FrameRing<T> {
  private readonly held: Held<T>[] = [];

  constructor(private readonly kept: number) {}

  /** The oldest frame, to be drawn over, once there are enough. */
  reuse(): T | null {
    return this.held.length < this.kept ? null : (this.held.shift()?.frame ?? null);
  }

  push(atMs: number, frame: T): void {
    this.held.push({ atMs, frame });
  }

  /** What was seen at a moment: the newest frame that is not younger. `null` when it is no longer, or not yet, here. */
  at(ms: number): T | null {
    return this.held.findLast(({ atMs }) => atMs <= ms)?.frame ?? null;
  }
}

export class HeldPicture {
  private readonly ring = new FrameRing<HTMLCanvasElement>(KEPT);

  constructor(private readonly video: HTMLVideoElement) {}

  /** Starts to keep frames; a browser that does not tell about them shows the picture as it comes. */
  watch(): void {
    if (!('requestVideoFrameCallback' in this.video)) return;
    const seen = (nowMs: number) => {
      this.keep(nowMs);
      if (this.video.srcObject) this.video.requestVideoFrameCallback(seen);
    };
    this.video.requestVideoFrameCallback(seen);
  }

  at(ms: number): HTMLCanvasElement | null {
    return this.ring.at(ms);
  }

  private keep(nowMs: number): void {
    const { videoWidth, videoHeight } = this.video;
    const scale = Math.min(1, WIDEST / Math.max(1, videoWidth));
    const [width, height] = [Math.round(videoWidth * scale), Math.round(videoHeight * scale)];
    const frame = this.ring.reuse() ?? document.createElement('canvas');
    if (frame.width !== width || frame.height !== height) Object.assign(frame, { width, height });
    frame.getContext('2d')?.drawImage(this.video, 0, 0, width, height);
    this.ring.push(nowMs, frame);
  }
}
