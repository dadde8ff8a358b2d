/** The variables that regrow was started with. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Where the configuration lies when neither `--config` nor REGROW_CONFIG says so. */
const defaultConfigPath = '/etc/regrow/regrow.yml';

/** The process's environment: the only place of the program that reads it. */
export function processEnvironment(): Environment {
  return process.env;
}

/** The configuration file to use: the flag, then REGROW_CONFIG, then the default. */
export function configPathFrom(flag: string | undefined, env: Environment): string {
  return flag ?? nonEmpty(env['REGROW_CONFIG']) ?? defaultConfigPath;
}

/**
 * Whether colour may be used on a stream: on a terminal unless TERM=dumb, elsewhere where FORCE_COLOR demands it (0 forbids it); never when
 * NO_COLOR (no-color.org) is set.
 */
export function allowsColour(isTTY: boolean, env: Environment): boolean {
  if (nonEmpty(env['NO_COLOR']) !== undefined) return false;
  const forced = nonEmpty(env['FORCE_COLOR']);
  if (forced !== undefined) return forced !== '0' && forced !== 'false';
  return isTTY && env['TERM'] !== 'dumb';
}

function nonEmpty(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}
