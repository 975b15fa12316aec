import type { Answer, Client } from '../street.ts';
import { note, type Book, type Customer } from './book.ts';
import { untilAnswered } from './patience.ts';
import type { Dice } from './seed.ts';

/** Somebody who writes, one thing after the other, each until it is acknowledged. */
export type Writer = {
  name: string;
  client: Client & { user: Answer['body'] };
  company_id: string;
  book: Book;
  dice: Dice;
};

type Write = {
  /** How often it is chosen among those that are possible. */
  weight: number;
  possible?: (book: Book) => boolean;
  do: (writer: Writer, name: string) => Promise<void>;
};

/**
 * Does one more write. What it is depends on the writer's dice and on what it wrote before, never on how long anything took.
 * @throws Error for any answer but the expected one, and a "not now" that does not end
 */
export async function writeOne(writer: Writer): Promise<void> {
  const { book, dice } = writer;
  const able = (Object.entries(writes) as [keyof typeof writes, Write][]).filter(
    ([, { possible }]) => possible?.(book) ?? true,
  );
  let chosen = dice.below(able.reduce((sum, [, { weight }]) => sum + weight, 0));
  const [kind] = able.find(([, { weight }]) => (chosen -= weight) < 0) as (typeof able)[number];
  await writeThe(kind, writer);
}

/** Does one write of a kind that is possible. */
export async function writeThe(kind: keyof typeof writes, writer: Writer): Promise<void> {
  const { book, name } = writer;
  await writes[kind].do(writer, `${name} ${book.writes}`);
  book.writes += 1;
}

async function ask(writer: Writer, expected: number, method: string, path: string, body?: unknown): Promise<Answer> {
  const key = slug(writer);
  const begun = performance.now();
  const answer = await untilAnswered(writer.client, key, method, path, body);
  writer.book.repeated += answer.times - 1;
  if (answer.times === 1) writer.book.took.push(performance.now() - begun);
  // Removed by a request whose answer was lost: what is gone cannot be removed again.
  const goneBefore = method === 'DELETE' && answer.status === 404 && answer.times > 1;
  if (answer.status !== expected && !goneBefore)
    throw new Error(`${method} ${path} was answered by ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer;
}

/** What one write of one writer is called where there is no room for blanks. */
const slug = ({ name, book }: Writer) => `${name} ${book.writes}`.replaceAll(' ', '-');
const living = ({ customers }: Book) => customers.filter(({ gone }) => !gone);
const someCustomer = ({ book, dice }: Writer): Customer => dice.pick(living(book));
const having = (book: Book, what: 'tags' | 'interactions' | 'transactions' | 'favorites') =>
  living(book).filter((customer) => customer[what].length > 0);
const without = <T>(list: T[], one: T) => void list.splice(list.indexOf(one), 1);
const pathOf = ({ id }: { id: string }) => `/api/customers/${id}`;
const anyCustomer = (book: Book) => living(book).length > 0;
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

const writes = {
  newCustomer: {
    weight: 14,
    do: async (writer, full_name) => {
      const { customer } = (await ask(writer, 201, 'POST', '/api/customers', { full_name })).body;
      const { id, number, status, type } = customer;
      const blank = { tags: [], notes: [], interactions: [], transactions: [], favorites: [], gone: false };
      writer.book.customers.push({ id, number, full_name, status, type, ...blank });
      note(writer.book, 'customer.created', id);
    },
  },
  rename: {
    weight: 12,
    possible: anyCustomer,
    do: async (writer, full_name) => {
      const customer = someCustomer(writer);
      await ask(writer, 200, 'PATCH', pathOf(customer), { full_name });
      customer.full_name = full_name;
      note(writer.book, 'customer.updated', customer.id);
    },
  },
  status: {
    weight: 6,
    possible: anyCustomer,
    do: async (writer) => {
      const customer = someCustomer(writer);
      const status = customer.status === 'active' ? writer.dice.pick(['inactive', 'suspended']) : 'active';
      await ask(writer, 200, 'PATCH', `${pathOf(customer)}/status`, { status, reason: 'Asked for it' });
      customer.status = status;
      note(writer.book, 'customer.status.changed', customer.id);
    },
  },
  type: {
    weight: 4,
    possible: anyCustomer,
    do: async (writer) => {
      const customer = someCustomer(writer);
      const type = customer.type === 'regular' ? writer.dice.pick(['premium', 'vip']) : 'regular';
      await ask(writer, 200, 'PATCH', `${pathOf(customer)}/type`, { type });
      customer.type = type;
      note(writer.book, 'customer.updated', customer.id);
    },
  },
  tag: {
    weight: 10,
    possible: anyCustomer,
    do: async (writer, label) => {
      const customer = someCustomer(writer);
      const { tag } = (await ask(writer, 201, 'POST', `${pathOf(customer)}/tags`, { label })).body;
      customer.tags.push({ id: tag.id, label });
      note(writer.book, 'customer.tag.added', customer.id);
    },
  },
  untag: {
    weight: 3,
    possible: (book) => having(book, 'tags').length > 0,
    do: async (writer) => {
      const customer = writer.dice.pick(having(writer.book, 'tags'));
      const tag = writer.dice.pick(customer.tags);
      await ask(writer, 200, 'DELETE', `${pathOf(customer)}/tags/${tag.id}`);
      without(customer.tags, tag);
      note(writer.book, 'customer.tag.removed', customer.id);
    },
  },
  note: {
    weight: 10,
    possible: anyCustomer,
    do: async (writer, content) => {
      const customer = someCustomer(writer);
      await ask(writer, 201, 'POST', `${pathOf(customer)}/notes`, { content });
      customer.notes.push(content);
      note(writer.book, 'customer.note.added', customer.id);
    },
  },
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
  transaction: {
    weight: 14,
    possible: anyCustomer,
    do: async (writer, description) => {
      const customer = someCustomer(writer);
      const kind = writer.dice.pick(['order', 'order', 'order', 'payment', 'refund']);
      const direction = kind === 'refund' ? 'out' : 'in';
      const body = { kind, direction, amount: money(writer.dice), description, external_ref: description };
      const { transaction } = (await ask(writer, 201, 'POST', `${pathOf(customer)}/transactions`, body)).body;
      customer.transactions.push({ id: transaction.id, kind, amount: body.amount, status: 'completed' });
      note(writer.book, 'transaction.recorded', transaction.id);
    },
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
  removeForGood: {
    weight: 2,
    possible: (book) => living(book).length > 2,
    do: async (writer) => {
      const customer = someCustomer(writer);
      await ask(writer, 200, 'DELETE', `${pathOf(customer)}?hard_delete=true`);
      customer.gone = true;
      note(writer.book, 'customer.deleted', customer.id);
    },
  },
  user: {
    weight: 1,
    do: async (writer, first_name) => {
      const email = `${slug(writer)}@example.com`;
      const body = {
        email,
        password: 'correct horse battery',
        first_name,
        last_name: 'X',
        company_id: writer.company_id,
      };
      const { body: answer } = await ask(writer, 201, 'POST', '/api/v1/users', { ...body, role: 'customer' });
      writer.book.users.push({ id: answer.id ?? answer.user.id, first_name });
    },
  },
  renameUser: {
    weight: 2,
    possible: ({ users }) => users.length > 0,
    do: async (writer, first_name) => {
      const user = writer.dice.pick(writer.book.users);
      await ask(writer, 200, 'PUT', `/api/v1/users/${user.id}`, { first_name });
      user.first_name = first_name;
    },
  },
} satisfies Record<string, Write>;
