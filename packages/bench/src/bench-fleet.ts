import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { locatePostgres } from '@clientela/embedded-postgres';
import { demoClient, demoCustomers, demoProducts, type Fleet, startFleet } from '@clientela/fleet';

/** A street as users have it, and one company's records in it. */
export type BenchStreet = {
  fleet: Fleet;
  company_id: string;
  customer_id: string;
  product_id: string;
  /** For the gateway: a signed-in user. */
  bearer: Record<string, string>;
  /** For a service's own port: what the gateway would send for that user. */
  as_gateway: Record<string, string>;
  end(): Promise<void>;
};

/** @param kept a folder that stays with all that was loaded, for the next run; left out: one that is removed at the end */
export async function benchStreet(signal: AbortSignal, kept?: string): Promise<BenchStreet> {
  if (kept) mkdirSync(kept, { recursive: true });
  const folder = kept ? resolve(kept) : mkdtempSync(join(tmpdir(), 'clientela-bench-'));
  const { home } = await locatePostgres(folder);
  const removeAll = () => {
    if (!kept) [folder, home].forEach((path) => rmSync(path, { recursive: true, force: true }));
  };
  try {
    const fleet = await startFleet({ folder, env: { RATE_LIMITS: 'off' }, free_ports: true, signal });
    const end = async () => {
      await fleet.stop();
      removeAll();
    };
    return {
      fleet,
      end,
      ...(await records(fleet, folder).catch((error: unknown) => end().then(() => Promise.reject(error)))),
    };
  } catch (error) {
    removeAll();
    throw error;
  }
}

type Records = { company_id: string; user_id: string; customer_id: string; product_id: string };
const sign = { email: 'bench@example.com', password: 'a password for the bench' };

async function records({ url, secrets }: Fleet, folder: string) {
  const file = join(folder, 'bench.json');
  if (!existsSync(file)) writeFileSync(file, JSON.stringify(await made(url)));
  const { user_id, ...ids } = JSON.parse(readFileSync(file, 'utf8')) as Records;
  const { access_token } = (await demoClient(url)('POST', '/auth/login', sign)) as { access_token: string };
  return {
    ...ids,
    bearer: { Authorization: `Bearer ${access_token}` },
    as_gateway: {
      'X-Service-Key': secrets.service_keys.gateway,
      'X-User-Id': user_id,
      'X-User-Role': 'admin',
      'X-Company-Id': ids.company_id,
      'X-Session-Id': user_id,
      'X-Request-Id': 'bench-request-0001',
      'X-Client-Ip': '127.0.0.1',
    },
  };
}

async function made(url: string): Promise<Records> {
  const open = demoClient(url);
  await open('POST', '/auth/register', { ...sign, name: 'Bench', company_name: 'Bench' });
  const { access_token, user } = (await open('POST', '/auth/login', sign)) as {
    access_token: string;
    user: { id: string; business_id: string };
  };
  const send = demoClient(url, access_token);
  const { customer } = (await send('POST', '/api/customers', demoCustomers(1)[0])) as { customer: { id: string } };
  const { product } = (await send('POST', '/api/products', demoProducts[0])) as { product: { id: string } };
  return { company_id: user.business_id, user_id: user.id, customer_id: customer.id, product_id: product.id };
}
