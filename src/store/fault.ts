import { RegrowError } from '../errors.ts';

interface Cause {
  readonly when: RegExp;
  readonly message: (path: string) => string;
  readonly remedy: (path: string) => string;
}

/** SQLite's and the system's codes, and what they mean to the operator. The first match counts. */
const causes: readonly Cause[] = [
  {
    when: /^(SQLITE_FULL|ENOSPC|EDQUOT)/,
    message: (path) => `${path} cannot grow: its file system or quota is full`,
    remedy: (path) => `Free space there (df ${path}), then repeat. Nothing that was recorded is lost.`,
  },
  {
    when: /^(SQLITE_IOERR|EIO|EFBIG)/,
    message: (path) => `reading or writing ${path} failed`,
    remedy: (path) =>
      `Look for a failing disk (dmesg), a full one (df ${path}) and a file size limit (ulimit -f). Nothing that was recorded is lost.`,
  },
  {
    when: /^SQLITE_(BUSY|LOCKED)/,
    message: (path) => `another process kept ${path} busy for too long`,
    remedy: (path) => `See who holds it (fuser -v ${path}), and whether the disk is slow; then repeat.`,
  },
  {
    when: /^SQLITE_(CORRUPT|NOTADB|FORMAT)/,
    message: (path) => `${path} is damaged, or not a database`,
    remedy: (path) =>
      `Stop regrow, move ${path}, ${path}-wal and ${path}-shm away together, and start it again: it begins a new journal. ` +
      'What was recorded stays in the files moved away (sqlite3 FILE .recover). Claims and certificates are in vCenter, and are not lost.',
  },
  {
    when: /^(SQLITE_(CANTOPEN|PERM|READONLY|AUTH)|EACCES|EPERM|EROFS|ENOTDIR|EISDIR)/,
    message: (path) => `${path} cannot be opened for writing`,
    remedy: (path) => `Run this as the user that owns the journal (ls -l ${path}), and see that state_dir is writable.`,
  },
];

/**
 * What leaves the store for an error in it: JOURNAL_UNUSABLE for SQLite's and the system's. Any other, such as one thrown inside a
 * transaction by its caller, passes as it is.
 */
export function journalFault(path: string, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof RegrowError) return error;
  if (!('code' in error) || typeof error.code !== 'string' || !/^(SQLITE_|E[A-Z]+$)/.test(error.code)) return error;
  const { code, message: detail } = error;
  const cause = causes.find((candidate) => candidate.when.test(code));
  return new RegrowError('JOURNAL_UNUSABLE', `The journal: ${cause?.message(path) ?? `${path}: ${detail}`}`, {
    facts: { path, cause: code, detail },
    remedy: cause?.remedy(path) ?? `See that ${path} is whole and on a local disk; regrow doctor tells more.`,
    cause: error,
  });
}
