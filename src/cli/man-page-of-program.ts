import { packageVersion } from '../config/package-version.ts';
import { commandTree } from './command-tree.ts';
import { manPage } from './man-page.ts';
import { exitCodeMeanings, wholeProgram } from './program.ts';

const nowhere = { write: (): void => undefined };

/** docs/man/regrow.1, as scripts/generate-docs writes it. */
export async function manPageOfProgram(): Promise<string> {
  const program = await wholeProgram({
    env: {},
    stdout: nowhere,
    stderr: nowhere,
    isTTY: { stdin: false, stdout: false, stderr: false },
  });
  return manPage({ tree: commandTree(program), version: await packageVersion(), exitCodes: exitCodeMeanings });
}
