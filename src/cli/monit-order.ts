import { Option } from 'commander';

/** `--from-monit`, of the commands that Monit's files call: an order of Monit is no person's, and approves of nothing. */
export function fromMonit(): Option {
  return new Option('--from-monit', 'Monit orders it, not a person: it is no approval').conflicts('force');
}

/** Keeps the reason within what a journal and an order take. */
const longestReason = 500;

/** Why Monit orders it, as Monit itself tells a program that it runs. */
export function monitReason(env: Readonly<Record<string, string | undefined>>): string {
  const said = [env['MONIT_SERVICE'], env['MONIT_DESCRIPTION']].filter((each) => each !== undefined && each !== '');
  return said.length === 0
    ? 'Monit'
    : said
        .join(': ')
        .replaceAll(/\p{Cc}+/gu, ' ')
        .slice(0, longestReason);
}
