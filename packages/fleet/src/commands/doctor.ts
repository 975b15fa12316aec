import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { folderOf, services, type Service } from '../launcher/services.ts';
import { runAdminCommand, scriptEnv } from './admin-command.ts';
import { withDatabases } from './service-databases.ts';

// Lists what needs a person. Exits with 0 when there is nothing, with 1 when there are findings. Changes nothing.

/**
 * Runs a service's doctor script.
 * @returns its findings
 * @throws Error with the script's reason when it could not look
 */
async function findingsOf(service: Service, databaseUrl: string): Promise<string[]> {
  const env = scriptEnv({ [`${service.toUpperCase()}_DATABASE_URL`]: databaseUrl });
  const cwd = folderOf(service);
  const child = spawn(process.execPath, [join(cwd, 'src/doctor.ts')], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  if (stderr) throw new Error(`${service}: ${stderr.trim()}`);
  return stdout.split('\n').filter((line) => line);
}

await runAdminCommand((settings) =>
  withDatabases(settings, services, async (urls) => {
    const findings = await Promise.all(
      services.map(async (service, index) =>
        (await findingsOf(service, urls[index] ?? '')).map((finding) => `${service}: ${finding}`),
      ),
    );
    process.stdout.write(`${findings.flat().join('\n') || 'No findings'}\n`);
    if (findings.flat().length > 0) process.exitCode = 1;
  }),
);
