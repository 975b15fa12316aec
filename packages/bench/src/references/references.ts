import type { BenchFleet } from '../bench-fleet.ts';
import { startBareArgon2 } from './bare-argon2.ts';
import { startBareExpress, type Bare } from './bare-express.ts';
import type { Reference } from './child.ts';
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
  stop: () => Promise<void>;
};

/** Starts all references beside a fleet, on the same rows. */
export async function startReferences({ fleet, company_id, as_gateway }: BenchFleet): Promise<References> {
  const { url, ownerUrl, appRole } = fleet.databases.customer;
  await copyReferenceData(ownerUrl, appRole, company_id);
  const upstream = `http://127.0.0.1:${fleet.ports.product}`;
  const gateway = {
    upstream,
    authUrl: `http://127.0.0.1:${fleet.ports.auth}`,
    serviceKey: fleet.secrets.serviceKeys.gateway,
  };
  const [pg, knex, driverLoop, argon2, fastify, fastifyWithLogger, nginx] = await Promise.all([
    startBareExpress('pg', url, company_id),
    startBareExpress('knex', url, company_id),
    startDriverLoop(url),
    startBareArgon2(),
    startFastifyGateway({ ...gateway, hasLogger: false }),
    startFastifyGateway({ ...gateway, hasLogger: true }),
    startNginx(fleet.ports.product, as_gateway),
  ]);
  return {
    pg,
    knex,
    driverLoop,
    argon2,
    fastify,
    fastifyWithLogger,
    nginx,
    stop: async () => {
      for (const reference of [pg, knex, driverLoop, argon2, fastify, fastifyWithLogger]) reference.stop();
      await nginx?.stop();
    },
  };
}
