import pino from 'pino';
import type { Logger } from 'pino';

export type { Logger };
export const logLevels = ['error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof logLevels)[number];

const hidden = '(hidden)';

/** Fields that hold a secret by their name, whatever the value is. */
const secretFields = ['password', 'token', 'secret', 'authorization', 'cookie', 'VMWARE_PASSWORD'];

/** The values that must not be written anywhere. More can be added while the program runs. */
export class SecretValues {
  readonly #values = new Set<string>();

  constructor(values: Iterable<string> = []) {
    for (const value of values) this.add(value);
  }

  /** An empty text is no secret. */
  add(value: string): void {
    if (value !== '') this.#values.add(value);
  }

  /** The text with every secret in it replaced. Longer ones go first, so that no piece of one is left by another inside it. */
  readonly redact = (text: string): string => {
    let clean = text;
    for (const value of [...this.#values].toSorted((a, b) => b.length - a.length))
      clean = clean.replaceAll(value, hidden);
    return clean;
  };

  /** The value with every text in it redacted, keys of objects too. */
  redactDeep(value: unknown): unknown {
    if (typeof value === 'string') return this.redact(value);
    if (Array.isArray(value)) return value.map((item) => this.redactDeep(item));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [this.redact(key), this.redactDeep(item)]));
  }

  /** Whether a line of JSON can hold one, as it stands or escaped. */
  areIn(jsonLine: string): boolean {
    for (const value of this.#values) {
      if (jsonLine.includes(value) || jsonLine.includes(JSON.stringify(value).slice(1, -1))) return true;
    }
    return false;
  }
}

/** Where log lines go: stderr, or a list in a test. */
export interface LogDestination {
  write(line: string): void;
}

export interface LoggerOptions {
  readonly level: LogLevel;
  readonly secrets: SecretValues;
  readonly destination: LogDestination;
  /** Fields of every line, such as this machine's node name. */
  readonly fields?: Readonly<Record<string, unknown>>;
}

/**
 * JSON lines. error: a person must act. warn: a node is being healed. info: a verdict, a run or a lock changed. debug: each probe.
 * Fixed message, data in fields; `logger.child({node, run})` for what belongs together; an error goes into the field `err`.
 */
export function createLogger({ level, secrets, destination, fields = {} }: LoggerOptions): Logger {
  return pino(
    {
      level,
      base: fields,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: secretFields.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]), censor: hidden },
    },
    { write: (line: string) => destination.write(withoutSecrets(line, secrets)) },
  );
}

/** The whole line is looked at, not only the fields: secrets also hide in stacks, messages and bindings of children. */
function withoutSecrets(line: string, secrets: SecretValues): string {
  if (!secrets.areIn(line)) return line;
  const entry: unknown = JSON.parse(line);
  if (typeof entry !== 'object' || entry === null) return secrets.redact(line);
  // The names and values that pino itself writes stay, whatever the secret is.
  const clean = Object.entries(entry).map(([key, value]: [string, unknown]) =>
    key === 'level' || key === 'time'
      ? [key, value]
      : [key === 'msg' ? key : secrets.redact(key), secrets.redactDeep(value)],
  );
  return `${JSON.stringify(Object.fromEntries(clean))}\n`;
}
