import type { BenchFleet } from '../bench-fleet.ts';
import { startBareArgon2 } from './bare-argon2.ts';
import { startBareExpress, type Bare } from './bare-express.ts';
import type { Reference } from './child.ts';
import { startDirectus, type Directus } from './directus.ts';
import { startDriverLoop } from './driver-loop.ts';
import { startFastifyGateway, type FastifyGateway } from './fastify-gateway.ts';
import { startNginx, type Nginx } from './nginx.ts';
import { copyReferenceData } from './reference-data.ts';

export type References = {
  pg: Bare;
  knex: Bare;
  driverLoop: Reference<object>;
  argon2: Reference<object>;
  fastify: FastifyGateway;
  fastifyWithLogger: FastifyGateway;
  nginx: Nginx | undefined;
  directus: Directus | undefined;
};

/**
 * Starts the references beside a fleet, on the same rows.
 * @param options.onShutdown receives what ends each of them
 * @param options.peer another system, which is installed first
 */
export async function startReferences(
  { fleet, company_id, as_gateway }: BenchFleet,
  { onShutdown, peer }: { onShutdown: (hook: () => Promise<void> | void) => void; peer?: 'directus' | undefined },
): Promise<References> {
  const { url, ownerUrl, appRole } = fleet.databases.customer;
  await copyReferenceData(ownerUrl, appRole, company_id);
  const upstream = `http://127.0.0.1:${fleet.ports.product}`;
  const gateway = {
    upstream,
    authUrl: `http://127.0.0.1:${fleet.ports.auth}`,
    serviceKey: fleet.secrets.serviceKeys.gateway,
  };
  const ending = async <R extends { stop: () => Promise<void> | void } | undefined>(
    starting: Promise<R>,
  ): Promise<R> => {
    const reference = await starting;
    if (reference) onShutdown(reference.stop);
    return reference;
  };
  const directus = peer && (await ending(startDirectus({ adminUrl: fleet.postgres.adminUrl ?? '', ownerUrl })));
  const [pg, knex, driverLoop, argon2, fastify, fastifyWithLogger, nginx] = await Promise.all([
    ending(startBareExpress('pg', url, company_id)),
    ending(startBareExpress('knex', url, company_id)),
    ending(startDriverLoop(url)),
    ending(startBareArgon2()),
    ending(startFastifyGateway({ ...gateway, hasLogger: false })),
    ending(startFastifyGateway({ ...gateway, hasLogger: true })),
    ending(startNginx(fleet.ports.product, as_gateway)),
  ]);
  return { pg, knex, driverLoop, argon2, fastify, fastifyWithLogger, nginx, directus };
}
