import { z } from 'zod';
import { configSchema } from './schema.ts';

/** The JSON Schema (2020-12) of regrow.yml as people write it: for editors, and the source of the reference page. */
export function configJsonSchema(): Readonly<Record<string, unknown>> {
  const { $schema, ...schema } = z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' });
  return {
    $schema,
    title: 'regrow.yml',
    description: 'Configuration of regrow, a pool of VMs in VMware vCenter that heals itself.',
    ...schema,
  };
}
