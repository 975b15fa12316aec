import { outsideServices, services } from '@clientela/contracts';
import { nameSchemas, Uuid } from '@clientela/validation';
import { z } from 'zod';

const maxIds = 100;

/** A user's id, `key:<id>` of an API key, or `service:<name>`. */
const PersonId = z.union(
  [
    Uuid,
    z.string().regex(/^key:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/),
    z.string().regex(/^service:[a-z]{1,50}$/),
  ],
  'must be the id of a user, key:<id> or service:<name>',
);

export const PeopleQuery = z.strictObject({
  id: z
    .union([PersonId.transform((id) => [id]), z.array(PersonId).min(1).max(maxIds)], `must be 1 to ${maxIds} ids`)
    .meta({ description: `As created_by, actor_id and changed_by have them; may be repeated, at most ${maxIds}` }),
});

export const Person = z.strictObject({
  id: z.string(),
  name: z.string(),
  active: z.boolean().meta({ description: 'Whether a user or an API key is active; always true for a service' }),
});
export type Person = z.infer<typeof Person>;
export const People = z.strictObject({ people: z.array(Person) });
nameSchemas({ Person, PersonList: People });

/** The services that write records themselves, by the id under which they do. */
export const servicesById: ReadonlyMap<string, Person> = new Map(
  [...services, ...outsideServices].map((name) => [
    `service:${name}`,
    { id: `service:${name}`, name: `${name} service`, active: true },
  ]),
);
