import { EnvironmentError, Port, readEnvironment } from '@clientela/runtime';
import { z } from 'zod';
import { makeDatabase, migrateDatabase } from '../launcher/databases.ts';
import { type Service, services } from '../launcher/services.ts';
import { adminUrl } from '../launcher/settings.ts';

const passwords = services.flatMap((service) => [
  `${service.toUpperCase()}_OWNER_PASSWORD`,
  `${service.toUpperCase()}_APP_PASSWORD`,
]);

/** What the one-shot program reads: the server, the role that makes databases there, and the passwords of those that it makes. */
export const Config = z.object({
  POSTGRES_HOST: z.string(),
  POSTGRES_PORT: Port.default(5432),
  POSTGRES_USER: z.string(),
  POSTGRES_PASSWORD: z.string(),
  ...Object.fromEntries(passwords.map((name) => [name, z.string()])),
});

/** Makes the five databases with their roles on a server that is this installation's alone, and brings them up to date. */
async function migrateAll(env: NodeJS.ProcessEnv): Promise<void> {
  const {
    POSTGRES_HOST: host,
    POSTGRES_PORT: port,
    POSTGRES_USER: user,
    POSTGRES_PASSWORD: password,
    ...rest
  } = readEnvironment(Config, env);
  const given: Readonly<Record<string, unknown>> = rest;
  const admin_url = adminUrl({ host, port: String(port), user, password });
  const passwordOf = (service: Service, role: 'OWNER' | 'APP') =>
    String(given[`${service.toUpperCase()}_${role}_PASSWORD`]);
  await Promise.all(
    services.map(async (service) => {
      const roles = { owner: passwordOf(service, 'OWNER'), app: passwordOf(service, 'APP') };
      const done = await migrateDatabase(await makeDatabase(admin_url, service, roles, { own_server: true }), service);
      process.stdout.write(`${service}: ${done.length} new migration${done.length === 1 ? '' : 's'}\n`);
    }),
  );
}

if (import.meta.main) {
  try {
    await migrateAll(process.env);
  } catch (error) {
    const sentence = error instanceof EnvironmentError || error instanceof Error ? error.message : 'failed';
    process.stderr.write(`The databases could not be set up: ${sentence}\n`);
    process.exitCode = 1;
  }
}
