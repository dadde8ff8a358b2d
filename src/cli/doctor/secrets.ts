import { z } from 'zod';
import type { Environment } from '../../config/environment.ts';
import type { Config } from '../../config/schema.ts';
import { configuredSecrets } from '../../config/secret-refs.ts';
import { resolveSecret, SecretLiteral, type SecretRef } from '../../config/secret.ts';
import { RegrowError } from '../../errors.ts';
import { fail, ok, warn, type Finding } from './finding.ts';

/** Whether every configured secret can be read here. Never shows one. */
export async function secretFindings(config: Config, env: Environment): Promise<readonly Finding[]> {
  return Promise.all(
    configuredSecrets(config).map(({ path, source }) => secretFinding(z.core.toDotPath(path), source, env)),
  );
}

async function secretFinding(item: string, ref: SecretRef, env: Environment): Promise<Finding> {
  if (ref instanceof SecretLiteral) {
    return warn(item, 'written into the configuration itself', 'use {file: /path} or {env: NAME}');
  }
  try {
    await resolveSecret(ref, env);
    return ok(item, 'env' in ref ? `from the environment variable ${ref.env}` : `from ${ref.file}`);
  } catch (error) {
    if (!(error instanceof RegrowError)) throw error;
    return fail(item, error.message, error.remedy ?? '');
  }
}
