import { Port, readCommandLine, readEnvironment, runCommand } from '@clientela/runtime';
import { z } from 'zod';
import { createDatabase, migrateDatabase } from '../launcher/databases.ts';
import { type Service, services } from '../launcher/services.ts';
import { adminUrl } from '../launcher/settings.ts';

const passwordNames = services.flatMap((service) => [
  `${service.toUpperCase()}_OWNER_PASSWORD`,
  `${service.toUpperCase()}_APP_PASSWORD`,
]);

/** The settings of this one-shot process: the server, the role that creates databases, and the passwords of the roles it creates. */
export const Config = z.object({
  POSTGRES_HOST: z.string(),
  POSTGRES_PORT: Port.default(5432),
  POSTGRES_USER: z.string(),
  POSTGRES_PASSWORD: z.string(),
  ...Object.fromEntries(passwordNames.map((name) => [name, z.string()])),
});

/** Creates the five databases with their roles on a server dedicated to this installation, and migrates them. */
async function migrateAll(env: NodeJS.ProcessEnv): Promise<void> {
  const {
    POSTGRES_HOST: host,
    POSTGRES_PORT: port,
    POSTGRES_USER: user,
    POSTGRES_PASSWORD: password,
    ...passwords
  } = readEnvironment(Config, env);
  const server = adminUrl({ host, port: String(port), user, password });
  const passwordOf = (service: Service, role: 'OWNER' | 'APP') =>
    String((passwords as Record<string, unknown>)[`${service.toUpperCase()}_${role}_PASSWORD`]);
  await Promise.all(
    services.map(async (service) => {
      const roles = { owner: passwordOf(service, 'OWNER'), app: passwordOf(service, 'APP') };
      const database = await createDatabase(server, service, roles, { isDedicatedServer: true });
      const migrations = await migrateDatabase(database, service);
      process.stdout.write(`${service}: ${migrations.length} new migration${migrations.length === 1 ? '' : 's'}\n`);
    }),
  );
}

if (import.meta.main) {
  readCommandLine(`Usage: node src/commands/migrate.ts
Creates the five databases with their roles on the server of POSTGRES_HOST, and migrates them.`);
  await runCommand(() => migrateAll(process.env), describe);
}

function describe(error: unknown): string {
  return `The databases could not be set up: ${error instanceof Error ? error.message : 'unknown error'}`;
}
