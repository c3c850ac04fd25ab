/** Keeps the screen of a phone on while it films. */

export class Awake {
  private lock: WakeLockSentinel | null = null;
  private wanted = false;

  constructor() {
    // The browser takes the lock back whenever the page is hidden.
    document.addEventListener('visibilitychange', () => void this.ask());
  }

  /** Wants the screen on, or no more. */
  set(wanted: boolean): void {
    if (wanted === this.wanted) return;
    this.wanted = wanted;
    if (wanted) void this.ask();
    else void this.lock?.release();
  }

  /** A device that refuses (low battery, no such feature) turns its screen off as usual. */
  private async ask(): Promise<void> {
    if (!this.wanted || document.hidden || !('wakeLock' in navigator)) return;
    this.lock = await navigator.wakeLock.request('screen').catch(() => null);
    if (!this.wanted) await this.lock?.release();
  }
}
