import type { Request } from 'express';
import type { Service } from '@clientela/contracts';
import type { Limits } from '../limits.ts';
import type { Replica, Replicas } from '../replicas.ts';
import type { Route } from '../upstreams.ts';
import { isWhole, sendWhole } from './json-transport.ts';
import { createStreamTransport } from './stream-transport.ts';
import type { Send } from './transport.ts';

/** Chooses how a request is sent: ordinary ones in one piece, uploads and streams piece by piece. */
export function createTransports(
  services: ReadonlyMap<Service, Replicas>,
  limits: Limits,
): { choose: (req: Request, route: Route) => Send } {
  const replicas = [...services.values()].flatMap(({ all }) => all);
  const proxies = new Map(
    replicas.map((replica) => {
      const { agents, url } = replica;
      const [upload, stream] = [agents.upload, agents.stream].map((agent) => createStreamTransport(url, agent, limits));
      return [replica, { upload, stream }] as const;
    }),
  );
  const sendStream =
    (kind: 'upload' | 'stream'): Send =>
    (replica, req, res, next) =>
      void proxies.get(replica)?.[kind]?.(req, res, next);
  const stream = sendStream('stream');
  const upload = sendStream('upload');
  return {
    choose: (req, route) => {
      if (route.kind === 'stream') return stream;
      if (route.kind !== 'json' || !isWhole(req)) return upload;
      return (replica: Replica, request, res) => {
        const { upstream } = res.locals;
        if (upstream) sendWhole(replica.connections, request, upstream, route.body_limit);
      };
    },
  };
}
