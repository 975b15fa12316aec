import { expect } from 'vitest';
import type { Staff } from './console-test.ts';

/** An address of the console, and the heading by which it is known to be there. */
export type ScreenAddress = readonly [path: string, heading: string | RegExp];

/** The screens for people who are not signed in. */
export const openScreens = [
  'sign-in',
  'sign-in/return#error=OIDC_NO_USER',
  'forgot',
  'reset#token=x',
  'reset',
  'invite',
  'verify',
  'change-email',
];

/** Every screen of the frame for the admin of a company. A new screen enters its address here. */
export const framedScreens: readonly ScreenAddress[] = [
  ['/console/customers', 'Customers'],
  ['/console/complaints', 'Complaints'],
  ['/console/import', 'Import'],
  ['/console/products', 'Products'],
  ['/console/analytics', 'Analytics'],
  ['/console/team', 'Team'],
  ['/console/team/roles', 'Roles'],
  ['/console/me', 'Your account'],
  ['/console/keys', 'Keyboard shortcuts'],
  ['/console/developers/keys', 'API keys'],
  ['/console/audit', 'Audit log'],
  ['/console/events/failed', 'Failed events'],
  ['/console/settings', 'Company'],
  ['/console/nowhere', 'There is nothing here'],
  ['/console', /Ana Prieto$/],
];

/** What a superuser sees besides, with and without a company to act in. */
export const superuserScreens: readonly ScreenAddress[] = [
  ['/console/companies', 'Companies'],
  ['/console/customers', /^(?:Customers|Company you act in)$/],
];

/** The tabs of a customer's page beside the first. */
export const customerTabs = 'interactions,transactions,notes,favorites,history,orders,complaints,privacy'.split(',');

/** Creates a record of each kind. @returns their screens, that of a customer first */
export async function createRecordScreens(staff: Staff): Promise<[customer: ScreenAddress, ...ScreenAddress[]]> {
  const { customer } = (await staff.post('/api/customers', { full_name: 'Bruno Sosa' })).body;
  const { product } = (await staff.post('/api/products', { name: 'Reading glasses', price: '10.00' })).body;
  const form = new FormData();
  form.append('file', new Blob(['full_name,email\nIon Rusu,ion@example.com\n,not an address\n']), 'people.csv');
  const { id } = (await staff.post('/api/customers/imports', form)).body.import;
  const read = async () => (await staff.get(`/api/customers/imports/${id}`)).body.import;
  await expect.poll(read).toMatchObject({ status: 'done', failed: 1 });
  return [
    [`/console/customers/${customer.id}`, 'Bruno Sosa'],
    [`/console/products/${product.id}`, 'Reading glasses'],
    [`/console/team/${staff.user.id}`, 'Ana Prieto'],
    [`/console/import/${id}`, 'Import'],
  ];
}
