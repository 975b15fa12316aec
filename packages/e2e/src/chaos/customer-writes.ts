import { note } from './ledger.ts';
import { anyCustomer, ask, having, living, pathOf, slug, someCustomer, without, type Write } from './writer.ts';

/** Customers, what is told of them, and the users that they are. */
export const customerWrites = {
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
