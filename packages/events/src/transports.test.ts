import { randomUUID } from 'node:crypto';
import { customerDeleted, type Service } from '@clientela/contracts';
import type { Tx } from '@clientela/db';
import { unavailable } from '@clientela/errors';
import { sharedBroker, tablesContaining, testExchange } from '@clientela/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { publish, publishAll } from './index.ts';
import { cause, failures, hearer, resend, speaker, type Hearer, type Settings, type Speaker } from './two-sides.ts';

const soon = { timeout: 15_000, interval: 20 };
const counted = (to: number) => Array.from({ length: to }, (_, at) => at + 1);

describe.each(['HTTP', 'RabbitMQ'] as const)('over %s', (transport) => {
  let settings: Settings;
  let interaction: Hearer;
  let favorites: Hearer;
  let customer: Speaker;
  let sides: [Service, Hearer | Speaker][];

  beforeAll(async () => {
    settings = {
      RABBITMQ_EXCHANGE: testExchange(),
      ...(transport === 'RabbitMQ' && { RABBITMQ_URL: await sharedBroker() }),
    };
    [interaction, favorites] = await Promise.all([hearer('interaction', settings), hearer('favorites', settings)]);
    customer = await speaker([interaction, favorites], settings);
    customer.start();
    sides = [
      ['customer', customer],
      ['interaction', interaction],
      ['favorites', favorites],
    ];
  }, 120_000);
  afterAll(async () => {
    await customer.close();
    await Promise.all([interaction.close(), favorites.close()]);
  });
  beforeEach(() => {
    for (const one of [interaction, favorites]) one.failWith(() => {});
  });

  const sequences = async (side: Hearer, customer_id: string) =>
    (await side.effects(customer_id)).map(({ sequence }) => sequence);
  const allDone = (customer_id: string) => expect.poll(() => customer.waiting(customer_id), soon).toEqual([]);

  test('a committed event takes effect at each subscriber, once, with who, what and when, and leaves nothing behind', async () => {
    const customer_id = randomUUID();
    await customer.say(customer_id, 7);
    for (const side of [interaction, favorites]) {
      await expect.poll(() => sequences(side, customer_id), soon).toEqual([7]);
      expect(side.offers.find(({ data }) => data['customer_id'] === customer_id)).toEqual({
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        name: 'customer.deleted',
        occurred_at: expect.stringMatching(/Z$/),
        company_id: cause.company_id,
        actor_id: cause.id,
        request_id: 'request-1',
        sequence: 7,
        data: { customer_id, number: 10_000_000, hard: true },
      });
    }
    await allDone(customer_id);
  });

  test('a rolled-back event is never sent', async () => {
    const [lost, kept] = [randomUUID(), randomUUID()];
    const rolledBack = customer.db().transaction(async (tx) => {
      await publish(tx, customerDeleted, cause, 1, { customer_id: lost, number: 1, hard: true });
      throw new Error('rolled back');
    });
    await expect(rolledBack).rejects.toThrow('rolled back');
    await customer.say(kept);
    await expect.poll(() => sequences(favorites, kept), soon).toEqual([1]);
    expect(favorites.offers.map(({ data }) => data['customer_id'])).not.toContain(lost);
  });

  test('what is said at once of many records is heard in its order, once, and waits for this transport alone', async () => {
    const ids = [randomUUID(), randomUUID(), randomUUID()];
    const facts = counted(20).flatMap((sequence) =>
      ids.map((customer_id) => ({ sequence, data: { customer_id, number: 1, hard: true } })),
    );
    await customer.stop();
    await customer.db().transaction((tx) => publishAll(tx, customerDeleted, cause, facts));
    const to = transport === 'RabbitMQ' ? ['broker'] : ['favorites', 'interaction'];
    for (const id of ids)
      expect((await customer.waiting(id)).toSorted()).toEqual(to.flatMap((name) => counted(20).map(() => name)));
    customer.start();
    for (const id of ids) {
      await expect.poll(() => sequences(favorites, id), soon).toEqual(counted(20));
      await expect.poll(() => sequences(interaction, id), soon).toEqual(counted(20));
      await allDone(id);
    }
  });

  test('the events of one record keep their order, whatever goes on beside them', async () => {
    const ids = [randomUUID(), randomUUID(), randomUUID()];
    // Every seventh one fails, once: one that failed again and again would be put aside, and the others go on without it.
    const met = new Set<string>();
    favorites.failWith(({ id }) => {
      const again = met.has(id);
      if (!again && met.add(id).size % 7 === 0) throw new Error('not yet');
    });
    await customer.stop(); // they are all there when it starts
    for (const sequence of counted(15)) for (const id of ids) await customer.say(id, sequence);
    customer.start();
    for (const id of ids) {
      await expect.poll(() => sequences(favorites, id), soon).toEqual(counted(15));
      await expect.poll(() => sequences(interaction, id), soon).toEqual(counted(15));
    }
    const offers = favorites.offers.filter(({ data }) => ids.some((id) => id === data['customer_id']));
    expect(offers.length).toBeGreaterThanOrEqual(45 + 6); // it did fail
  });

  test('a dead subscriber delays nobody, and gets everything in order when it is back', async () => {
    const customer_id = randomUUID();
    await interaction.stop();
    for (const sequence of [1, 2, 3]) await customer.say(customer_id, sequence);
    await expect.poll(() => sequences(favorites, customer_id), soon).toEqual([1, 2, 3]);
    expect(await sequences(interaction, customer_id)).toEqual([]);
    await interaction.start();
    await expect.poll(() => sequences(interaction, customer_id), soon).toEqual([1, 2, 3]);
    expect(await sequences(favorites, customer_id)).toEqual([1, 2, 3]);
  });

  test('an event said while nobody sends is sent when somebody does', async () => {
    const customer_id = randomUUID();
    await customer.stop();
    await customer.say(customer_id);
    expect((await customer.waiting(customer_id)).length).toBeGreaterThan(0);
    customer.start();
    await expect.poll(() => sequences(favorites, customer_id), soon).toEqual([1]);
  });

  test('an event that is delivered again takes no effect again', async () => {
    const customer_id = randomUUID();
    await customer.stop();
    await customer.say(customer_id);
    const rows = await customer.database
      .owner('outbox_deliveries')
      .where({ aggregate: `customer_id "${customer_id}"` })
      .whereNot({ subscriber: 'auth' }); // which nobody plays here
    customer.start();
    await allDone(customer_id);
    await expect.poll(() => sequences(favorites, customer_id), soon).toEqual([1]);
    // As if the sender had died after the delivery and before it could say so.
    await customer.database.owner('outbox_deliveries').insert(rows);
    await allDone(customer_id);
    const later = randomUUID();
    await customer.say(later);
    for (const side of [interaction, favorites]) {
      await expect.poll(() => sequences(side, later), soon).toEqual([1]);
      expect(await sequences(side, customer_id)).toEqual([1]);
    }
  });

  test('a failing effect leaves nothing, is tried again, and holds back its own record only', async () => {
    const [failing, healthy] = [randomUUID(), randomUUID()];
    let mended = false;
    favorites.failWith(({ data }) => {
      if (data['customer_id'] === failing && !mended) throw unavailable('what it needs is away');
    });
    await customer.say(failing, 1);
    await customer.say(failing, 2);
    await customer.say(healthy, 1);
    await expect.poll(() => sequences(interaction, healthy), soon).toEqual([1]);
    if (transport === 'RabbitMQ') await expect.poll(() => sequences(favorites, healthy), soon).toEqual([1]);
    expect(await sequences(favorites, failing)).toEqual([]);
    mended = true;
    await expect.poll(() => sequences(favorites, failing), soon).toEqual([1, 2]);
    await expect.poll(() => sequences(favorites, healthy), soon).toEqual([1]);
    expect(await failures(sides, failing)).toEqual([]);
  });

  test('a subscriber that ends in the middle of an event gets it again', async () => {
    const customer_id = randomUUID();
    favorites.failWith(() => {
      throw unavailable('not yet');
    });
    await customer.say(customer_id);
    const offered = () => favorites.offers.filter(({ data }) => data['customer_id'] === customer_id).length;
    await expect.poll(offered, soon).toBeGreaterThan(0);
    await favorites.stop();
    favorites.failWith(() => {});
    await favorites.start();
    await expect.poll(() => sequences(favorites, customer_id), soon).toEqual([1]);
  });

  test('a poisonous event is put aside with its reason while others flow, and can be sent again', async () => {
    const [poison, healthy] = [randomUUID(), randomUUID()];
    favorites.failWith(({ data, sequence }) => {
      if (data['customer_id'] === poison && sequence === 1) throw new Error('it cannot be');
    });
    await customer.say(poison, 1);
    await customer.say(healthy, 1);
    await customer.say(poison, 2);
    await expect.poll(() => sequences(favorites, healthy), soon).toEqual([1]);
    await expect.poll(() => sequences(favorites, poison), soon).toEqual([2]); // the order is kept until then
    const [failed, ...others] = await failures(sides, poison);
    expect(others).toEqual([]);
    expect(failed).toMatchObject({
      name: 'customer.deleted',
      subscriber: 'favorites',
      service: transport === 'HTTP' ? 'customer' : 'favorites',
      attempts: 3,
      reason: transport === 'HTTP' ? 'answered 500' : 'Error',
      business_id: cause.company_id,
      sequence: 1,
    });
    await expect.poll(() => sequences(interaction, poison), soon).toEqual([1, 2]);
    favorites.failWith(() => {});
    expect((await resend(sides, failed?.id ?? '')).reduce((sum, sent) => sum + sent)).toBe(1);
    await expect.poll(() => sequences(favorites, poison), soon).toEqual([2, 1]);
    expect(await failures(sides, poison)).toEqual([]);
    expect(await sequences(interaction, poison)).toEqual([1, 2]);
  });

  test('what is kept of a failure says no value, whatever the error said', async () => {
    const canary = `canary-${randomUUID()}`;
    const faults: ((tx: Tx) => unknown)[] = [
      async (tx) => {
        const slot = { company_id: randomUUID(), actor_id: canary, method: '', path: '', key: canary };
        for (const fingerprint of [Buffer.of(), Buffer.of()])
          await tx('idempotency_keys').insert({ ...slot, fingerprint });
      },
      (tx) => tx.raw('select ?::uuid', [canary]),
      () => JSON.parse(canary) as unknown,
      () => {
        throw Object.assign(new Error(`${canary} is no address`), { code: 'ERR_INVALID_URL' });
      },
    ];
    const poisons: string[] = faults.map(() => randomUUID());
    favorites.failWith(({ data }, tx) => faults[poisons.indexOf(data['customer_id'] as string)]?.(tx));
    for (const poison of poisons) await customer.say(poison);
    const reasons = async () =>
      (await Promise.all(poisons.map((poison) => failures(sides, poison)))).flat().map(({ reason }) => reason);
    await expect
      .poll(reasons, soon)
      .toEqual(
        transport === 'HTTP'
          ? faults.map(() => 'answered 500')
          : [
              'the database refused it: 23505 idempotency_keys_pkey',
              'the database refused it: 22P02',
              'SyntaxError',
              'Error: ERR_INVALID_URL',
            ],
      );
    favorites.failWith(() => {});
    for (const side of [customer, favorites]) expect(await tablesContaining(side.database.owner, canary)).toEqual([]);
  });

  test('an event that commits late is not skipped by those that went before', async () => {
    const [late, before] = [randomUUID(), randomUUID()];
    const open = await customer.db().transaction();
    await publish(open, customerDeleted, cause, 1, { customer_id: late, number: 1, hard: true });
    for (const sequence of counted(30)) {
      await customer.say(before, sequence);
      await Promise.all([1, 2].map(() => customer.say(randomUUID())));
    }
    await expect.poll(() => sequences(favorites, before), soon).toEqual(counted(30));
    await open.commit();
    await expect.poll(() => sequences(favorites, late), soon).toEqual([1]);
    await expect.poll(() => sequences(interaction, late), soon).toEqual([1]);
  });

  test('of two replicas one sends, and the other does when that one ends', async () => {
    await customer.stop();
    const holding = async () =>
      (
        await customer.database.owner.raw(
          `select a.pid from pg_locks l join pg_stat_activity a using (pid)
            where l.locktype = 'advisory' and l.granted and a.datname = current_database()`,
        )
      ).rows.map(({ pid }: { pid: number }) => pid);
    const first = customer.start();
    await expect.poll(holding, soon).toHaveLength(1);
    const [leader] = await holding();
    customer.start();
    const customer_id = randomUUID();
    await customer.say(customer_id, 1);
    await expect.poll(() => sequences(favorites, customer_id), soon).toEqual([1]);
    expect(await holding()).toEqual([leader]);
    await customer.stop(first);
    await customer.say(customer_id, 2);
    await expect.poll(() => sequences(favorites, customer_id), soon).toEqual([1, 2]);
    expect(await holding()).not.toContain(leader);
    await customer.database.cut(); // as a restart of PostgreSQL: the lock is lost with its connection
    await expect
      .poll(
        () =>
          customer.say(customer_id, 3).then(
            () => true,
            () => false,
          ),
        soon,
      )
      .toBe(true);
    await expect.poll(() => sequences(favorites, customer_id), soon).toEqual([1, 2, 3]);
    await expect.poll(holding, soon).toHaveLength(1);
  });
});

describe.each(['from HTTP to RabbitMQ', 'from RabbitMQ to HTTP'])('a change of the transport %s', (change) => {
  test('delivers what was waiting, once and in order', async () => {
    const over = { RABBITMQ_EXCHANGE: testExchange(), RABBITMQ_URL: await sharedBroker() };
    const direct = { RABBITMQ_EXCHANGE: over.RABBITMQ_EXCHANGE };
    const [before, after] = change.startsWith('from HTTP') ? [direct, over] : [over, direct];
    const [interaction, favorites] = await Promise.all([hearer('interaction', after), hearer('favorites', after)]);
    const customer = await speaker([interaction, favorites], before);
    const [one, other] = [randomUUID(), randomUUID()];
    for (const sequence of counted(5)) await customer.say(one, sequence);
    await customer.say(other, 1);
    customer.use(after);
    for (const sequence of [6, 7, 8]) await customer.say(one, sequence);
    customer.start();
    for (const side of [interaction, favorites]) {
      await expect
        .poll(async () => (await side.effects(one)).map(({ sequence }) => sequence), soon)
        .toEqual(counted(8));
      await expect.poll(() => side.effects(other), soon).toHaveLength(1);
    }
    await expect.poll(() => customer.waiting(one), soon).toEqual([]);
    await customer.close();
    await Promise.all([interaction.close(), favorites.close()]);
  }, 60_000);
});

test('what was put aside for the broker stays so without one, until it is sent again', async () => {
  const over = { RABBITMQ_EXCHANGE: testExchange(), RABBITMQ_URL: await sharedBroker() };
  const direct = { RABBITMQ_EXCHANGE: over.RABBITMQ_EXCHANGE };
  const favorites = await hearer('favorites', direct);
  const customer = await speaker([favorites], over);
  const [failed, waiting] = [randomUUID(), randomUUID()];
  await customer.say(failed);
  await customer.database.owner('outbox_deliveries').update({ failed_at: customer.database.owner.fn.now() });
  await customer.say(waiting);
  customer.start(direct);
  await expect.poll(() => favorites.effects(waiting), soon).toHaveLength(1);
  const [kept] = await failures([['customer', customer]], failed);
  expect([kept?.subscriber, await favorites.effects(failed)]).toEqual(['broker', []]);
  expect(await resend([['customer', customer]], kept?.id ?? '')).toEqual([1]);
  await expect.poll(() => favorites.effects(failed), soon).toHaveLength(1);
  expect(await failures([['customer', customer]], failed)).toEqual([]);
  await customer.close();
  await favorites.close();
}, 60_000);
