import { join } from 'node:path';
import { environment } from '@clientela/runtime';
import { folder } from './service-databases.ts';
import { openSecrets, rotateServiceKeys } from '../launcher/secrets.ts';
import { peers, repoRoot } from '../launcher/services.ts';
import { readSettings } from '../launcher/settings.ts';

try {
  const settings = readSettings(environment(join(repoRoot, '.env')));
  openSecrets(folder, settings);
  const kept = peers.filter((program) => settings.service_keys[program] === undefined);
  rotateServiceKeys(folder, kept);
  const given = peers.filter((program) => !kept.includes(program));
  process.stdout.write(
    `${kept.length} programs have a new service key from the next start on; until the next rotation the ones before are good too.\n`,
  );
  if (given.length > 0)
    process.stdout.write(`Those of ${given.join(', ')} are given by the settings: change them there.\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : 'It failed.'}\n`);
  process.exitCode = 1;
}
