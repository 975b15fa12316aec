import { expectEvent, type Ledger } from './ledger.ts';
import type { Random } from './seed.ts';
import {
  hasCustomers,
  sendWrite,
  customersWith,
  activeCustomers,
  pathOf,
  someCustomer,
  remove,
  type Write,
  type Writer,
} from './writer.ts';

const money = ({ below }: Random) => `${1 + below(900)}.${10 + below(90)}`;
const cancellable = (ledger: Ledger) =>
  activeCustomers(ledger).flatMap((customer) =>
    customer.transactions
      .filter(({ status }) => status !== 'cancelled')
      .map((transaction) => ({ customer, transaction })),
  );
const interactionTemplates = [
  { type: 'call' },
  { type: 'appointment', status: 'booked' },
  { type: 'appointment', status: 'done' },
  { type: 'complaint', status: 'open' },
];
/** An allowed next status. */
const nextStatus: Record<string, string> = {
  booked: 'cancelled',
  done: 'cancelled',
  open: 'resolved',
  cancelled: 'booked',
  resolved: 'open',
};

async function record(writer: Writer, kind: string, description: string): Promise<void> {
  const customer = someCustomer(writer);
  const direction = kind === 'refund' ? 'out' : 'in';
  const body = { kind, direction, amount: money(writer.random), description, external_ref: description };
  const { transaction } = (await sendWrite(writer, 201, 'POST', `${pathOf(customer)}/transactions`, body)).body;
  customer.transactions.push({ id: transaction.id, kind, amount: body.amount, status: 'completed' });
  expectEvent(writer.ledger, 'transaction.recorded', transaction.id);
}

/** Writes to interactions, transactions, products and favorites. */
export const recordWrites = {
  interaction: {
    weight: 14,
    isPossible: hasCustomers,
    do: async (writer, notes) => {
      const customer = someCustomer(writer);
      const body = { notes, ...writer.random.pick(interactionTemplates) };
      const { interaction } = (await sendWrite(writer, 201, 'POST', `${pathOf(customer)}/interactions`, body)).body;
      customer.interactions.push({ id: interaction.id, type: body.type, status: interaction.status, notes });
      expectEvent(writer.ledger, 'interaction.recorded', interaction.id);
    },
  },
  changeInteraction: {
    weight: 6,
    isPossible: (ledger) => customersWith(ledger, 'interactions').length > 0,
    do: async (writer, notes) => {
      const customer = writer.random.pick(customersWith(writer.ledger, 'interactions'));
      const interaction = writer.random.pick(customer.interactions);
      const status = interaction.status === null ? null : (nextStatus[interaction.status] ?? null);
      const path = `${pathOf(customer)}/interactions/${interaction.id}`;
      await sendWrite(writer, 200, 'PATCH', path, { notes, ...(status && { status }) });
      Object.assign(interaction, { notes, status });
      expectEvent(writer.ledger, 'interaction.updated', interaction.id);
    },
  },
  deleteInteraction: {
    weight: 2,
    isPossible: (ledger) => customersWith(ledger, 'interactions').length > 0,
    do: async (writer) => {
      const customer = writer.random.pick(customersWith(writer.ledger, 'interactions'));
      const interaction = writer.random.pick(customer.interactions);
      await sendWrite(writer, 200, 'DELETE', `${pathOf(customer)}/interactions/${interaction.id}`);
      remove(customer.interactions, interaction);
      writer.ledger.deletedInteractions.push(interaction.id);
      expectEvent(writer.ledger, 'interaction.deleted', interaction.id);
    },
  },
  order: {
    weight: 9,
    isPossible: hasCustomers,
    do: (writer, description) => record(writer, 'order', description),
  },
  paymentOrRefund: {
    weight: 5,
    isPossible: hasCustomers,
    do: (writer, description) => record(writer, writer.random.pick(['payment', 'refund']), description),
  },
  cancel: {
    weight: 4,
    isPossible: (ledger) => cancellable(ledger).length > 0,
    do: async (writer) => {
      const { customer, transaction } = writer.random.pick(cancellable(writer.ledger));
      await sendWrite(writer, 200, 'PATCH', `${pathOf(customer)}/transactions/${transaction.id}`, {
        status: 'cancelled',
      });
      transaction.status = 'cancelled';
      expectEvent(writer.ledger, 'transaction.updated', transaction.id);
    },
  },
  product: {
    weight: 4,
    do: async (writer, name) => {
      const { product } = (await sendWrite(writer, 201, 'POST', '/api/products', { name, price: 1 })).body;
      writer.ledger.products.push({ id: product.id, number: product.number, name });
      expectEvent(writer.ledger, 'product.created', product.id);
    },
  },
  renameProduct: {
    weight: 3,
    isPossible: ({ products }) => products.length > 0,
    do: async (writer, name) => {
      const product = writer.random.pick(writer.ledger.products);
      await sendWrite(writer, 200, 'PATCH', `/api/products/${product.id}`, { name });
      product.name = name;
      expectEvent(writer.ledger, 'product.updated', product.id);
    },
  },
  favorite: {
    weight: 8,
    isPossible: (ledger) => ledger.products.length > 0 && hasCustomers(ledger),
    do: async (writer) => {
      const customer = someCustomer(writer);
      const item_id = writer.random.pick(writer.ledger.products).number;
      const existing = customer.favorites.find((favorite) => favorite.item_id === item_id);
      const body = { user_id: customer.number, item_id };
      const { id } = (await sendWrite(writer, existing ? 200 : 201, 'POST', '/rest/v1/favorites', body)).body;
      if (!existing) customer.favorites.push({ id, item_id });
      expectEvent(writer.ledger, 'favorite.added', id); // adding it again publishes the event again
    },
  },
  unfavorite: {
    weight: 2,
    isPossible: (ledger) => customersWith(ledger, 'favorites').length > 0,
    do: async (writer) => {
      const customer = writer.random.pick(customersWith(writer.ledger, 'favorites'));
      const favorite = writer.random.pick(customer.favorites);
      await sendWrite(writer, 200, 'DELETE', '/rest/v1/favorites', { id: [favorite.id] });
      remove(customer.favorites, favorite);
      expectEvent(writer.ledger, 'favorite.removed', favorite.id);
    },
  },
} satisfies Record<string, Write>;
