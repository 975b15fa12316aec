import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { z } from 'zod';
import { folderOf, mapKeys, type Peer, peers, repoRoot } from './services.ts';

export type ServiceConfigs = Record<Peer, z.ZodObject>;

type ConfigModule = { Config: z.ZodObject; configFor?: (env: NodeJS.ProcessEnv) => z.ZodObject };

/**
 * Loads the config schemas of the gateway and the services by path, as their processes are started by path.
 * @param env names further settings of a schema: those of each provider of sign-ins, `OIDC_<NAME>_…`
 */
export async function loadServiceConfigs(root = repoRoot, env: NodeJS.ProcessEnv = {}): Promise<ServiceConfigs> {
  const loaded = await Promise.all(
    peers.map(async (peer) => {
      const url = pathToFileURL(join(folderOf(peer, root), 'src/config.ts')).href;
      const { Config, configFor } = (await import(url)) as ConfigModule;
      return configFor?.(env) ?? Config;
    }),
  );
  return mapKeys(peers, (peer) => loaded[peers.indexOf(peer)] as z.ZodObject);
}

/** Names of the settings that each process reads. */
export const settingsOf = (configs: ServiceConfigs): Record<Peer, readonly string[]> =>
  mapKeys(peers, (peer) => Object.keys(configs[peer].shape));
