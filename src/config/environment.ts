/** The variables that regrow was started with. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Where the configuration lies when neither `--config` nor REGROW_CONFIG says so. */
export const defaultConfigPath = '/etc/regrow/regrow.yml';

/** The process's environment: the only place of the program that reads it. */
export function processEnvironment(): Environment {
  return process.env;
}

/** The configuration file to use: the flag, then REGROW_CONFIG, then the default. */
export function configPathFrom(flag: string | undefined, env: Environment): string {
  return flag ?? nonEmpty(env['REGROW_CONFIG']) ?? defaultConfigPath;
}

/** Whether colour may be used on a stream: only on a terminal, and not when NO_COLOR (no-color.org) or TERM=dumb forbids it. */
export function allowsColour(isTTY: boolean, env: Environment): boolean {
  return isTTY && nonEmpty(env['NO_COLOR']) === undefined && env['TERM'] !== 'dumb';
}

function nonEmpty(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}
