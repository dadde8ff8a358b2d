import { describe, expect, it } from 'vitest';
import { RegrowError } from '../../../src/errors.ts';
import { createLogger, SecretValues, type LogLevel } from '../../../src/logging.ts';

const password = 'hunter"2\\\n\u00fc!';

function loggerWith(secrets: readonly string[], level: LogLevel = 'debug') {
  const lines: string[] = [];
  const values = new SecretValues(secrets);
  const logger = createLogger({
    level,
    secrets: values,
    destination: { write: (line) => lines.push(line) },
    fields: { self: 'webbox1' },
  });
  const entries = () => lines.map((line): Record<string, unknown> => JSON.parse(line));
  return { logger, lines, entries, values };
}

describe('the log', () => {
  it('is JSON lines with an ISO time, a level by name, and the fields of the machine and of the child', () => {
    const { logger, entries, lines } = loggerWith([]);
    logger.child({ node: 'webbox2', run: 'r1' }).warn({ step: 'fence' }, 'run started');
    expect(entries()[0]).toEqual({
      level: 'warn',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      self: 'webbox1',
      node: 'webbox2',
      run: 'r1',
      step: 'fence',
      msg: 'run started',
    });
    expect(lines[0]?.endsWith('}\n')).toBe(true);
  });

  it('leaves out what is below its level', () => {
    const { logger, lines } = loggerWith([], 'info');
    logger.debug('probe');
    logger.info('verdict');
    expect(lines).toHaveLength(1);
  });

  it('tells an error with its code, remedy, facts and cause', () => {
    const { logger, entries } = loggerWith([]);
    const cause = new Error('ENOSPC');
    logger.error(
      { err: new RegrowError('JOURNAL_UNUSABLE', 'full', { remedy: 'free space', facts: { path: '/x' }, cause }) },
      'journal failed',
    );
    expect(entries()[0]).toMatchObject({
      err: {
        code: 'JOURNAL_UNUSABLE',
        remedy: 'free space',
        facts: { path: '/x' },
        message: expect.stringContaining('ENOSPC'),
      },
    });
  });
});

describe('secrets', () => {
  it('are hidden by the name of their field, also further down', () => {
    const { logger, lines } = loggerWith([]);
    logger.info({ password: 'p1', vcenter: { password: 'p2', user: 'u' }, a: { b: { token: 'p3' } } }, 'x');
    expect(lines[0]).not.toMatch(/p1|p2|p3/);
    expect(lines[0]).toContain('"user":"u"');
  });

  it.each([
    ['the message', (log: ReturnType<typeof loggerWith>['logger']) => log.info(`login with ${password} failed`)],
    ['a field', (log) => log.info({ a: { deep: [`x${password}y`] } }, 'm')],
    ['a key', (log) => log.info({ a: { [password]: 1 } }, 'm')],
    ['a field name of the entry itself', (log) => log.info({ [password]: 1 }, 'm')],
    ['an error', (log) => log.error({ err: new Error(password, { cause: new Error(password) }) }, 'm')],
    [
      'the facts of an error',
      (log) => log.error({ err: new RegrowError('CONFIG_INVALID', 'm', { facts: { password2: password } }) }),
    ],
    ['the fields of a child', (log) => log.child({ who: password }).info('m')],
    ['a format argument', (log) => log.info('%s', password)],
  ] satisfies [string, (log: ReturnType<typeof loggerWith>['logger']) => void][])(
    'are hidden by value in %s',
    (_, write) => {
      const { logger, lines, entries } = loggerWith([password]);
      write(logger);
      expect(lines).toHaveLength(1);
      expect(lines[0]).toContain('(hidden)');
      expect(lines[0]).not.toContain('hunter');
      expect(entries()[0]).toMatchObject({ self: 'webbox1' });
    },
  );

  it('that are short, or words of the log itself, leave its lines readable', () => {
    const { logger, entries } = loggerWith(['msg', 'info', '1', '"', 'time']);
    logger.info({ n: 1, text: 'it was "1" time' }, 'msg of the day');
    expect(entries()[0]).toMatchObject({ level: 'info', n: 1, msg: '(hidden) of the day' });
    expect(entries()[0]?.['text']).toBe('it was (hidden)(hidden)(hidden) (hidden)');
  });

  it('that contain one another leave no piece behind', () => {
    expect(new SecretValues(['abc', 'abcdef']).redact('abcdef abc')).toBe('(hidden) (hidden)');
  });

  it('can become known later, and an empty one hides nothing', () => {
    const { logger, lines, values } = loggerWith(['']);
    logger.info('late');
    values.add('late');
    logger.info('late');
    expect(lines.map((line) => line.includes('late'))).toEqual([true, false]);
  });
});
