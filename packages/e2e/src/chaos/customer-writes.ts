import { expectEvent } from './ledger.ts';
import {
  hasCustomers,
  sendWrite,
  customersWith,
  activeCustomers,
  pathOf,
  slug,
  someCustomer,
  remove,
  type Write,
} from './writer.ts';

/** Writes to customers, their tags and notes, and users. */
export const customerWrites = {
  newCustomer: {
    weight: 14,
    do: async (writer, full_name) => {
      const { customer } = (await sendWrite(writer, 201, 'POST', '/api/customers', { full_name })).body;
      const { id, number, status, type } = customer;
      const blank = { tags: [], notes: [], interactions: [], transactions: [], favorites: [], isDeleted: false };
      writer.ledger.customers.push({ id, number, full_name, status, type, ...blank });
      expectEvent(writer.ledger, 'customer.created', id);
    },
  },
  rename: {
    weight: 12,
    isPossible: hasCustomers,
    do: async (writer, full_name) => {
      const customer = someCustomer(writer);
      await sendWrite(writer, 200, 'PATCH', pathOf(customer), { full_name });
      customer.full_name = full_name;
      expectEvent(writer.ledger, 'customer.updated', customer.id);
    },
  },
  status: {
    weight: 6,
    isPossible: hasCustomers,
    do: async (writer) => {
      const customer = someCustomer(writer);
      const status = customer.status === 'active' ? writer.random.pick(['inactive', 'suspended']) : 'active';
      await sendWrite(writer, 200, 'PATCH', `${pathOf(customer)}/status`, { status, reason: 'Asked for it' });
      customer.status = status;
      expectEvent(writer.ledger, 'customer.status.changed', customer.id);
    },
  },
  type: {
    weight: 4,
    isPossible: hasCustomers,
    do: async (writer) => {
      const customer = someCustomer(writer);
      const type = customer.type === 'regular' ? writer.random.pick(['premium', 'vip']) : 'regular';
      await sendWrite(writer, 200, 'PATCH', `${pathOf(customer)}/type`, { type });
      customer.type = type;
      expectEvent(writer.ledger, 'customer.updated', customer.id);
    },
  },
  tag: {
    weight: 10,
    isPossible: hasCustomers,
    do: async (writer, label) => {
      const customer = someCustomer(writer);
      const { tag } = (await sendWrite(writer, 201, 'POST', `${pathOf(customer)}/tags`, { label })).body;
      customer.tags.push({ id: tag.id, label });
      expectEvent(writer.ledger, 'customer.tag.added', customer.id);
    },
  },
  untag: {
    weight: 3,
    isPossible: (ledger) => customersWith(ledger, 'tags').length > 0,
    do: async (writer) => {
      const customer = writer.random.pick(customersWith(writer.ledger, 'tags'));
      const tag = writer.random.pick(customer.tags);
      await sendWrite(writer, 200, 'DELETE', `${pathOf(customer)}/tags/${tag.id}`);
      remove(customer.tags, tag);
      expectEvent(writer.ledger, 'customer.tag.removed', customer.id);
    },
  },
  note: {
    weight: 10,
    isPossible: hasCustomers,
    do: async (writer, content) => {
      const customer = someCustomer(writer);
      await sendWrite(writer, 201, 'POST', `${pathOf(customer)}/notes`, { content });
      customer.notes.push(content);
      expectEvent(writer.ledger, 'customer.note.added', customer.id);
    },
  },
  hardDelete: {
    weight: 2,
    isPossible: (ledger) => activeCustomers(ledger).length > 2,
    do: async (writer) => {
      const customer = someCustomer(writer);
      await sendWrite(writer, 200, 'DELETE', `${pathOf(customer)}?hard_delete=true`);
      customer.isDeleted = true;
      expectEvent(writer.ledger, 'customer.deleted', customer.id);
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
      const { body: response } = await sendWrite(writer, 201, 'POST', '/api/v1/users', { ...body, role: 'customer' });
      writer.ledger.users.push({ id: response.id ?? response.user.id, first_name });
    },
  },
  renameUser: {
    weight: 2,
    isPossible: ({ users }) => users.length > 0,
    do: async (writer, first_name) => {
      const user = writer.random.pick(writer.ledger.users);
      await sendWrite(writer, 200, 'PUT', `/api/v1/users/${user.id}`, { first_name });
      user.first_name = first_name;
    },
  },
} satisfies Record<string, Write>;
