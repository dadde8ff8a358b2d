/** What is known of a run that is to be stopped. */
export interface RunProgress {
  /** The step that it is at; null before the first. */
  readonly step: string | null;
  /** The old VM was destroyed before the new one was certified. */
  readonly isOldGone: boolean;
}

/** From the commit on the node is as good as back, and what is left is short. */
const finalSteps: readonly string[] = ['certify', 'retire', 'register', 'after_rebuild'];

/**
 * Whether a run can be stopped now, a moment later, or not any more. Before the fence nothing was harmed. In the fence it is half done:
 * after it, the old VM stands in quarantine. From then until the commit the old VM is kept, the generation can be ended, and what was
 * built can be removed. With the old VM gone, or the new one about to be committed, only going on brings the node back.
 */
export function stopPoint({ step, isOldGone }: RunProgress): 'now' | 'later' | 'never' {
  if (isOldGone || (step !== null && finalSteps.includes(step))) return 'never';
  return step === 'fence' ? 'later' : 'now';
}
