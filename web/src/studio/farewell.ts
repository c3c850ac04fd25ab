/** The end of a session at the server: said once, because said a second time it would remove the results. */

import { analysis, endAnalysis } from '../api/client';
import { Problem } from '../api/problem';

export class Farewell {
  state: 'unsaid' | 'saying' | 'said' | 'failed' = 'unsaid';
  /** Why the server could not be told. */
  problem: Problem | null = null;

  constructor(private readonly changed: () => void) {}

  /** Ends the session in the way given; once it has been said, or is being said, nothing happens. */
  async say(end: () => Promise<void>): Promise<void> {
    if (this.state === 'saying' || this.state === 'said') return;
    this.enter('saying', null);
    try {
      await end();
      this.enter('said', null);
    } catch (error) {
      const problem = Problem.from(error);
      // What is not there any more has ended.
      if (problem.status === 404) this.enter('said', null);
      else this.enter('failed', problem);
    }
  }

  /** Tries again; if only the answer to the last try was lost the session has ended, and is left alone. */
  async sayAgain(id: string): Promise<void> {
    await this.say(async () => {
      const { state } = await analysis(id);
      if (state !== 'finishing' && state !== 'done' && state !== 'failed') await endAnalysis(id);
    });
  }

  private enter(state: Farewell['state'], problem: Problem | null): void {
    this.state = state;
    this.problem = problem;
    this.changed();
  }
}
