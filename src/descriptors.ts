import { closeSync, openSync } from 'node:fs';

/** Three pipes to a program, the one that tells of its start, and some to spare. */
const needed = 12;

/**
 * Throws EMFILE or ENFILE when a program could not be given its pipes. To be called just before each start of one: without descriptors
 * Node gives a process without streams, over which execa falls and leaves an error that ends this process (execa 9.6, Node 20 to 24).
 */
export function assertRoomForProgram(): void {
  const taken: number[] = [];
  try {
    for (let count = 0; count < needed; count += 1) taken.push(openSync('/dev/null', 'r'));
  } finally {
    for (const each of taken) closeSync(each);
  }
}
