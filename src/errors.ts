/** Stable codes of every fault that regrow throws. docs/errors.md holds the same list; a test keeps them equal. */
export const errorCodes = {
  CONFIG_INVALID: 'The configuration file has problems.',
  CONFIG_NOT_FOUND: 'The configuration file does not exist or cannot be read.',
  CONFIG_EXISTS: 'A configuration file is there already.',
  CONFIG_NOT_WRITTEN: 'The configuration file cannot be written.',
  FILE_NOT_WRITTEN: 'A file or folder that a command makes cannot be written.',
  ANSWERS_MISSING: 'What regrow init has to know was neither asked nor given.',
  SECRET_UNAVAILABLE: 'A secret that the configuration refers to cannot be read.',
  NODE_UNKNOWN: 'The node is not a member of the pool.',
  RUN_UNKNOWN: 'The journal has no such run.',
  JOURNAL_UNUSABLE: 'The journal cannot be opened or written.',
  SLOT_BUSY: 'A rebuild already runs on this machine.',
  ANSIBLE_MISSING: 'ansible-playbook cannot be started.',
  CONFIRMATION_MISSING: 'A destructive command was not confirmed.',
  DISCOVERY_FAILED: 'vCenter could not be read.',
  CONTROLLER_UNREACHABLE: 'No controller answers.',
  TOKEN_REFUSED: 'A controller does not take the token.',
  CONTROLLER_RUNNING: 'A controller already runs on this machine.',
  HTTP_UNAVAILABLE: 'The HTTP server cannot be started as configured.',
  RUN_FINISHED: 'The run has its outcome already, and its record no longer changes.',
  UNIT_DIFFERS: 'A unit of systemd is there already, and differs.',
  SYSTEMD_REFUSED: 'systemd did not do what it was told.',
} as const;
export type ErrorCode = keyof typeof errorCodes;

/** The only error class that regrow throws. `facts` are shown and logged as they are, and must hold no secret. */
export class RegrowError extends Error {
  override readonly name = 'RegrowError';
  readonly code: ErrorCode;
  readonly facts: Readonly<Record<string, unknown>>;
  /** What the reader can do about it now. */
  readonly remedy: string | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { facts?: Record<string, unknown>; remedy?: string; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.facts = options.facts ?? {};
    this.remedy = options.remedy;
  }
}
