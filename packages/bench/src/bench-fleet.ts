import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { locatePostgres } from '@clientela/embedded-postgres';
import { demoClient, demoCustomers, demoProducts, type Fleet, startFleet } from '@clientela/fleet';

/** A running fleet with a company and its records. */
export type BenchFleet = {
  fleet: Fleet;
  company_id: string;
  customer_id: string;
  product_id: string;
  /** Headers of a signed-in user, for the gateway. */
  bearer: Record<string, string>;
  /** Headers that the gateway would send for that user, for a service's own port. */
  as_gateway: Record<string, string>;
  end(): Promise<void>;
};

/** Limits that are on, and that no benchmark reaches. */
export const highLimits = {
  RATE_LIMITS: 'on',
  RATE_LIMIT_IP_PER_MINUTE: '1000000',
  RATE_LIMIT_IP_PER_HOUR: '1000000',
  RATE_LIMIT_USER_PER_MINUTE: '1000000',
  RATE_LIMIT_USER_PER_HOUR: '1000000',
  LOGIN_RATE: '900000/minute',
  CUSTOMER_PATCH_RATE: '900000/minute',
  MAX_CONCURRENT_PER_USER: '1000',
  MAX_CONCURRENT_PER_COMPANY: '1000',
  MAX_CONCURRENT_PER_IP: '1000',
};

/**
 * Starts a fleet for a benchmark.
 * @param keptFolder a folder that is kept with its data for the next run; by default a temporary one is removed at the end
 * @param options.env further settings; by default without rate limits
 * @param options.repoRoot another checkout whose services run
 * @param options.gatewayFirst whether the gateway has the CPU first, as with `npm start`
 */
export async function startBenchFleet(
  signal: AbortSignal,
  keptFolder?: string,
  options: { env?: Record<string, string>; repoRoot?: string; gatewayFirst?: boolean } = {},
): Promise<BenchFleet> {
  if (keptFolder) mkdirSync(keptFolder, { recursive: true });
  const folder = keptFolder ? resolve(keptFolder) : mkdtempSync(join(tmpdir(), 'clientela-bench-'));
  const { dataHome } = await locatePostgres(folder);
  const removeAll = () => {
    if (!keptFolder) [folder, dataHome].forEach((path) => rmSync(path, { recursive: true, force: true }));
  };
  try {
    const fleet = await startFleet({
      folder,
      env: { LOG_FORMAT: 'json', ACCESS_TOKEN_EXPIRE_MINUTES: '1440', ...(options.env ?? { RATE_LIMITS: 'off' }) },
      freePorts: true,
      signal,
      gatewayFirst: options.gatewayFirst ?? false,
      ...(options.repoRoot && { repoRoot: options.repoRoot }),
    });
    const end = async () => {
      await fleet.stop();
      removeAll();
    };
    return {
      fleet,
      end,
      ...(await openRecords(fleet, folder).catch((error: unknown) => end().then(() => Promise.reject(error)))),
    };
  } catch (error) {
    removeAll();
    throw error;
  }
}

type Records = { company_id: string; user_id: string; customer_id: string; product_id: string };
export const credentials = { email: 'bench@example.com', password: 'a password for the bench' };

async function openRecords({ url, secrets }: Fleet, folder: string) {
  const file = join(folder, 'bench.json');
  if (!existsSync(file)) writeFileSync(file, JSON.stringify(await createRecords(url)));
  const { user_id, ...ids } = JSON.parse(readFileSync(file, 'utf8')) as Records;
  const { access_token } = (await demoClient(url)('POST', '/auth/login', credentials)) as { access_token: string };
  return {
    ...ids,
    bearer: { Authorization: `Bearer ${access_token}` },
    as_gateway: {
      'X-Service-Key': secrets.serviceKeys.gateway,
      'X-User-Id': user_id,
      'X-User-Role': 'admin',
      'X-Company-Id': ids.company_id,
      'X-Session-Id': user_id,
      'X-Request-Id': 'bench-request-0001',
      'X-Client-Ip': '127.0.0.1',
    },
  };
}

async function createRecords(url: string): Promise<Records> {
  const anonymous = demoClient(url);
  await anonymous('POST', '/auth/register', { ...credentials, name: 'Bench', company_name: 'Bench' });
  const { access_token, user } = (await anonymous('POST', '/auth/login', credentials)) as {
    access_token: string;
    user: { id: string; business_id: string };
  };
  const send = demoClient(url, access_token);
  const { customer } = (await send('POST', '/api/customers', demoCustomers(1)[0])) as { customer: { id: string } };
  const { product } = (await send('POST', '/api/products', demoProducts[0])) as { product: { id: string } };
  return { company_id: user.business_id, user_id: user.id, customer_id: customer.id, product_id: product.id };
}
