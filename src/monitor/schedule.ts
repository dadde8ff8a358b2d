import type { Clock } from './clock.ts';

/** Something that is due at a monotonic time. The time changes only while the item is not in a schedule. */
export interface Due {
  readonly dueAt: number;
}

/** What is due when: a binary heap, and one timer for its first item. */
export class Schedule<Item extends Due> {
  readonly #clock: Clock;
  readonly #onTime: () => void;
  #heap: Item[] = [];
  #armedFor = Infinity;
  #callOff: () => void = () => {};

  /** `onTime` is called when the first item is due; it takes what is due and puts it back with its next time. */
  constructor(clock: Clock, onTime: () => void) {
    this.#clock = clock;
    this.#onTime = onTime;
  }

  /** Puts these items in the place of all there were. */
  replace(items: readonly Item[]): void {
    // A sorted list is a heap.
    this.#heap = items.toSorted((a, b) => a.dueAt - b.dueAt);
    this.#arm();
  }

  put(item: Item): void {
    this.#rise(item);
    this.#arm();
  }

  /** Takes out all that is due at `now`, the earliest first. */
  takeDue(now: number): readonly Item[] {
    const due: Item[] = [];
    for (let first = this.#heap[0]; first !== undefined && first.dueAt <= now; first = this.#heap[0]) {
      due.push(first);
      this.#removeFirst();
    }
    this.#arm();
    return due;
  }

  #arm(): void {
    const dueAt = this.#heap[0]?.dueAt ?? Infinity;
    if (dueAt === this.#armedFor) return;
    this.#callOff();
    this.#callOff = () => {};
    this.#armedFor = dueAt;
    if (dueAt === Infinity) return;
    this.#callOff = this.#clock.at(dueAt, () => {
      this.#armedFor = Infinity;
      this.#onTime();
      this.#arm();
    });
  }

  /** Adds it at the end, and moves those above it down that are due later. */
  #rise(item: Item): void {
    let index = this.#heap.length;
    this.#heap.push(item);
    while (index > 0) {
      const above = (index - 1) >> 1;
      const other = this.#heap[above];
      if (other === undefined || other.dueAt <= item.dueAt) break;
      this.#heap[index] = other;
      index = above;
    }
    this.#heap[index] = item;
  }

  /** Puts the last in the place of the first, and moves it down below those that are due earlier. */
  #removeFirst(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      const right = left + 1;
      const below = this.#isEarlier(right, left) ? right : left;
      const other = this.#heap[below];
      if (other === undefined || other.dueAt >= last.dueAt) break;
      this.#heap[index] = other;
      index = below;
    }
    this.#heap[index] = last;
  }

  #isEarlier(index: number, than: number): boolean {
    return (this.#heap[index]?.dueAt ?? Infinity) < (this.#heap[than]?.dueAt ?? Infinity);
  }
}
