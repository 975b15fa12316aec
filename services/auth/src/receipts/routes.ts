import { SignedReceipt } from '@clientela/contracts';
import { route, type Route } from '@clientela/http';
import { signReceipt } from './actions.ts';
import type { LoadReceiptKey } from './receipt-key.ts';
import { NewReceipt } from './schema.ts';

export type ReceiptDeps = { loadReceiptKey: LoadReceiptKey };

export const receiptRoutes = (deps: ReceiptDeps): Route[] => [
  route({
    method: 'post',
    path: '/internal/receipts',
    summary: 'Sign the receipt of an erasure',
    description:
      'Uses a key that signs receipts only, independent of the token algorithm. Signing a receipt again is allowed.',
    allow: { internal: ['customer'] },
    body: NewReceipt,
    responses: { 200: SignedReceipt.strict() },
    handle: async ({ tx, actor, body }) => ({ jws: await signReceipt(tx, deps.loadReceiptKey, actor, body) }),
  }),
];
