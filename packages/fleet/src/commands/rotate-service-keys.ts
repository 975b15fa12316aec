import { readCommandLine } from '@clientela/runtime';
import { openSecrets, rotateServiceKeys } from '../launcher/secrets.ts';
import { peers } from '../launcher/services.ts';
import { installationFolder, runAdminCommand } from './admin-command.ts';

readCommandLine(`Usage: npm run rotate-service-keys
Replaces the keys between services from the next start on. The previous ones stay valid until the next rotation.`);

await runAdminCommand(async (settings) => {
  openSecrets(installationFolder, settings);
  const rotated = peers.filter((peer) => settings.serviceKeys[peer] === undefined);
  rotateServiceKeys(installationFolder, rotated);
  process.stdout.write(
    `${rotated.length} processes have a new service key, used from the next start. The previous keys stay valid until the next rotation.\n`,
  );
  const configured = peers.filter((peer) => !rotated.includes(peer));
  if (configured.length > 0)
    process.stdout.write(`The keys of ${configured.join(', ')} come from the settings: change them there.\n`);
});
