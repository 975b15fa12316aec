import { Agent } from 'node:http';
import type { Service } from '@clientela/contracts';
import { backoff, type Log } from '@clientela/runtime';
import type { Limits } from './limits.ts';
import { createConnections, type Connections } from './transports/connections.ts';

/** One of the processes that serve the routes of a service. */
export type Replica = {
  readonly service: Service;
  readonly url: string;
  /** Connections of requests that are sent piece by piece; those of streams are apart, so that many long ones never delay uploads. */
  readonly agents: { upload: Agent; stream: Agent };
  /** Connections of requests that are sent in one piece. */
  readonly connections: Connections;
  /** Requests sent to it whose response is not complete. */
  inFlight: number;
  /** The result of its last readiness probe; assumed ready before the first. */
  isReady: boolean;
  /** Probes in a row without a response. */
  missedProbes: number;
  /** Ejections since its last response. */
  ejections: number;
  /** Until when it is ejected, on the clock of `performance.now()`. */
  ejectedUntil: number;
};

/** `silent`: no response within the time of a probe. */
export type Probe = 'ready' | 'unready' | 'silent';

/** The replicas of one service. */
export type Replicas = {
  all: readonly Replica[];
  /**
   * Chooses the least busy replica among those that are ready and not ejected; when there is none, among all.
   * @param tried replicas that already failed for the request
   * @returns undefined when every replica was tried
   */
  choose: (tried?: ReadonlySet<Replica>) => Replica | undefined;
  /** Records a response, which ends a series of failures. */
  responded: (replica: Replica) => void;
  /** Ejects a replica after a failure, for a time that grows with each one until it responds again. */
  failed: (replica: Replica) => void;
  probed: (replica: Replica, probe: Probe) => void;
  close: () => void;
};

/** A busy replica may miss one probe. */
const maxMissedProbes = 2;

export function createReplicas(service: Service, urls: readonly string[], limits: Limits, log: Log): Replicas {
  const newAgent = () =>
    new Agent({ keepAlive: true, maxSockets: limits.maxUpstreamSockets, timeout: limits.upstreamIdleTimeout });
  const all = urls.map((url): Replica => ({
    service,
    url,
    agents: { upload: newAgent(), stream: newAgent() },
    connections: createConnections(url, limits),
    inFlight: 0,
    isReady: true,
    missedProbes: 0,
    ejections: 0,
    ejectedUntil: -Infinity,
  }));
  let rotation = 0;

  const isAvailable = (replica: Replica) => replica.isReady && performance.now() >= replica.ejectedUntil;

  /** Ties are broken by rotation. */
  const leastBusy = (candidates: readonly Replica[]): Replica | undefined => {
    const fewest = Math.min(...candidates.map(({ inFlight }) => inFlight));
    const equallyBusy = candidates.filter(({ inFlight }) => inFlight === fewest);
    rotation = (rotation + 1) % Number.MAX_SAFE_INTEGER;
    return equallyBusy[rotation % equallyBusy.length];
  };

  /** Logs a change of a replica. One alone gets every request in any case. */
  const report = (replica: Replica, message: string) => {
    if (all.length > 1) log.warn({ upstream: service, replica: new URL(replica.url).host }, message);
  };

  return {
    all,
    choose: (tried) => {
      const untried = tried ? all.filter((replica) => !tried.has(replica)) : all;
      const available = untried.filter(isAvailable);
      return leastBusy(available.length > 0 ? available : untried);
    },
    responded: (replica) => {
      replica.ejections = 0;
    },
    failed: (replica) => {
      const now = performance.now();
      // The requests that fail together with the one that ejected it are the same failure.
      if (now < replica.ejectedUntil) return;
      if (isAvailable(replica)) report(replica, 'replica failed: it gets no requests until it is ready again');
      replica.ejectedUntil =
        now + backoff(replica.ejections, { baseMs: limits.ejectionTime, maxMs: limits.maxEjectionTime });
      replica.ejections += 1;
      replica.isReady = false; // until the next probe
    },
    probed: (replica, probe) => {
      const wasReady = replica.isReady;
      replica.missedProbes = probe === 'silent' ? replica.missedProbes + 1 : 0;
      replica.isReady = probe === 'ready' || (wasReady && probe === 'silent' && replica.missedProbes < maxMissedProbes);
      if (wasReady === replica.isReady) return;
      report(replica, replica.isReady ? 'replica is ready' : 'replica is not ready: it gets no requests');
      // Closed from this side, so that no request meets a connection that a stopping replica closes.
      if (!replica.isReady) closeIdleConnections(replica);
    },
    close: () => {
      for (const { agents, connections } of all) {
        for (const agent of Object.values(agents)) agent.destroy();
        connections.close();
      }
    },
  };
}

function closeIdleConnections({ agents, connections }: Replica): void {
  connections.closeIdle();
  for (const { freeSockets } of Object.values(agents))
    for (const sockets of Object.values(freeSockets)) for (const socket of sockets ?? []) socket.destroy();
}

/** Fetches a path of a service from one replica, and from another one when that gives no response. */
export type FetchFromService = (path: string, init: RequestInit) => Promise<Response>;

/** @param replicas those of the service */
export const fetchFromReplicas =
  (replicas: Replicas): FetchFromService =>
  async (path, init) => {
    const tried = new Set<Replica>();
    for (;;) {
      const replica = replicas.choose(tried);
      if (!replica) throw new Error('every replica failed');
      tried.add(replica);
      try {
        return await fetch(new URL(path, replica.url), { redirect: 'error', ...init });
      } catch (error) {
        if (tried.size === replicas.all.length || init.signal?.aborted) throw error;
        replicas.failed(replica);
      }
    }
  };
