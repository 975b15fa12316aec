import { demoProducts } from '@clientela/fleet';
import pg from 'pg';
import type { BenchFleet } from './bench-fleet.ts';
import { signInCredentials, type BenchContext } from './cases.ts';
import { loadCustomers } from './customers-data.ts';
import { startGenerator } from './open-loop.ts';
import { startReferences } from './references/references.ts';
import { openSettling } from './settle.ts';
import { sendOnce } from './sides.ts';
import { openStatementLog } from './statements.ts';

/**
 * Loads records into a fleet and starts everything that the cases need.
 * @param amount customers of the largest company
 * @param onShutdown receives what ends it again
 * @param peer another system to measure beside the references
 */
export async function prepareContext(
  benchFleet: BenchFleet,
  amount: number,
  onShutdown: (hook: () => Promise<void> | void) => void,
  peer?: 'directus',
): Promise<BenchContext> {
  const { fleet, bearer, company_id } = benchFleet;
  const { ownerUrl } = fleet.databases.customer;
  await loadCustomers(ownerUrl, company_id, () => {}, { want: amount, companies: 10 });
  const anonymous = {};
  const { gateway } = fleet.ports;
  const company = { ...signInCredentials, name: 'Bench', company_name: 'Sign-ins' };
  await sendOnce(gateway, anonymous, { method: 'POST', path: '/auth/register', body: company });
  for (let copy = 0; copy < 3; copy += 1) {
    for (const product of demoProducts) {
      const body = { ...product, sku: `${product.sku}-${copy}` };
      await sendOnce(gateway, bearer, { method: 'POST', path: '/api/products', body });
    }
  }
  const settling = await openSettling(fleet);
  onShutdown(settling.close);
  await settling.settle();
  const statements = await openStatementLog(fleet.postgres.adminUrl ?? '');
  onShutdown(statements.close);
  const references = await startReferences(benchFleet, { onShutdown, peer });
  const generator = await startGenerator({ isNiced: true });
  onShutdown(generator.stop);
  return {
    benchFleet,
    generator,
    settling,
    statements,
    references,
    customers: await rowsOf(fleet.databases.customer.ownerUrl, 'customers', company_id),
    products: await rowsOf(fleet.databases.product.ownerUrl, 'products', company_id),
  };
}

async function rowsOf(ownerUrl: string, name: 'customers' | 'products', company_id: string) {
  const owner = new pg.Client({ connectionString: ownerUrl });
  await owner.connect();
  const { rows } = await owner.query<{ id: string; number: number }>(
    `select id, number::float8 as number from ${name} where company_id = $1 and ${name === 'customers' ? 'deleted_at is null' : 'is_active'} order by number limit 5000`,
    [company_id],
  );
  await owner.end();
  return rows;
}
