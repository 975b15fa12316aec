import { databaseName, type Service } from '@clientela/fleet';
import { credentials, type BenchFleet } from './bench-fleet.ts';
import { cpuTime, treeCpuTime } from './cpu.ts';
import { postgres, type BenchCase, type Run, type Side, type StatementCount } from './measure.ts';
import type { Generator } from './open-loop.ts';
import { directusVersion, toDirectus } from './references/directus.ts';
import type { References } from './references/references.ts';
import { closedLoop, groupsOf, nextNumber, sendOnce, type Headers, type MakeRequest } from './sides.ts';
import type { Settling } from './settle.ts';
import type { StatementLog } from './statements.ts';

/** What the cases are made of. */
export type BenchContext = {
  benchFleet: BenchFleet;
  generator: Generator;
  settling: Settling;
  statements: StatementLog;
  references: References;
  /** Loaded records. */
  customers: readonly { id: string; number: number }[];
  products: readonly { id: string; number: number }[];
};

/** A case by name, made when it is its turn. */
export type CaseFactory = { name: string; service: Service; make: () => Promise<BenchCase> };

export const hopCase = 'gateway hop';
export const throughGateway = 'through the gateway';
export const atService = 'at the service';

export function newCustomer(n: number): Record<string, unknown> {
  return {
    firstname: 'Amelia',
    lastname: `Serrano Vidal`,
    email: `amelia.serrano${process.pid}x${n}@example.com`,
    phone: `+3471${String((process.pid * 7919 + n) % 10_000_000).padStart(7, '0')}`, // loaded customers have none of these
  };
}

export function cases(context: BenchContext): CaseFactory[] {
  const { benchFleet, generator, settling, references, customers, products } = context;
  const { fleet, bearer, as_gateway } = benchFleet;
  const at = <T>(list: readonly T[], n: number): T => list[n % list.length] as T;
  const {
    'X-User-Id': _id,
    'X-User-Role': _role,
    'X-Company-Id': _company,
    'X-Session-Id': _session,
    ...anonymous
  } = as_gateway;

  const side = (
    name: string,
    service: Service,
    request: MakeRequest,
    { isOpen = false, hasEffects = request(0).method !== 'GET' } = {},
  ): Side => {
    const isThrough = name === throughGateway;
    const headers: Headers = isThrough ? (isOpen ? {} : bearer) : isOpen ? anonymous : as_gateway;
    const target = { port: isThrough ? fleet.ports.gateway : fleet.ports[service], headers, request };
    return {
      name,
      run: (seconds) => closedLoop(generator, target, seconds),
      groups: groupsOf(benchFleet, service, { gateway: isThrough, others: hasEffects }),
      ...(hasEffects && { settle: settling.settle }),
    };
  };
  const both = (service: Service, request: MakeRequest, options = {}): Side[] =>
    [throughGateway, atService].map((name) => side(name, service, request, options));

  const bare = (name: 'pg' | 'knex', request: MakeRequest): Side => {
    const { pid, ready } = references[name];
    const target = { port: ready.port, headers: {}, request };
    return {
      name: name === 'pg' ? 'bare Express + pg' : 'bare Express + Knex',
      run: (seconds) => closedLoop(generator, target, seconds),
      groups: { service: () => cpuTime(pid), [postgres]: () => treeCpuTime(fleet.postgres.pid() ?? 0) },
      against: atService,
    };
  };

  /** Another system with the same rows, when it was asked for: its own history, permissions and limits are on. */
  const peer = (request: MakeRequest): Side[] => {
    const { directus } = references;
    if (!directus) return [];
    const { pid, port, headers } = directus;
    const target = { port, headers, request: (n: number) => toDirectus(request(n)) };
    return [
      {
        name: `Directus ${directusVersion}`,
        run: (seconds) => closedLoop(generator, target, seconds),
        groups: { service: () => treeCpuTime(pid), [postgres]: () => treeCpuTime(fleet.postgres.pid() ?? 0) },
        against: throughGateway,
      },
    ];
  };

  /**
   * The driver in a loop on the last named statement that the request sends: as often as it can, and as often as the service did just
   * before. PostgreSQL spends more on each of few statements, because its processes sleep in between.
   * @param rate of the service's last run, in requests a second
   */
  const driverLoops = async (service: Service, request: MakeRequest, rate: () => number): Promise<Side[]> => {
    const found = await context.statements.find(databaseName(service), async () => {
      await sendOnce(fleet.ports[service], as_gateway, request(nextNumber()));
    });
    const statement = found.at(-1);
    if (!statement) throw new Error('the request sends no statement with values');
    const { pid, ask } = references.driverLoop;
    const groups = { service: () => cpuTime(pid), [postgres]: () => treeCpuTime(fleet.postgres.pid() ?? 0) };
    const loop = (name: string, run: Side['run']): Side => ({ name, run, groups, against: atService });
    return [
      loop('driver loop, the same statement', (seconds) => ask<Run>({ statement, seconds })),
      loop('driver loop, at the rate of the service', (seconds) => ask<Run>({ statement, seconds, rate: rate() })),
    ];
  };

  const count = (service: Service, request: MakeRequest, headers: Headers = as_gateway): Promise<StatementCount> =>
    context.statements.count(
      databaseName(service),
      async () => void (await sendOnce(fleet.ports[service], headers, request(nextNumber()))),
      settling.settle,
    );

  /** A case of ours, without references. */
  const own = (
    name: string,
    service: Service,
    request: MakeRequest,
    options: { isOpen?: boolean } = {},
  ): CaseFactory => ({
    name,
    service,
    make: async () => ({
      name,
      sides: both(service, request, options),
      statements: await count(service, request, options.isOpen ? anonymous : as_gateway),
    }),
  });
  /** A case with bare references. */
  const compared = (name: string, request: MakeRequest, { hasDriverLoops = false } = {}): CaseFactory => ({
    name,
    service: 'customer',
    make: async () => {
      let rate = Infinity;
      const rated = (side: Side): Side => ({
        ...side,
        run: async (seconds) => {
          const run = await side.run(seconds);
          if (side.name === atService) rate = run.requests / run.seconds;
          return run;
        },
      });
      const ours = both('customer', request).map(rated);
      const loops = hasDriverLoops ? await driverLoops('customer', request, () => rate) : [];
      const sides = [...ours, bare('pg', request), bare('knex', request), ...loops, ...peer(request)];
      return { name, sides, statements: await count('customer', request) };
    },
  });

  const get: MakeRequest = (n) => ({ method: 'GET', path: `/api/customers/${at(customers, n).id}` });
  const list: MakeRequest = () => ({ method: 'GET', path: '/api/customers?per_page=20' });
  const create: MakeRequest = (n) => ({ method: 'POST', path: '/api/customers', body: newCustomer(n) });
  const patch: MakeRequest = (n) => ({
    method: 'PATCH',
    path: `/api/customers/${at(customers, n * 37).id}`,
    body: { lastname: `Serrano ${String.fromCodePoint(65 + (n % 26))}${String.fromCodePoint(97 + ((n >> 5) % 26))}` },
  });
  const signIn = credentialsOf(context);

  return [
    {
      name: hopCase,
      service: 'product',
      make: async () => ({
        name: hopCase,
        sides: await hopSides(context, (n) => ({ method: 'GET', path: `/api/products/${at(products, n).id}` })),
        note: 'Node is the time of the gateway alone. Limits, deadlines, load shedding and the log line are on.',
      }),
    },
    {
      name: 'API key',
      service: 'product',
      make: async () => ({
        name: 'API key',
        sides: await apiKeySides(context, (n) => ({ method: 'GET', path: `/api/products/${at(products, n).id}` })),
        note: 'Node is the time of the gateway alone. Both are remembered, and counted by the limit of their owner.',
      }),
    },
    compared('get', get, { hasDriverLoops: true }),
    compared('list of 20', list, { hasDriverLoops: true }),
    compared('create', create),
    compared('patch', patch),
    own('search', 'customer', (n) => ({
      method: 'GET',
      path: `/api/customers/search?q=${encodeURIComponent(at(['garcia', 'petrova', 'ana', 'zoe', 'example.com'], n))}`,
    })),
    own('favorites list', 'favorites', (n) => ({
      method: 'GET',
      path: `/api/favorites?user_id=${at(customers, n).number}`,
    })),
    own('favorites POST', 'favorites', (n) => ({
      method: 'POST',
      path: '/api/favorites',
      body: {
        user_id: at(customers, Math.floor(n / products.length)).number,
        item_id: at(products, n).number,
      },
    })),
    own('product list', 'product', () => ({ method: 'GET', path: '/api/products' })),
    own('interaction create', 'interaction', (n) => ({
      method: 'POST',
      path: `/api/customers/${at(customers, n * 17).id}/interactions`,
      body: { type: 'call', notes: 'Asked about the delivery of the last order' },
    })),
    {
      name: 'sign-in',
      service: 'auth',
      make: async () => ({
        name: 'sign-in',
        sides: [
          ...both('auth', signIn, { isOpen: true, hasEffects: false }),
          {
            name: 'bare argon2',
            run: (seconds) => references.argon2.ask<Run>({ seconds }),
            groups: { service: () => cpuTime(references.argon2.pid) },
            against: atService,
          },
        ],
        note: 'A sign-in has no effect in other services, so their time is not counted: Node at the service is the time of auth alone.',
        statements: await count('auth', signIn, anonymous),
      }),
    },
    {
      name: 'refresh',
      service: 'auth',
      make: () => refreshCase(context, side(atService, 'auth', signIn, { isOpen: true }), anonymous),
    },
  ];
}

const credentialsOf =
  (_context: BenchContext): MakeRequest =>
  () => ({ method: 'POST', path: '/auth/login', body: signInCredentials });
export const signInCredentials = { email: 'sign-in@example.com', password: credentials.password };

/** The same request with an API key and with an access token. */
async function apiKeySides({ benchFleet, generator }: BenchContext, request: MakeRequest): Promise<Side[]> {
  const { fleet, bearer } = benchFleet;
  const port = fleet.ports.gateway;
  const body = { name: 'Bench', role: 'viewer' };
  const { key } = (await sendOnce(port, bearer, { method: 'POST', path: '/api/v1/api-keys', body })) as { key: string };
  const withHeaders = (name: string, headers: Headers): Side => ({
    name,
    run: (seconds) => closedLoop(generator, { port, headers, request }, seconds),
    groups: { gateway: () => cpuTime(fleet.pid('gateway') ?? 0) },
    sample: () => sendOnce(port, headers, request(0)),
  });
  return [withHeaders('with an API key', { Authorization: `Bearer ${key}` }), withHeaders('with a token', bearer)];
}

/** Ours and the gateways that people build, in front of the same service. The time of the service is not counted. */
async function hopSides({ benchFleet, generator, references }: BenchContext, request: MakeRequest): Promise<Side[]> {
  const { fleet, bearer, as_gateway } = benchFleet;
  const hop = (name: string, port: number, time: () => number, headers: Headers): Side => ({
    name,
    run: (seconds) => closedLoop(generator, { port, headers, request }, seconds),
    groups: { gateway: time },
    sample: () => sendOnce(port, headers, request(0)),
  });
  const { fastify, fastifyWithLogger, nginx } = references;
  return [
    hop(throughGateway, fleet.ports.gateway, () => cpuTime(fleet.pid('gateway') ?? 0), bearer),
    hop('Fastify http-proxy, remembered tokens', fastify.ready.port, () => cpuTime(fastify.pid), bearer),
    hop('the same with its logger', fastifyWithLogger.ready.port, () => cpuTime(fastifyWithLogger.pid), bearer),
    ...(nginx ? [hop('nginx', nginx.port, () => treeCpuTime(nginx.pid), as_gateway)] : []),
  ];
}

/** Sessions that renew their tokens one after the other, because each token is good once. */
async function refreshCase(context: BenchContext, service: Side, headers: Headers): Promise<BenchCase> {
  const { auth } = context.benchFleet.fleet.ports;
  const tokens = await Promise.all(
    Array.from({ length: 8 }, async () => {
      const session = (await sendOnce(auth, headers, credentialsOf(context)(0))) as { refresh_token: string };
      return { value: session.refresh_token };
    }),
  );
  const renew = async (token: { value: string }) => {
    const body = { refresh_token: token.value };
    const renewed = (await sendOnce(auth, headers, { method: 'POST', path: '/auth/refresh', body })) as {
      refresh_token: string;
    };
    token.value = renewed.refresh_token;
  };
  const run = async (seconds: number): Promise<Run> => {
    const startedAt = performance.now();
    const elapsed = () => (performance.now() - startedAt) / 1000;
    const durations: number[] = [];
    const repeat = async (token: { value: string }) => {
      while (elapsed() < seconds) {
        const sentAt = performance.now();
        await renew(token);
        durations.push(performance.now() - sentAt);
      }
    };
    await Promise.all(tokens.map(repeat));
    return { requests: durations.length, seconds: elapsed(), durations };
  };
  const [first] = tokens;
  const statements = await context.statements.count(
    databaseName('auth'),
    async () => {
      if (first) await renew(first);
    },
    context.settling.settle,
  );
  return { name: 'refresh', sides: [{ ...service, run }], statements };
}
