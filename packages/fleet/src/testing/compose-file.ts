import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { repoRoot } from '../launcher/services.ts';

const File = z.object({
  services: z.record(
    z.string(),
    z.object({
      image: z.string(),
      build: z
        .object({ context: z.literal('.'), args: z.object({ PACKAGE: z.string(), PORT: z.string().optional() }) })
        .optional(),
      user: z.string().optional(),
      cpu_shares: z.int().optional(),
      restart: z.string(),
      ports: z.array(z.unknown()).optional(),
      networks: z.array(z.string()).optional(),
      network_mode: z.string().optional(),
      profiles: z.array(z.string()).optional(),
      command: z.array(z.string()).optional(),
      environment: z.record(z.string(), z.string()).optional(),
      volumes: z.array(z.string()).optional(),
      depends_on: z.record(z.string(), z.object({ condition: z.string() })).optional(),
      healthcheck: z.object({ test: z.array(z.string()).optional(), disable: z.boolean().optional() }).optional(),
      logging: z.object({ options: z.record(z.string(), z.string()) }),
    }),
  ),
  networks: z.record(z.string(), z.object({ internal: z.boolean().optional() })),
  volumes: z.record(z.string(), z.unknown()),
});

export const composeText = readFileSync(join(repoRoot, 'docker-compose.yml'), 'utf8');
export const compose = File.parse(parse(composeText, { merge: true }));
/** A container of docker-compose.yml. */
export const container = (name: string) => {
  const found = compose.services[name];
  if (!found) throw new Error(`docker-compose.yml has no ${name}`);
  return found;
};
