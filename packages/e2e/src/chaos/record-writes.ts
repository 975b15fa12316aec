import { note, type Book } from './ledger.ts';
import type { Dice } from './seed.ts';
import { anyCustomer, ask, having, living, pathOf, someCustomer, without, type Write, type Writer } from './writer.ts';

const money = ({ below }: Dice) => `${1 + below(900)}.${10 + below(90)}`;
const cancellable = (book: Book) =>
  living(book).flatMap((customer) =>
    customer.transactions
      .filter(({ status }) => status !== 'cancelled')
      .map((transaction) => ({ customer, transaction })),
  );
const kindsOfInteraction = [
  { type: 'call' },
  { type: 'appointment', status: 'booked' },
  { type: 'appointment', status: 'done' },
  { type: 'complaint', status: 'open' },
];
/** A status that may follow, whatever it is now. */
const next: Record<string, string> = {
  booked: 'cancelled',
  done: 'cancelled',
  open: 'resolved',
  cancelled: 'booked',
  resolved: 'open',
};

async function record(writer: Writer, kind: string, description: string): Promise<void> {
  const customer = someCustomer(writer);
  const direction = kind === 'refund' ? 'out' : 'in';
  const body = { kind, direction, amount: money(writer.dice), description, external_ref: description };
  const { transaction } = (await ask(writer, 201, 'POST', `${pathOf(customer)}/transactions`, body)).body;
  customer.transactions.push({ id: transaction.id, kind, amount: body.amount, status: 'completed' });
  note(writer.book, 'transaction.recorded', transaction.id);
}

/** What is recorded of customers, and products. */
export const recordWrites = {
  interaction: {
    weight: 14,
    possible: anyCustomer,
    do: async (writer, notes) => {
      const customer = someCustomer(writer);
      const body = { notes, ...writer.dice.pick(kindsOfInteraction) };
      const { interaction } = (await ask(writer, 201, 'POST', `${pathOf(customer)}/interactions`, body)).body;
      customer.interactions.push({ id: interaction.id, type: body.type, status: interaction.status, notes });
      note(writer.book, 'interaction.recorded', interaction.id);
    },
  },
  changeInteraction: {
    weight: 6,
    possible: (book) => having(book, 'interactions').length > 0,
    do: async (writer, notes) => {
      const customer = writer.dice.pick(having(writer.book, 'interactions'));
      const interaction = writer.dice.pick(customer.interactions);
      const status = interaction.status === null ? null : (next[interaction.status] ?? null);
      const path = `${pathOf(customer)}/interactions/${interaction.id}`;
      await ask(writer, 200, 'PATCH', path, { notes, ...(status && { status }) });
      Object.assign(interaction, { notes, status });
      note(writer.book, 'interaction.updated', interaction.id);
    },
  },
  deleteInteraction: {
    weight: 2,
    possible: (book) => having(book, 'interactions').length > 0,
    do: async (writer) => {
      const customer = writer.dice.pick(having(writer.book, 'interactions'));
      const interaction = writer.dice.pick(customer.interactions);
      await ask(writer, 200, 'DELETE', `${pathOf(customer)}/interactions/${interaction.id}`);
      without(customer.interactions, interaction);
      writer.book.deleted.push(interaction.id);
      note(writer.book, 'interaction.deleted', interaction.id);
    },
  },
  order: {
    weight: 9,
    possible: anyCustomer,
    do: (writer, description) => record(writer, 'order', description),
  },
  paymentOrRefund: {
    weight: 5,
    possible: anyCustomer,
    do: (writer, description) => record(writer, writer.dice.pick(['payment', 'refund']), description),
  },
  cancel: {
    weight: 4,
    possible: (book) => cancellable(book).length > 0,
    do: async (writer) => {
      const { customer, transaction } = writer.dice.pick(cancellable(writer.book));
      await ask(writer, 200, 'PATCH', `${pathOf(customer)}/transactions/${transaction.id}`, { status: 'cancelled' });
      transaction.status = 'cancelled';
      note(writer.book, 'transaction.updated', transaction.id);
    },
  },
  product: {
    weight: 4,
    do: async (writer, name) => {
      const { product } = (await ask(writer, 201, 'POST', '/api/products', { name, price: 1 })).body;
      writer.book.products.push({ id: product.id, number: product.number, name });
      note(writer.book, 'product.created', product.id);
    },
  },
  renameProduct: {
    weight: 3,
    possible: ({ products }) => products.length > 0,
    do: async (writer, name) => {
      const product = writer.dice.pick(writer.book.products);
      await ask(writer, 200, 'PATCH', `/api/products/${product.id}`, { name });
      product.name = name;
      note(writer.book, 'product.updated', product.id);
    },
  },
  favorite: {
    weight: 8,
    possible: (book) => book.products.length > 0 && anyCustomer(book),
    do: async (writer) => {
      const customer = someCustomer(writer);
      const item_id = writer.dice.pick(writer.book.products).number;
      const known = customer.favorites.find((favorite) => favorite.item_id === item_id);
      const body = { user_id: customer.number, item_id };
      const { id } = (await ask(writer, known ? 200 : 201, 'POST', '/rest/v1/favorites', body)).body;
      if (!known) customer.favorites.push({ id, item_id });
      note(writer.book, 'favorite.added', id); // renewed, it is said again
    },
  },
  unfavorite: {
    weight: 2,
    possible: (book) => having(book, 'favorites').length > 0,
    do: async (writer) => {
      const customer = writer.dice.pick(having(writer.book, 'favorites'));
      const favorite = writer.dice.pick(customer.favorites);
      await ask(writer, 200, 'DELETE', '/rest/v1/favorites', { id: [favorite.id] });
      without(customer.favorites, favorite);
      note(writer.book, 'favorite.removed', favorite.id);
    },
  },
} satisfies Record<string, Write>;
