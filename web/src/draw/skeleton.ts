/** The skeleton on a canvas: left and right in their own colours, uncertain parts fainter, nothing on the face. */

import type { Landmark, PoseData, PosePerson } from '../api/types';
import { COLORS, JOINTS, LIMBS, VISIBLE } from './body';

/** Where the picture stands on the canvas, in pixels of the canvas. */
export interface Frame {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** The place of a picture that is shown whole in the middle of a box. */
export function contained(width: number, height: number, boxWidth: number, boxHeight: number): Frame {
  const scale = Math.min(boxWidth / width, boxHeight / height);
  const size = { width: width * scale, height: height * scale };
  return { left: (boxWidth - size.width) / 2, top: (boxHeight - size.height) / 2, ...size };
}

/** Half the width of a limb as a share of the body's height in the picture. */
const LIMB = 0.0075;
const PREDICTED = 0.55;
const OTHERS = 0.6;

type Point = readonly [number, number];

export class SkeletonPainter {
  /** Joints now shown, per person: what flickers around a threshold would be worse than either. */
  private shown = new Map<number, boolean[]>();

  constructor(private readonly context: CanvasRenderingContext2D) {}

  /** Paints everybody, on a picture where there is one. */
  paint(pose: PoseData | null, frame: Frame, picture: CanvasImageSource | null = null): void {
    const { canvas } = this.context;
    this.context.clearRect(0, 0, canvas.width, canvas.height);
    if (picture) this.context.drawImage(picture, frame.left, frame.top, frame.width, frame.height);
    if (!pose) return this.shown.clear();
    // The athlete last, and so on top.
    const people = [...pose.persons].sort((a, b) => Number(a.selected) - Number(b.selected));
    for (const person of people) this.person(person, frame);
    for (const id of this.shown.keys()) if (!people.some((p) => p.id === id)) this.shown.delete(id);
  }

  private person(person: PosePerson, frame: Frame): void {
    const visible = this.visible(person);
    const at = ([x, y]: Landmark): Point => [frame.left + (x ?? 0) * frame.width, frame.top + (y ?? 0) * frame.height];
    const points = person.landmarks.map(at);
    const heights = points.filter((_, i) => visible[i]).map(([, y]) => y);
    if (heights.length < 2) return;
    const body = Math.max(...heights) - Math.min(...heights);
    const radius = Math.min(7 * devicePixelRatio, Math.max(1.5 * devicePixelRatio, body * LIMB));
    const strength = (person.selected ? 1 : OTHERS) * (person.source === 'predicted' ? PREDICTED : 1);
    for (const [from, to, side] of LIMBS) {
      const [a, b] = [points[from], points[to]];
      if (!a || !b || !visible[from] || !visible[to]) continue;
      const sure = Math.min(person.landmarks[from]?.[2] ?? 0, person.landmarks[to]?.[2] ?? 0, 1);
      this.limb(a, b, radius, person.selected ? COLORS[side] : COLORS.others, strength * (0.3 + 0.7 * sure));
    }
    for (const joint of JOINTS) {
      const point = points[joint];
      if (point && visible[joint])
        this.joint(point, radius, person.selected ? (joint % 2 ? COLORS.left : COLORS.right) : COLORS.others, strength);
    }
    this.context.globalAlpha = 1;
  }

  private visible(person: PosePerson): boolean[] {
    const before = this.shown.get(person.id);
    const now = person.landmarks.map(([x, y, visibility], i) => {
      const threshold = before?.[i] ? VISIBLE.until : VISIBLE.from;
      return x !== null && y !== null && visibility !== null && visibility >= threshold;
    });
    this.shown.set(person.id, now);
    return now;
  }

  private limb(a: Point, b: Point, radius: number, color: string, alpha: number): void {
    const { context } = this;
    context.lineCap = 'round';
    context.beginPath();
    context.moveTo(...a);
    context.lineTo(...b);
    context.globalAlpha = alpha * 0.55;
    context.strokeStyle = COLORS.outline;
    context.lineWidth = 2 * (radius + devicePixelRatio);
    context.stroke();
    context.globalAlpha = alpha;
    context.strokeStyle = color;
    context.lineWidth = 2 * radius;
    context.stroke();
  }

  private joint(point: Point, radius: number, color: string, alpha: number): void {
    const disc = (size: number, fill: string, opacity: number) => {
      this.context.globalAlpha = opacity;
      this.context.fillStyle = fill;
      this.context.beginPath();
      this.context.arc(...point, size, 0, 2 * Math.PI);
      this.context.fill();
    };
    disc(radius * 2.2, COLORS.outline, alpha * 0.55);
    disc(radius * 1.8, color, alpha);
    disc(radius * 0.9, '#fff', alpha);
  }
}
