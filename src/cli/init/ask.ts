import { createInterface } from 'node:readline/promises';
import { parseConfig } from '../../config/load.ts';
import { RegrowError } from '../../errors.ts';
import type { CliContext } from '../context.ts';
import { questions, sampleAnswers, type InitAnswers, type Question } from './answers.ts';
import { configText } from './config-text.ts';

/** Asks one question; undefined when nobody answers any more. */
export type Ask = (question: string) => Promise<string | undefined>;

/** The answers of the flags, and of the person at the terminal for the rest. Asks again what cannot be right. */
export async function askAll(
  given: Partial<InitAnswers>,
  folder: string,
  { ask, say }: { readonly ask: Ask; readonly say: (line: string) => void },
): Promise<InitAnswers> {
  let answers: Partial<InitAnswers> = given;
  for (const question of questions) {
    if (answers[question.key] !== undefined) continue;
    const usual = question.usual?.(answers, folder);
    for (;;) {
      const said = await ask(`${question.ask}${usual === undefined ? '' : ` [${usual}]`}: `);
      if (said === undefined) throw unanswered([question]);
      const answer = said.trim() || usual;
      const wrong = answer === undefined ? 'it has to be given' : problemOf(question.key, answer);
      if (answer !== undefined && wrong === undefined) {
        answers = { ...answers, [question.key]: answer };
        break;
      }
      say(`  ${wrong ?? ''}`);
    }
  }
  return complete(answers);
}

/** The answers of the flags alone. Throws ANSWERS_MISSING, naming every flag that has to be given. */
export function takeAll(given: Partial<InitAnswers>, folder: string): InitAnswers {
  const missing = questions.filter(({ key, usual }) => given[key] === undefined && usual === undefined);
  if (missing.length > 0) throw unanswered(missing);
  return complete(
    questions.reduce<Partial<InitAnswers>>(
      (answers, { key, usual }) => ({ ...answers, [key]: answers[key] ?? usual?.(answers, folder) ?? '' }),
      given,
    ),
  );
}

/** What is wrong with one answer by itself: everything else is right then. */
export function problemOf(key: keyof InitAnswers, answer: string): string | undefined {
  const parsed = parseConfig(configText({ ...sampleAnswers, [key]: answer }, '/etc/regrow/token'), 'regrow.yml');
  return parsed.ok ? undefined : parsed.problems.map(({ message }) => message).join('; ');
}

/** Asks on the terminal. Ctrl-C and Ctrl-D end it. */
export async function atTerminal<T>(context: CliContext, use: (ask: Ask) => Promise<T>): Promise<T> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const leaving = new AbortController();
  lines.on('close', () => leaving.abort());
  try {
    return await use((question) =>
      lines.question(context.errorStyle.bold(question), { signal: leaving.signal }).catch(() => undefined),
    );
  } finally {
    lines.close();
  }
}

function complete(answers: Partial<InitAnswers>): InitAnswers {
  return { ...sampleAnswers, ...answers };
}

function unanswered(missing: readonly Question[]): RegrowError {
  const flags = missing.map(({ flag }) => flag);
  return new RegrowError('ANSWERS_MISSING', `Nothing was written: there is no answer for ${flags.join(', ')}.`, {
    facts: { flags },
    remedy: 'give these flags, or run regrow init on a terminal',
  });
}
