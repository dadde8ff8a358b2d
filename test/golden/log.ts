/** Tells what happens, a line each: simulated time, who, what. */
export class GoldenLog {
  readonly lines: string[] = [];
  /** Called after each line that is kept. */
  onLine: (count: number) => void = () => undefined;
  readonly #time: () => number;

  /** `time`: milliseconds since the scenario began; what is told before that is dropped. */
  constructor(time: () => number) {
    this.#time = time;
  }

  write(who: string, what: string): void {
    const time = this.#time();
    if (time < 0) return;
    this.lines.push(`${clockText(time)}  ${who.padEnd(8)}  ${what}`);
    this.onLine(this.lines.length);
  }
}

function clockText(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}

type Data = Readonly<Record<string, unknown>>;

/** A record of the journal as people read it; undefined for what another record tells too. */
export function recordText(type: string, node: string | null, data: Data): string | undefined {
  const about = node ?? 'pool';
  switch (type) {
    case 'node.state':
      return data['to'] === 'suspect'
        ? undefined
        : `${about} ${text(data['from'])} -> ${text(data['to'])}: ${text(data['why'])}`;
    case 'check.suspect':
      return `${about} suspect: ${text(data['check'])} failed ${text(data['failures'])} of ${text(data['of'])} times`;
    case 'decision':
    case 'storm.setback':
      return undefined;
    case 'alert.raised':
      return `alert: ${text(data['text'])}`;
    default:
      return `${type} ${about}${Object.entries(data)
        .map(([key, value]) => ` ${key}=${text(value)}`)
        .join('')}`;
  }
}

function text(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return value.map(text).join(',');
  if (typeof value !== 'object') return JSON.stringify(value);
  if ('moid' in value) return text(value.moid);
  return 'gate' in value ? text(value.gate) : JSON.stringify(value);
}
